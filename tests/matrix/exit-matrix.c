/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Carries out every way out of a process in a child of its own, with a callback for each event, and
 * prints what ran: docs/exit-matrix.md as it has to be. The ways are in rows.c; the columns are
 * here.
 */

#include "exit-matrix.h"
#include "fuzz-child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 60000

#define LEFTOVER "leftover"

/* Said by a process that goes on. */
#define ALIVE "alive"

static const struct
{
  PsEvent event;
  const char *name;
} columns[] = {
  { PS_EVENT_QUERY, "query" },   { PS_EVENT_CHECKPOINT, "checkpoint" },
  { PS_EVENT_RELOAD, "reload" }, { PS_EVENT_TERMINATE, "terminate" },
  { PS_EVENT_QUIT, "quit" },     { PS_EVENT_RESUME, "resume" },
  { PS_EVENT_FINISH, "finish" }, { PS_EVENT_CRASH, "crash" },
};

/* --- In the child ---------------------------------------------------------------------------- */

static int trace_fd;
static char *directory; /* of the record and the will */
static GMainLoop *loop;
static const Row *row;

void
matrix_say (const char *line)
{
  struct iovec parts[] = { { (char *) line, strlen (line) }, { (char *) "\n", 1 } };

  if (writev (trace_fd, parts, G_N_ELEMENTS (parts)) < 0)
    _exit (97);
}

GMainLoop *
matrix_loop (void)
{
  return loop;
}

static void
say (PsContext *context, gpointer name)
{
  matrix_say (name);
}

static void
act_in_callback (PsContext *context, gpointer unused)
{
  row->act (row->argument);
}

static gpointer
act_in_thread (gpointer unused)
{
  row->act (row->argument);
  return NULL;
}

static gboolean
say_alive (gpointer unused)
{
  matrix_say (ALIVE);
  _exit (0);
}

static gboolean
act_in_loop (gpointer unused)
{
  if (row->remarks & LIVES_ON)
    g_idle_add_full (G_PRIORITY_LOW, say_alive, NULL, NULL);
  if (row->where == IN_A_CALLBACK)
    ps_watcher_quit (ps_watcher_get_default (), 0);
  else if (row->where == IN_A_THREAD)
    g_thread_join (g_thread_new ("other", act_in_thread, NULL));
  else
    row->act (row->argument);
  return G_SOURCE_REMOVE;
}

/* What is to be gone afterwards, whoever does it. */
static void
make_will (PsWatcher *watcher)
{
  g_autofree char *path = g_build_filename (directory, LEFTOVER, NULL);

  if (!g_file_set_contents (path, "", 0, NULL)
      || !ps_watcher_open_record (watcher, directory, PS_RECORD_DEFAULT, NULL)
      || ps_watcher_will_unlink (watcher, path, NULL) == 0)
    _exit (96);
}

static void
attach (void)
{
  PsWatcher *watcher = ps_glib_attach (loop);

  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  make_will (watcher);
  if (row->where == IN_A_CALLBACK)
    ps_watcher_on_quit (watcher, act_in_callback, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    if (columns[i].event == PS_EVENT_CHECKPOINT)
      ps_watcher_add_checkpoint (watcher, G_MAXINT, say, (gpointer) columns[i].name);
    else if (columns[i].event != PS_EVENT_CRASH)
      ps_watcher_add (watcher, columns[i].event, columns[i].name, 0, 0, say,
                      (gpointer) columns[i].name, NULL);
    else if (!(row->remarks & UNREPORTED))
      ps_watcher_add (watcher, PS_EVENT_CRASH | PS_ASYNC_SIGNAL_SAFE, columns[i].name, 0, 0, say,
                      (gpointer) columns[i].name, NULL);
  if (row->set_up != NULL)
    row->set_up (watcher);
}

static int
child_main (gboolean with_library)
{
  if (row->before != NULL)
    row->before ();
  if (row->where == BEFORE_ATTACH)
    row->act (row->argument);
  loop = g_main_loop_new (NULL, FALSE);
  if (with_library)
    attach ();
  if (row->where == IN_MAIN || !with_library)
    {
      row->act (row->argument);
      return row->argument;
    }
  if (row->where != BEFORE_ATTACH)
    g_idle_add (act_in_loop, NULL);
  return ps_watcher_run (ps_watcher_get_default ());
}

/* --- In the parent --------------------------------------------------------------------------- */

/* FALSE: it does not end. */
static gboolean
read_all (int fd, GString *said)
{
  struct pollfd ready = { .fd = fd, .events = POLLIN };
  char buffer[1024];
  ssize_t n;

  while (poll (&ready, 1, PATIENCE_MS) > 0)
    {
      n = read (fd, buffer, sizeof buffer);
      if (n <= 0)
        return TRUE;
      g_string_append_len (said, buffer, n);
    }
  return FALSE;
}

/* The wait status; -1: it hung, and was killed. */
static int
run_row (const Row *which, gboolean with_library, GString *said)
{
  int fds[2], status = 0;
  gboolean ended;
  pid_t pid;

  row = which;
  g_assert_no_errno (pipe2 (fds, O_CLOEXEC));
  pid = fork ();
  g_assert_no_errno (pid);
  if (pid == 0)
    {
      fuzz_child_become_fresh ();
      close (fds[0]);
      trace_fd = fds[1];
      exit (child_main (with_library));
    }
  close (fds[1]);
  ended = read_all (fds[0], said);
  if (!ended)
    kill (pid, SIGKILL);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  close (fds[0]);
  return ended ? status : -1;
}

static char *
describe (int status)
{
  if (status < 0)
    return g_strdup ("hangs");
  if (WIFSIGNALED (status))
    return g_strdup_printf ("signal SIG%s", sigabbrev_np (WTERMSIG (status)));
  return g_strdup_printf ("%d", WEXITSTATUS (status));
}

static char *
describe_end (const Row *which, int status, const char *const *lines)
{
  guint n = g_strv_length ((char **) lines);

  if (which->remarks & LIVES_ON)
    return n > 0 && g_str_equal (lines[n - 1], ALIVE) ? g_strdup ("lives on") : describe (status);
  if (which->remarks & ANY_SIGNAL)
    {
      g_autoptr (GString) unused = g_string_new (NULL);

      return run_row (which, FALSE, unused) == status && WIFSIGNALED (status)
                 ? g_strdup ("the signal it would be without us")
                 : describe (status);
    }
  return describe (status);
}

static gboolean
is_column (const char *line)
{
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    if (g_str_equal (line, columns[i].name))
      return TRUE;
  return FALSE;
}

/* What ran, in order; and, for a child, how that ended. */
static char *
describe_order (const char *const *lines, char **child)
{
  g_autoptr (GString) order = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (is_column (lines[i]))
      g_string_append_printf (order, "%s%s", order->len > 0 ? ", " : "", lines[i]);
    else if (lines[i][0] != '\0' && !g_str_equal (lines[i], ALIVE))
      *child = g_strdup (lines[i]);
  return g_string_free (g_steal_pointer (&order), FALSE);
}

static const char HELPER[] = "`psctl settle`";

/* As systemd does when the unit has ended. */
static void
run_helper (void)
{
  const char *const argv[] = { PS_MATRIX_PSCTL, "settle", "--directory", directory, NULL };

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                NULL, NULL, NULL, NULL, NULL, NULL);
}

/* Who has carried out the will of a process that has ended. */
static const char *
find_executor (const Row *which, gboolean had_one)
{
  g_autofree char *path = g_build_filename (directory, LEFTOVER, NULL);

  if (!had_one || which->remarks & LIVES_ON)
    return "–";
  if (access (path, F_OK) < 0)
    return "the process";
  run_helper ();
  return access (path, F_OK) < 0 ? HELPER : "**No**";
}

/* What became of what an event's callback would have done. */
static const char *
describe_event (const Row *which, PsEvent event, gboolean ran, const char *executor)
{
  if (ran)
    return "yes";
  if ((which->orderly & event) == 0)
    return "–";
  return executor == HELPER ? "will" : "**No**";
}

static void
remove_directory (void)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      unlink (path);
    }
  g_dir_close (dir);
  rmdir (directory);
  g_clear_pointer (&directory, g_free);
}

static gboolean
has_record (void)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  gboolean has = g_dir_read_name (dir) != NULL;

  g_dir_close (dir);
  return has;
}

static int
run_row_in_directory (const Row *which, GString *said)
{
  directory = g_dir_make_tmp ("ps-matrix-XXXXXX", NULL);
  g_assert_nonnull (directory);
  return run_row (which, TRUE, said);
}

static void
print_row (const Row *which)
{
  g_autoptr (GString) said = g_string_new (NULL);
  int status = run_row_in_directory (which, said);
  const char *executor = find_executor (which, has_record ());
  g_auto (GStrv) lines = g_strsplit (g_strchomp (said->str), "\n", -1);
  g_autofree char *child = NULL;
  g_autofree char *order = describe_order ((const char *const *) lines, &child);
  g_autofree char *end = describe_end (which, status, (const char *const *) lines);

  printf ("| %s |", which->way);
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      gboolean ran = g_strv_contains ((const char *const *) lines, columns[i].name);

      printf (" %s |", describe_event (which, columns[i].event, ran, executor));
    }
  printf (" %s | %s | %s |\n", *order != '\0' ? order : "nothing", executor,
          which->remarks & SHOWS_CHILD && child != NULL ? child : end);
  fflush (stdout);
  remove_directory ();
}

static void
print_section (const Section *section)
{
  printf ("\n## %s\n\n| way out |", section->heading);
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    printf (" %s |", columns[i].name);
  printf (" what ran, in order | the will | ends with |\n|---|");
  for (guint i = 0; i < G_N_ELEMENTS (columns) + 3; i++)
    printf ("---|");
  printf ("\n");
  fflush (stdout);
  for (gsize i = 0; i < section->n_rows; i++)
    print_row (&section->rows[i]);
}

int
main (void)
{
  for (gsize i = 0; i < n_sections; i++)
    print_section (&sections[i]);
  return 0;
}
