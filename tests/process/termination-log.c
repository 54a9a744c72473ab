/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PS_TERMINATION_LOG: the reason of the end, in a file that Kubernetes shows. */
#include "common.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BEFORE "words of the life before\n"
#define MOST 4096 /* that Kubernetes reads */

/* --- The file: made before the child, gone with its case ------------------------------------- */

static void
remove_log (gpointer path)
{
  g_autofree char *directory = g_path_get_dirname (path);

  unlink (path);
  rmdir (directory);
  g_free (path);
}

/* A path in a new directory; with words of the life before when asked. */
static const char *
new_log (gboolean exists)
{
  g_autofree char *directory = g_dir_make_tmp ("ps-log-XXXXXX", NULL);
  char *path = g_build_filename (directory, "termination-log", NULL);

  tap_defer (remove_log, path);
  if (exists)
    tap_check (g_file_set_contents (path, BEFORE, -1, NULL));
  return path;
}

static char *
read_log (const char *path)
{
  char *text = NULL;

  if (!tap_failed () && !g_file_get_contents (path, &text, NULL, NULL))
    tap_fail (G_STRLOC, "there is no %s", path);
  return text != NULL ? text : g_strdup ("");
}

static void
expect_log (const char *path, const char *begin, const char *end)
{
  g_autofree char *text = read_log (path);
  const char *line_end = strchr (text, '\n');

  if (tap_failed ())
    return;
  tap_note ("the termination log", text);
  tap_check (g_str_has_prefix (text, begin));
  tap_check (g_str_has_suffix (text, end));
  tap_check (line_end != NULL && line_end[1] == '\0');
  tap_check (g_utf8_validate (text, -1, NULL));
  tap_check_int (strlen (text), <=, MOST);
}

static PsWatcher *
watch_logged (gconstpointer path)
{
  g_setenv ("PS_TERMINATION_LOG", path, TRUE);
  return watch_all ();
}

/* --- An orderly end -------------------------------------------------------------------------- */

static int
orderly_child (gconstpointer path)
{
  return run (watch_logged (path));
}

static void
p01 (void)
{
  for (gboolean exists = FALSE; exists <= TRUE && !tap_failed (); exists++)
    {
      const char *path = new_log (exists);
      Proc *child = proc_start (orderly_child, path);
      g_autofree char *begun = NULL, *comm = NULL, *end = NULL;

      proc_expect (child, "ready");
      begun = read_log (path);
      tap_check (begun[0] == '\0');
      proc_kill (child, SIGTERM);
      proc_expect_lines (child, "terminate: t", "finish: f");
      proc_expect_exit (child, 143);

      tap_check (g_file_get_contents ("/proc/self/comm", &comm, NULL, NULL));
      end = g_strdup_printf (" with status 143: SIGTERM from %s (pid %d, uid %d", g_strchomp (comm),
                             (int) getpid (), (int) getuid ());
      expect_log (path, "Exit finished after ", ")\n");
      {
        g_autofree char *text = read_log (path);

        tap_check (strstr (text, end) != NULL);
      }
    }
}

static int
quit_child (gconstpointer path)
{
  PsWatcher *watcher = watch_logged (path);

  quit_soon (watcher, 3);
  return run_quietly (watcher);
}

static int
exit_child (gconstpointer path)
{
  watch_logged (path);
  exit (4);
}

static void
p01_quit (void)
{
  const char *path = new_log (TRUE);
  Proc *child = proc_start (quit_child, path);

  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 3);
  expect_log (path, "Exit finished after ", " with status 3: the program quit with code 3\n");

  child = proc_start (exit_child, path);
  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 4);
  expect_log (path, "Exit finished after ", " with status 4: exit (4) or return from main\n");
}

static void
p01_killed (void)
{
  const char *path = new_log (TRUE);
  Proc *child = proc_start (orderly_child, path);
  g_autofree char *text = NULL;

  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  text = read_log (path);
  tap_check (text[0] == '\0');
}

/* --- What went wrong ------------------------------------------------------------------------- */

static void
veto_first (PsContext *context, gpointer unused)
{
  static gboolean asked;

  if (!asked)
    ps_context_veto (context, "not now");
  asked = TRUE;
}

static gboolean
say_resumed (gpointer unused)
{
  child_say ("resumed");
  return G_SOURCE_REMOVE;
}

/* When life goes on: a signal that comes before still belongs to the exit that was vetoed. */
static void
say_soon (PsContext *context, gpointer unused)
{
  g_idle_add (say_resumed, NULL);
}

static void
fail_it (PsContext *context, gpointer unused)
{
  ps_context_fail (context, g_error_new (PS_ERROR, PS_ERROR_INVALID, "no space\nleft \x1b[31m"));
}

static void
hold_on (PsContext *context, gpointer unused)
{
  ps_context_hold (context, "writing 812 lines");
  child_forgive_leaks ();
}

static int
troubled_child (gconstpointer path)
{
  PsWatcher *watcher = watch_logged (path);

  ps_watcher_on_query (watcher, veto_first, NULL);
  ps_watcher_on_resume (watcher, say_soon, NULL);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "late", 10, 0, say, (gpointer) "late", NULL);
  ps_watcher_on_terminate (watcher, fail_it, NULL);
  ps_watcher_on_terminate (watcher, hold_on, NULL);
  return run (watcher);
}

/* A hold that is never released, hurried by a second SIGINT. */
static void
p02 (void)
{
  const char *path = new_log (TRUE);
  Proc *child = proc_start (troubled_child, path);

  proc_expect (child, "ready");
  proc_kill (child, SIGINT);
  proc_expect (child, "resumed");
  proc_kill (child, SIGINT);
  proc_expect (child, "terminate: t");
  g_usleep (NEXT_WISH_MS * 1000);
  proc_kill (child, SIGINT);
  proc_expect (child, "finish: f");
  proc_expect_exit (child, 130);
  expect_log (path, "Exit finished after ",
              "; went wrong: fail_it (no space left \xef\xbf\xbd[31m), "
              "hold_on (given up on: writing 812 lines), "
              "late (skipped: a second signal hurried the exit)\n");
}

static int
verbose_child (gconstpointer path)
{
  PsWatcher *watcher = watch_logged (path);
  g_autofree char *name = g_strnfill (64 * 1024, 'n');

  for (guint i = 0; i < 999; i++)
    ps_watcher_add (watcher, PS_EVENT_TERMINATE, name, 0, 0, fail_it, GUINT_TO_POINTER (i), NULL);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "\xc3\xa4\xc3\xb6\xc3\xbc", -1, 0, fail_it,
                  GUINT_TO_POINTER (999), NULL);
  return run (watcher);
}

static void
p02_much (void)
{
  const char *path = new_log (TRUE);

  expect_stop (proc_start (verbose_child, path), SIGTERM, 143, "terminate: t", "finish: f");
  expect_log (path, "Exit finished after ", " more\n");
}

/* --- A forced end ---------------------------------------------------------------------------- */

static void
for_ever (void)
{
  for (;;)
    sleep (1000);
}

static void
get_stuck (PsContext *context, gpointer unused)
{
  child_say ("stuck");
  for_ever ();
}

static int
stuck_child (gconstpointer path)
{
  PsWatcher *watcher = watch_logged (path);

  ps_watcher_set_deadline (watcher, FORCED_MS);
  ps_watcher_on_terminate (watcher, get_stuck, NULL);
  ps_watcher_on_terminate (watcher, fail_it, NULL);
  return run (watcher);
}

static int
never_run_child (gconstpointer path)
{
  PsWatcher *watcher = watch_logged (path);

  ps_watcher_set_deadline (watcher, FORCED_MS);
  child_say ("ready");
  for_ever ();
  return 0;
}

static void
p03 (void)
{
  const char *path = new_log (TRUE);
  Proc *child = proc_start (stuck_child, path);

  expect_stop (child, SIGTERM, 143, "stuck");
  expect_log (path,
              "Exit forced with status 143, the exit's time was over: terminate callback get_stuck "
              "has been running for ",
              "; went wrong: fail_it (no space left \xef\xbf\xbd[31m)\n");
  expect_stop (proc_start (never_run_child, path), SIGTERM, 143, NULL);
  expect_log (path, "Exit forced with status 143, the exit's time was over: ",
              "the main loop does not turn\n");
}

/* --- P04: a crash ---------------------------------------------------------------------------- */

static void
crash (PsContext *context, gpointer unused)
{
  raise (SIGSEGV);
}

static int
crashing_child (gconstpointer path)
{
  PsWatcher *watcher = watch_logged (path);

  ps_watcher_report_crashes (watcher);
  ps_watcher_on_terminate (watcher, crash, NULL);
  return run (watcher);
}

static void
p04 (void)
{
  const char *path = new_log (TRUE);
  Proc *child = proc_start (crashing_child, path);
  g_autofree char *text = NULL;

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_signal (child, SIGSEGV);
  expect_log (path, "Crashed: SIGSEGV (raise() of the process itself) in thread ", ")\n");
  text = read_log (path);
  tap_check (strstr (text, ", in the terminate callback crash after ") != NULL);
}

/* After an end that was told already, main() hangs. */
static int
hanging_child (gconstpointer path)
{
  PsWatcher *watcher = watch_logged (path);

  ps_watcher_set_deadline (watcher, FORCED_MS);
  run (watcher);
  child_say ("main goes on");
  for_ever ();
  return 0;
}

static void
p03_after (void)
{
  const char *path = new_log (TRUE);

  expect_stop (proc_start (hanging_child, path), SIGTERM, 143, "terminate: t", "finish: f",
               "main goes on");
  expect_log (path, "Exit forced with status 143, the exit's time was over: ", ")\n");
}

/* --- What cannot be written ------------------------------------------------------------------ */

static int
aloud_child (gconstpointer path)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = NULL;

  g_setenv ("PS_TERMINATION_LOG", path, TRUE);
  child_start_thread ();
  watcher = ps_glib_attach (loop);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  say_ready_soon ();
  return ps_watcher_run (watcher);
}

static void
expect_complaint (const char *path, const char *why)
{
  Proc *child = proc_start (aloud_child, path);
  const char *first, *output;

  expect_stop (child, SIGTERM, 143, "finish: f");
  if (tap_failed ())
    return;
  output = proc_output (child);
  first = strstr (output, "PS_TERMINATION_LOG is ignored: ");
  if (why == NULL)
    {
      tap_check (first == NULL);
      return;
    }
  tap_check (first != NULL && strstr (first + 1, "PS_TERMINATION_LOG") == NULL);
  tap_check (first != NULL && strstr (first, why) != NULL);
  proc_expect_output (child, "Exit finished after ");
}

static void
p05 (void)
{
  const char *path = new_log (FALSE);
  g_autofree char *inside = g_build_filename (path, "inside", NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *long_path = g_strnfill (5000, '/');

  expect_complaint ("", NULL);
  expect_complaint ("termination-log", "its path has to be absolute");
  expect_complaint (inside, "No such file or directory");
  expect_complaint (directory, "Is a directory");
  expect_complaint (long_path, "File name too long");
  expect_complaint ("/dev/full", "No space left on device");
  expect_complaint ("/dev/null", NULL);
}

static void
p05_fifo (void)
{
  const char *path = new_log (FALSE);
  char text[MOST];
  ssize_t n;
  int fd;

  tap_check (mkfifo (path, 0600) == 0);
  expect_complaint (path, "No such device or address"); /* nobody reads */

  fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  expect_complaint (path, NULL);
  n = read (fd, text, sizeof text - 1);
  text[MAX (n, 0)] = '\0';
  tap_check (g_str_has_prefix (text, "Exit finished after "));
  tap_check (g_str_has_suffix (text, "\n"));
  close (fd);
}

/* Somebody has it open, and does not read. */
static void
p05_full_fifo (void)
{
  const char *path = new_log (FALSE);
  g_autofree char *filler = g_strnfill (4096, 'x');
  int fd;

  tap_check (mkfifo (path, 0600) == 0);
  fd = open (path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  while (write (fd, filler, 4096) > 0)
    ;
  expect_complaint (path, "Resource temporarily unavailable");
  close (fd);
}

/* --- Descriptors ----------------------------------------------------------------------------- */

/* What the program opens at the end of its start takes the numbers that it has closed. */
static int
closing_child (gconstpointer path)
{
  PsWatcher *watcher = watch_logged (path);
  g_autofree char *own = g_strconcat (path, "-own", NULL);
  int fds[64], status;

  for (int fd = 5; fd < 64; fd++)
    {
      g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
      char target[256] = "";

      if (readlink (link, target, sizeof target - 1) > 0 && target[0] == '/')
        close (fd);
    }
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    fds[i] = open (own, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  unlink (own);
  child_need (write (fds[0], "mine", 4) == 4);
  status = run (watcher);
  child_sayf ("own file: %d", (int) lseek (fds[0], 0, SEEK_END));
  return status;
}

static void
p06 (void)
{
  const char *path = new_log (TRUE);

  expect_stop (proc_start (closing_child, path), SIGTERM, 143, "terminate: t", "finish: f",
               "own file: 4");
  expect_log (path, "Exit finished after ", ")\n");
}

static void
use_up (PsContext *context, gpointer unused)
{
  const struct rlimit few = { 64, 64 };
  guint n = 0;

  child_need (setrlimit (RLIMIT_NOFILE, &few) == 0);
  child_forgive_leaks (); /* to look for them takes a descriptor */
  while (open ("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
    n++;
  child_sayf ("used up: %d", n > 0);
}

static int
out_of_fds_child (gconstpointer path)
{
  PsWatcher *watcher = watch_logged (path);

  ps_watcher_on_terminate (watcher, use_up, NULL);
  return run (watcher);
}

static void
p06_none (void)
{
  const char *path = new_log (TRUE);

  expect_stop (proc_start (out_of_fds_child, path), SIGTERM, 143, "used up: 1", "terminate: t",
               "finish: f");
  expect_log (path, "Exit finished after ", ")\n");
}

/* --- Forks ----------------------------------------------------------------------------------- */

static void
fork_and_exit (PsContext *context, gpointer unused)
{
  child_fork_and_exit ();
}

static int
forking_child (gconstpointer path)
{
  PsWatcher *watcher = watch_logged (path);

  child_forgive_leaks ();
  ps_watcher_on_reload (watcher, fork_and_exit, NULL);
  return run (watcher);
}

static void
p07 (void)
{
  const char *path = new_log (TRUE);
  Proc *child = proc_start (forking_child, path);
  g_autofree char *text = NULL;

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect (child, "exit status 0");
  text = read_log (path);
  tap_check (text[0] == '\0');
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  expect_log (path, "Exit finished after ", ")\n");
}

/* --- Another watch ---------------------------------------------------------------------------- */

/* The first watcher is given away when the second one watches. */
static int
second_child (gconstpointer path)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) second = NULL;
  PsWatcher *first;

  g_setenv ("PS_TERMINATION_LOG", path, TRUE);
  first = ps_glib_attach (loop);
  ps_watcher_detach (first);
  second = ps_glib_attach (loop);
  ps_watcher_set_log_func (second, NULL, NULL, NULL);
  ps_watcher_unref (first);
  say_ready_soon ();
  return ps_watcher_run (second);
}

static void
p08 (void)
{
  const char *path = new_log (TRUE);
  Proc *child = proc_start (second_child, path);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
  expect_log (path, "Exit finished after ", ")\n");
}

static const TapCase cases[] = {
  { "P01", "one line: cause, sender, status; the life before is forgotten", p01 },
  { "P01b", "of a quit, and of exit()", p01_quit },
  { "P01c", "SIGKILL leaves it empty", p01_killed },
  { "P02", "what failed, was skipped or given up on is named, after a veto, too", p02 },
  { "P02b", "much of it is counted: no more than Kubernetes reads", p02_much },
  { "P03", "a forced exit names the callback", p03 },
  { "P03b", "also after an exit that was told", p03_after },
  { "P04", "a crash", p04 },
  { "P05", "what cannot be written is said once, and ends nothing", p05 },
  { "P05b", "a FIFO that nobody reads, and one that somebody does", p05_fifo },
  { "P05c", "a full FIFO", p05_full_fifo },
  { "P06", "a descriptor that the program has closed and used again is left alone", p06 },
  { "P06b", "no descriptor is left at the end", p06_none },
  { "P07", "a forked child leaves it alone", p07 },
  { "P08", "a watcher that was detached before leaves it to the next", p08 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
