/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group X, second part: the status the process ends with (X10, X11, X16, X17, X19, X20), and
 * quitting. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- X10, X11: callbacks have a say ----------------------------------------------------------- */

/* What the library holds for a callback is lost when the callback does not come back. */
static void
exit_here (PsContext *context, gpointer code)
{
  child_forgive_leaks ();
  child_sayf ("%s: exit (%d)", event_name (context), GPOINTER_TO_INT (code));
  exit (GPOINTER_TO_INT (code));
}

static void
say_code (PsContext *context, gpointer word)
{
  child_sayf ("%s: %s, code %d", event_name (context), (const char *) word,
              ps_context_get_exit_code (context));
}

static int
exit_in_finish_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_finish (watcher, say_code, (gpointer) "third");
  ps_watcher_on_finish (watcher, exit_here, GINT_TO_POINTER (7));
  ps_watcher_on_finish (watcher, say_code, (gpointer) "first");
  return run (watcher);
}

static int
exit_in_terminate_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_finish (watcher, say_code, (gpointer) "last");
  ps_watcher_on_terminate (watcher, say_code, (gpointer) "third");
  ps_watcher_on_terminate (watcher, exit_here, GINT_TO_POINTER (7));
  ps_watcher_on_terminate (watcher, exit_here, GINT_TO_POINTER (6));
  ps_watcher_on_terminate (watcher, say_code, (gpointer) "first");
  return run (watcher);
}

static void
x10 (void)
{
  expect_stop (proc_start (exit_in_finish_child, NULL), SIGTERM, 7, "finish: first, code 143",
               "finish: exit (7)", "finish: third, code 7");
}

static void
x10_terminate (void)
{
  expect_stop (proc_start (exit_in_terminate_child, NULL), SIGTERM, 7, "terminate: first, code 143",
               "terminate: exit (6)", "terminate: exit (7)", "terminate: third, code 7",
               "finish: last, code 7");
}

static void
set_code (PsContext *context, gpointer code)
{
  ps_context_set_exit_code (context, GPOINTER_TO_INT (code));
  child_sayf ("%s: set %d, recommended %d", event_name (context),
              ps_context_get_exit_code (context), ps_context_get_recommended_exit_status (context));
}

static int
override_child (gconstpointer code)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_finish (watcher, say_code, (gpointer) "last");
  ps_watcher_on_terminate (watcher, set_code, (gpointer) code);
  ps_watcher_on_terminate (watcher, set_code, GINT_TO_POINTER (11));
  return run (watcher);
}

static void
x11 (void)
{
  expect_stop (proc_start (override_child, GINT_TO_POINTER (22)), SIGTERM, 22,
               "terminate: set 11, recommended 143", "terminate: set 22, recommended 143",
               "finish: last, code 22");
}

static int
override_quit_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_quit (watcher, set_code, GINT_TO_POINTER (0));
  ps_watcher_on_finish (watcher, say_code, (gpointer) "last");
  quit_soon (watcher, 5);
  return run_quietly (watcher);
}

static void
x11_quit (void)
{
  Proc *child = proc_start (override_quit_child, NULL);
  const char *line = proc_next (child);

  tap_check (g_str_has_prefix (line, "quit: set 0, "));
  proc_expect (child, "finish: last, code 0");
  proc_expect_exit (child, 0);
}

/* --- X16 to X18: policies --------------------------------------------------------------------- */

static int
policy_child (gconstpointer policy)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_exit_policy (watcher, (PsExitPolicy) GPOINTER_TO_INT (policy));
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
x16 (void)
{
  static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      Proc *child = proc_start (policy_child, GINT_TO_POINTER (PS_EXIT_POLICY_RERAISE));

      proc_expect (child, "ready");
      proc_kill (child, signals[i]);
      proc_expect_lines (child, "terminate: t", "finish: f");
      proc_expect_signal (child, signals[i]);
    }
}

static void
x17 (void)
{
  static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      expect_stop (proc_start (policy_child, GINT_TO_POINTER (PS_EXIT_POLICY_STATUS)), signals[i],
                   128 + signals[i], "terminate: t", "finish: f");
      expect_stop (proc_start (policy_child, GINT_TO_POINTER (PS_EXIT_POLICY_SUCCESS)), signals[i],
                   0, "terminate: t", "finish: f");
    }
}

static int
reraise_override_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_exit_policy (watcher, PS_EXIT_POLICY_RERAISE);
  ps_watcher_on_terminate (watcher, set_code, GINT_TO_POINTER (12));
  return run (watcher);
}

/* A code that a callback gave goes before the policy. */
static void
x16_override (void)
{
  expect_stop (proc_start (reraise_override_child, NULL), SIGTERM, 12,
               "terminate: set 12, recommended 143");
}

static void
flush_late (void)
{
  child_say ("atexit");
}

static int
reraise_atexit_child (gconstpointer data)
{
  atexit (flush_late);
  setvbuf (stdout, NULL, _IOFBF, 4096);
  fputs ("buffered\n", stdout);
  return policy_child (GINT_TO_POINTER (PS_EXIT_POLICY_RERAISE));
}

/* Who dies of the signal after everything has been done loses neither hooks nor buffers. */
static void
x16_hooks (void)
{
  Proc *child = proc_start (reraise_atexit_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f", "atexit");
  proc_expect_signal (child, SIGTERM);
  proc_expect_output (child, "buffered\n");
}

/* --- X19: nobody reads what we write ---------------------------------------------------------- */

static int
closed_output_child (gconstpointer path)
{
  PsWatcher *watcher;
  GMainLoop *loop = g_main_loop_new (NULL, FALSE);
  int ends[2];

  if (path != NULL)
    {
      ends[1] = open (path, O_WRONLY);
    }
  else
    {
      child_need (pipe (ends) == 0);
      close (ends[0]);
    }
  child_need (dup2 (ends[1], STDOUT_FILENO) >= 0 && dup2 (ends[1], STDERR_FILENO) >= 0);

  /* Not watch(): its silence is what is not wanted here. */
  if (!child_own_run (NULL))
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  child_start_thread ();
  watcher = ps_glib_attach (loop);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  say_ready_soon ();
  return ps_watcher_run (watcher);
}

static void
x19 (void)
{
  static const char *const paths[] = { NULL, "/dev/full" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      Proc *child = proc_start (closed_output_child, paths[i]);

      if (!got_namespace (child))
        return;
      expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
    }
}

/* --- X20: codes of ps_watcher_quit() ---------------------------------------------------------- */

static int
quit_code_child (gconstpointer code)
{
  PsWatcher *watcher = watch ();

  quit_soon (watcher, GPOINTER_TO_INT (code));
  return run_quietly (watcher);
}

static void
expect_quit (int code, int status)
{
  proc_expect_exit (proc_start (quit_code_child, GINT_TO_POINTER (code)), status);
}

static void
x20_range (void)
{
  for (int code = 0; code <= 255 && !tap_failed (); code++)
    expect_quit (code, code);
}

static void
x20 (void)
{
  static const int codes[] = { 256, 257, 259, 511, 512, 65536, -1, -256, G_MAXINT, G_MININT };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      expect_quit (codes[i], 255);
      expect_stop (proc_start (override_child, GINT_TO_POINTER (codes[i])), SIGTERM, 255,
                   "terminate: set 11, recommended 143", "terminate: set 255, recommended 143",
                   "finish: last, code 255");
    }
}

/* --- exit() where no callback runs ------------------------------------------------------------ */

static void
exit_when_told (int priority, const char *message, const GLogField *fields, gsize n_fields,
                gpointer unused)
{
  if (!g_str_has_prefix (message, "Exit begun"))
    return;
  child_forgive_leaks ();
  exit (5);
}

static int
exit_in_log_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  ps_watcher_set_log_func (watcher, exit_when_told, NULL, NULL);
  return run (watcher);
}

static void
x10_log (void)
{
  expect_stop (proc_start (exit_in_log_child, NULL), SIGTERM, 5, "terminate: t", "finish: f");
}

static int
exit_in_resume_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  ps_watcher_on_query (watcher, veto_once, NULL);
  ps_watcher_on_resume (watcher, exit_here, GINT_TO_POINTER (4));
  return run (watcher);
}

/* The signal was vetoed: it is not why the process ends. */
static void
x10_resume (void)
{
  expect_stop (proc_start (exit_in_resume_child, NULL), SIGTERM, 4, "resume: exit (4)", "quit: q",
               "finish: f");
}

/* --- The watch ends within the end ------------------------------------------------------------ */

static void
detach (PsContext *context, gpointer unused)
{
  child_sayf ("%s: detach", event_name (context));
  ps_watcher_detach (ps_watcher_get_default ());
}

static int
detach_child (gconstpointer event)
{
  PsWatcher *watcher = watch ();

  ps_watcher_add (watcher, (PsEvents) GPOINTER_TO_UINT (event), "detach", 0, 0, detach, NULL, NULL);
  ps_watcher_unref (watcher);
  return 3;
}

/* Nobody but the process has a reference to it. */
static void
x21 (void)
{
  static const struct
  {
    PsEvents event;
    const char *line;
  } rows[] = { { PS_EVENT_QUIT, "quit: detach" }, { PS_EVENT_FINISH, "finish: detach" } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Proc *child = proc_start (detach_child, GUINT_TO_POINTER (rows[i].event));

      proc_expect (child, rows[i].line);
      proc_expect_exit (child, 3);
    }
}

static const TapCase cases[] = {
  { "X10", "exit (n) in a finish callback: n, and the others once", x10 },
  { "X10b", "exit (n) in terminate callbacks: the last n, and the others once", x10_terminate },
  { "X10c", "exit (n) in the log function: no callback is left out", x10_log },
  { "X10d", "exit (n) in a resume callback: n, and quit callbacks", x10_resume },
  { "X11", "the last code that a callback sets wins, and is seen", x11 },
  { "X11b", "a callback turns a quit with 5 into one with 0", x11_quit },
  { "X16", "re-raise dies of the signal, after everything", x16 },
  { "X16b", "a code set by a callback goes before re-raise", x16_override },
  { "X16c", "re-raise runs the other exit hooks and flushes stdio", x16_hooks },
  { "X17", "policies status and success, for each signal", x17 },
  { "X19", "closed or full standard error does not end the exit", x19 },
  { "X20", "codes out of range are 255", x20 },
  { "X20b", "codes 0 to 255 are what they are", x20_range },
  { "X21", "a callback of the exit hook ends the watch", x21 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
