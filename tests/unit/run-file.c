/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the helper adds to a record, and what the next start makes of it. Lives are children that
 * begin one and leave without a word. */

#include "ps-error.h"
#include "ps-run-file.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "food"
#define INVOCATION "0123456789abcdef0123456789abcdef"
#define OTHER_INVOCATION "ffffffffffffffffffffffffffffffff"

typedef struct
{
  char *path;
  int dir;
} Fixture;

static void
set_up (Fixture *self, gconstpointer unused)
{
  self->path = g_dir_make_tmp ("ps-run-file-XXXXXX", NULL);
  g_assert_nonnull (self->path);
  self->dir = open (self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_no_errno (self->dir);
}

static void
tear_down (Fixture *self, gconstpointer unused)
{
  unlinkat (self->dir, NAME ".run", 0);
  close (self->dir);
  g_assert_no_errno (g_rmdir (self->path));
  g_free (self->path);
}

/* In a child. */
static void
begin_life (Fixture *self)
{
  PsRunFile file;

  g_setenv ("INVOCATION_ID", INVOCATION, TRUE);
  if (!ps_run_file_open (&file, self->dir, NAME, PS_RECORD_SYNC, NULL)
      || !ps_run_file_begin (&file, PS_RECORD_SYNC, NULL))
    _exit (1);
  ps_run_file_clear (&file);
}

static void
live (Fixture *self)
{
  int status;
  pid_t pid = fork ();

  g_assert_no_errno (pid);
  if (pid == 0)
    {
      begin_life (self);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

static void
settle (Fixture *self, const char *invocation_id, const char *result, const char *code,
        const char *status)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ps_run_file_settle (self->dir, NAME, "stop-post", invocation_id, result, code,
                                     status, &error));
  g_assert_no_error (error);
}

static char *
read_file (Fixture *self)
{
  g_autofree char *path = g_build_filename (self->path, NAME ".run", NULL);
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

static PsRun *
find_previous (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  PsRunFile file;
  PsRun *run;

  g_assert_true (ps_run_file_open (&file, self->dir, NAME, PS_RECORD_DEFAULT, &error));
  g_assert_no_error (error);
  run = g_steal_pointer (&file.previous);
  ps_run_file_clear (&file);
  return run;
}

static void
test_managers_word (Fixture *self, gconstpointer unused)
{
  g_autoptr (PsRun) run = NULL;

  live (self);
  settle (self, INVOCATION, "oom-kill", "killed", "KILL");
  run = find_previous (self);
  g_assert_cmpint (ps_run_get_verdict (run), ==, PS_VERDICT_OUT_OF_MEMORY);
  g_assert_cmpstr (ps_run_get_service_result (run), ==, "oom-kill");
  g_assert_cmpstr (ps_run_get_service_exit_code (run), ==, "killed");
  g_assert_cmpstr (ps_run_get_service_exit_status (run), ==, "KILL");
  g_assert_cmpstr (ps_run_get_invocation_id (run), ==, INVOCATION);
  g_assert_cmpint (ps_run_get_signal (run), ==, SIGKILL);
  g_assert_false (ps_run_is_end_known (run));
  g_assert_cmpint (ps_run_get_ended_us (run), >=, ps_run_get_begun_us (run));
}

/* The first word stays; and what is said of another invocation is no word on this life. */
static void
test_whose_word (Fixture *self, gconstpointer unused)
{
  g_autofree char *before = NULL, *between = NULL, *after = NULL;

  live (self);
  before = read_file (self);
  settle (self, OTHER_INVOCATION, "exit-code", "exited", "1");
  settle (self, INVOCATION, NULL, NULL, NULL);
  between = read_file (self);
  g_assert_cmpstr (between, ==, before);
  settle (self, INVOCATION, "watchdog", "killed", "ABRT");
  g_free (between);
  between = read_file (self);
  settle (self, INVOCATION, "success", "exited", "0");
  after = read_file (self);
  g_assert_cmpstr (after, ==, between);
}

static void
test_nothing_there (Fixture *self, gconstpointer unused)
{
  g_autofree char *text = NULL;

  settle (self, INVOCATION, "success", "exited", "0");
  text = read_file (self);
  g_assert_null (text);
}

/* Of a life that goes on nothing is said, and nothing is touched. */
static void
test_alive (Fixture *self, gconstpointer unused)
{
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr (GError) error = NULL;
  int fds[2], status;
  char byte;
  pid_t pid;

  g_assert_no_errno (pipe2 (fds, O_CLOEXEC));
  pid = fork ();
  g_assert_no_errno (pid);
  if (pid == 0)
    {
      begin_life (self);
      close (fds[0]);
      _exit (write (fds[1], "x", 1) == 1 && pause () < 0);
    }
  g_assert_cmpint (TEMP_FAILURE_RETRY (read (fds[0], &byte, 1)), ==, 1);
  before = read_file (self);
  g_assert_false (ps_run_file_settle (self->dir, NAME, "stop-post", INVOCATION, "signal", "killed",
                                      "KILL", &error));
  g_assert_error (error, PS_ERROR, PS_ERROR_BUSY);
  after = read_file (self);
  g_assert_cmpstr (after, ==, before);
  kill (pid, SIGKILL);
  waitpid (pid, &status, 0);
  close (fds[0]);
  close (fds[1]);
  settle (self, INVOCATION, "signal", "killed", "KILL");
}

/* What a start has found stays found, even if a later one would see it otherwise. */
static void
test_one_verdict (Fixture *self, gconstpointer unused)
{
  g_autoptr (PsRun) first = NULL, run = NULL;
  g_autofree char *text = NULL;

  live (self);
  first = find_previous (self);
  g_assert_cmpint (ps_run_get_verdict (first), ==, PS_VERDICT_KILLED);
  live (self);
  text = read_file (self);
  g_assert_nonnull (strstr (text, " killed at="));
  run = find_previous (self);
  g_assert_cmpint (ps_run_get_verdict (run), ==, PS_VERDICT_KILLED);
  g_assert_cmpint (ps_run_get_pid (run), !=, ps_run_get_pid (first));
}

#define ADD(name, test) g_test_add ("/run-file/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("managers-word", test_managers_word);
  ADD ("whose-word", test_whose_word);
  ADD ("nothing-there", test_nothing_there);
  ADD ("alive", test_alive);
  ADD ("one-verdict", test_one_verdict);
  return g_test_run ();
}
