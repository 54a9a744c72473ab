/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group X, first part: every way out of a process (X01 to X09, X12 to X15). */
#include "common.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_t ending_thread;

/* Says where it runs, since exit() runs the callbacks in the thread that called it. */
static void
say_thread (PsContext *context, gpointer word)
{
  child_sayf ("%s: %s, code %d, in the thread that ends: %d", event_name (context),
              (const char *) word, ps_context_get_exit_code (context),
              pthread_equal (pthread_self (), ending_thread) != 0);
}

static void
set_up (void)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_finish (watcher, say_thread, (gpointer) "f");
  ps_watcher_on_quit (watcher, say_thread, (gpointer) "q");
  ps_watcher_on_terminate (watcher, say_thread, (gpointer) "never");
  ending_thread = pthread_self ();
}

/* --- X01 to X06, X08: exits ------------------------------------------------------------------- */

static int
return_child (gconstpointer code)
{
  set_up ();
  return GPOINTER_TO_INT (code);
}

static int
exit_child (gconstpointer code)
{
  set_up ();
  exit (GPOINTER_TO_INT (code));
}

static gboolean
exit_now (gpointer code)
{
  exit (GPOINTER_TO_INT (code));
}

static int
exit_in_source_child (gconstpointer code)
{
  set_up ();
  g_idle_add (exit_now, (gpointer) code);
  ps_watcher_run (ps_watcher_get_default ());
  return 77;
}

static gpointer
exit_thread (gpointer code)
{
  ending_thread = pthread_self ();
  exit (GPOINTER_TO_INT (code));
}

static int
exit_in_thread_child (gconstpointer code)
{
  set_up ();
  in_thread (exit_thread, (gpointer) code);
  ps_watcher_run (ps_watcher_get_default ());
  /* The thread that called exit() ends the process, and nobody else. */
  for (;;)
    pause ();
  return 77;
}

static int
quick_exit_child (gconstpointer code)
{
  set_up ();
  quick_exit (GPOINTER_TO_INT (code));
}

static void
expect_exit (ProcMain child_main, int code, int status)
{
  Proc *child = proc_start (child_main, GINT_TO_POINTER (code));
  g_autofree char *quit = g_strdup_printf ("quit: q, code %d, in the thread that ends: 1", code);
  g_autofree char *finish =
      g_strdup_printf ("finish: f, code %d, in the thread that ends: 1", code);

  proc_expect_lines (child, quit, finish);
  proc_expect_exit (child, status);
}

static void
x01 (void)
{
  expect_exit (return_child, 0, 0);
  expect_exit (return_child, 1, 1);
}

static void
x02 (void)
{
  expect_exit (exit_child, 0, 0);
  expect_exit (exit_child, 2, 2);
  expect_exit (exit_in_source_child, 2, 2);
}

static void
x08 (void)
{
  expect_exit (exit_in_thread_child, 2, 2);
}

/* What is out of range is the platform's to cut, but it must not become success. */
static void
expect_out_of_range (int code, int status)
{
  Proc *child = proc_start (exit_child, GINT_TO_POINTER (code));
  g_autofree char *quit = g_strdup_printf ("quit: q, code %d, in the thread that ends: 1", status);
  g_autofree char *finish =
      g_strdup_printf ("finish: f, code %d, in the thread that ends: 1", status);

  proc_expect_lines (child, quit, finish);
  proc_expect_exit (child, status);
}

static void
x03 (void)
{
  expect_out_of_range (259, 3);
}

static void
x04 (void)
{
  expect_out_of_range (-1, 255);
}

static void
x06 (void)
{
  Proc *child = proc_start (quick_exit_child, GINT_TO_POINTER (5));

  /* at_quick_exit() does not tell the status. */
  tap_check (g_str_has_prefix (proc_next (child), "quit: q, "));
  tap_check (g_str_has_prefix (proc_next (child), "finish: f, "));
  proc_expect_exit (child, 5);
}

/* --- X05, X07, X09, X12: ends without exit ---------------------------------------------------- */

static int
underscore_exit_child (gconstpointer data)
{
  set_up ();
  _exit (5);
}

static int
big_exit_child (gconstpointer data)
{
  set_up ();
  _Exit (6);
}

static void
x05 (void)
{
  proc_expect_exit (proc_start (underscore_exit_child, NULL), 5);
  proc_expect_exit (proc_start (big_exit_child, NULL), 6);
}

static void
abort_returns (int signum)
{
  child_say ("handler");
}

static int
abort_child (gconstpointer how)
{
  sigset_t set;

  set_up ();
  sigemptyset (&set);
  sigaddset (&set, SIGABRT);
  if (how != NULL && strcmp (how, "ignored") == 0)
    signal (SIGABRT, SIG_IGN);
  else if (how != NULL && strcmp (how, "blocked") == 0)
    sigprocmask (SIG_BLOCK, &set, NULL);
  else if (how != NULL)
    signal (SIGABRT, abort_returns);
  abort ();
}

static void
x07 (void)
{
  Proc *child;

  proc_expect_signal (proc_start (abort_child, NULL), SIGABRT);
  proc_expect_signal (proc_start (abort_child, "ignored"), SIGABRT);
  proc_expect_signal (proc_start (abort_child, "blocked"), SIGABRT);
  child = proc_start (abort_child, "handled");
  proc_expect (child, "handler");
  proc_expect_signal (child, SIGABRT);
}

static int
fatal_child (gconstpointer how)
{
  if (strstr (how, "attached") != NULL)
    set_up ();
  if (strstr (how, "error") != NULL)
    g_error ("as an error");
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL);
  if (strstr (how, "critical") != NULL)
    g_critical ("as a critical");
  g_assert_not_reached ();
}

/* Whether SIGTRAP or SIGABRT is GLib's choice; we are not to change it. */
static void
x12 (void)
{
  static const char *const ways[][2] = { { "error", "error, attached" },
                                         { "critical", "critical, attached" },
                                         { "", "attached" } };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      int without = proc_wait (proc_start (fatal_child, ways[i][0]));
      int with = proc_wait (proc_start (fatal_child, ways[i][1]));

      tap_check (WIFSIGNALED (without));
      tap_check_int (with, ==, without);
    }
}

/* --- X09, X13: exec --------------------------------------------------------------------------- */

static int
exec_child (gconstpointer attaches)
{
  if (attaches != NULL)
    {
      PsWatcher *watcher = watch ();

      ps_watcher_on_terminate (watcher, say, (gpointer) "never");
      ps_watcher_on_finish (watcher, say, (gpointer) "never");
    }
  execl (PS_TEST_DLHOST, "dlhost", "none", "look", NULL);
  return 1;
}

static int
exec_nothing_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  execl ("/nowhere/to/be/found", "found", NULL);
  child_sayf ("exec: %s", errno == ENOENT ? "ENOENT" : "?");
  return run (watcher);
}

/* The new image finds what it finds without us: masks, dispositions, descriptors. */
static void
x09 (void)
{
  Proc *plain = proc_start (exec_child, NULL);
  Proc *child = proc_start (exec_child, "attaches");
  const char *line = proc_next (plain);

  tap_check (g_str_has_prefix (line, "blocked 0, ignored 0, "));
  proc_expect (child, line);
  proc_expect_lines (plain, "fd 0", "fd 1", "fd 2", "fd 3", "fd 4");
  proc_expect_lines (child, "fd 0", "fd 1", "fd 2", "fd 3", "fd 4");
  proc_expect_exit (plain, 9);
  proc_expect_exit (child, 9);
}

static void
x13 (void)
{
  Proc *child = proc_start (exec_nothing_child, NULL);

  proc_expect (child, "exec: ENOENT");
  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
}

/* --- X15: two exits and a signal at once ------------------------------------------------------ */

static GMutex gate;

static void
say_slowly (PsContext *context, gpointer word)
{
  child_sayf ("begins: %s", (const char *) word);
  g_usleep (20000);
  child_sayf ("ends: %s", (const char *) word);
}

static gpointer
exit_at_gate (gpointer code)
{
  g_mutex_lock (&gate);
  g_mutex_unlock (&gate);
  exit (GPOINTER_TO_INT (code));
}

static int
exits_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_finish (watcher, say_slowly, (gpointer) "f");
  g_mutex_lock (&gate);
  in_thread (exit_at_gate, GINT_TO_POINTER (3));
  in_thread (exit_at_gate, GINT_TO_POINTER (4));
  in_thread (exit_at_gate, GINT_TO_POINTER (4));
  child_say ("at the gate");
  child_await ("go");
  g_mutex_unlock (&gate);
  return run_quietly (watcher);
}

static void
x15 (void)
{
  for (guint i = 0; i < 30 && !tap_failed (); i++)
    {
      Proc *child = proc_start (exits_child, NULL);
      gint64 start_us;
      int status;

      proc_expect (child, "at the gate");
      start_us = g_get_monotonic_time ();
      proc_tell (child, "go");
      if (i % 3 == 0)
        g_usleep (i * 100);
      proc_kill (child, SIGTERM);
      proc_expect_lines (child, "begins: f", "ends: f");
      status = proc_wait (child);
      tap_check (WIFEXITED (status));
      tap_check (WEXITSTATUS (status) == 3 || WEXITSTATUS (status) == 4
                 || WEXITSTATUS (status) == 143);
      tap_check_int (ms_since (start_us), <, PROMPT_MS * tap_slowness ());
    }
}

/* --- A callback that comes back too late ------------------------------------------------------ */

static int finishing, late_done; /* atomic */

static void
late_reload (PsContext *context, gpointer unused)
{
  PsHold *hold;

  child_say ("reload");
  in_thread (exit_thread, GINT_TO_POINTER (3));
  await (&finishing);
  hold = ps_context_hold (context, "late");
  child_say (hold != NULL ? "has a hold" : "has no hold");
  g_atomic_int_set (&late_done, TRUE);
}

static void
finish_after_that (PsContext *context, gpointer unused)
{
  g_atomic_int_set (&finishing, TRUE);
  await (&late_done);
  child_say ("finish");
}

static int
late_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, 3 * FORCED_MS);
  ps_watcher_on_reload (watcher, late_reload, NULL);
  ps_watcher_on_finish (watcher, finish_after_that, NULL);
  return run (watcher);
}

static void
x08_late (void)
{
  Proc *child = proc_start (late_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect_lines (child, "reload", "has no hold", "finish");
  proc_expect_exit (child, 3);
}

static void
be_slow_to_tell (int priority, const char *message, const GLogField *fields, gsize n_fields,
                 gpointer unused)
{
  if (g_strcmp0 (record_field (fields, n_fields, "PS_EVENT"), "reload") != 0
      || !g_str_has_prefix (message, "Step 1 done"))
    return;
  child_say ("tells");
  in_thread (exit_thread, GINT_TO_POINTER (3));
  g_usleep ((FORCED_MS + 1000) * 1000);
  child_say ("told");
}

static int
slow_to_tell_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, FORCED_MS);
  ps_watcher_set_log_func (watcher, be_slow_to_tell, NULL, NULL);
  ps_watcher_on_reload (watcher, say, (gpointer) "r");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

/* It is back, and who is told of that is slow. */
static void
x08_back (void)
{
  Proc *child = proc_start (slow_to_tell_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect_lines (child, "reload: r", "tells", "told", "finish: f");
  proc_expect_exit (child, 3);
}

static const TapCase cases[] = {
  { "X01", "return from main: quit and finish callbacks, its status", x01 },
  { "X02", "exit(), and in a source: the same", x02 },
  { "X03", "exit (259) is 3, as ever", x03 },
  { "X04", "exit (-1) is 255, as ever", x04 },
  { "X05", "_exit() and _Exit() run nothing", x05 },
  { "X06", "quick_exit(): quit and finish callbacks, its status", x06 },
  { "X07", "abort() dies of SIGABRT, however it is handled", x07 },
  { "X08", "exit() in a thread: the callbacks run there", x08 },
  { "X08b", "... and a callback of the loop that was given up on takes no hold", x08_late },
  { "X08d", "... and one that has come back meanwhile has its turn", x08_back },
  { "X09", "exec runs nothing and hands nothing on", x09 },
  { "X12", "a fatal message ends as it does without us", x12 },
  { "X13", "an exec that fails leaves everything armed", x13 },
  { "X15", "three threads in exit() and a SIGTERM: finish once, to its end", x15 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
