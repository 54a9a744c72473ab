/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ends the process from within: exit(), quit, detach and signals in callbacks of every kind,
 * in log functions, and in other threads meanwhile. */
#include "common.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the library holds for a callback is lost when the callback does not come back. */
static void
exit_here (PsContext *context, gpointer code)
{
  child_forgive_leaks ();
  child_sayf ("%s: exit (%d)", event_name (context), GPOINTER_TO_INT (code));
  exit (GPOINTER_TO_INT (code));
}

static void
quit_here (PsContext *context, gpointer code)
{
  child_sayf ("%s: quit (%d)", event_name (context), GPOINTER_TO_INT (code));
  ps_watcher_quit (ps_watcher_get_default (), GPOINTER_TO_INT (code));
}

/* --- exit() and quit where nothing ends yet --------------------------------------------------- */

static int
query_exit_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  ps_watcher_on_query (watcher, say, (gpointer) "not asked any more");
  ps_watcher_on_query (watcher, exit_here, GINT_TO_POINTER (5));
  return run (watcher);
}

/* The cause stays the signal; the code is exit()'s. */
static void
within_01 (void)
{
  expect_stop (proc_start (query_exit_child, NULL), SIGTERM, 5, "query: exit (5)", "terminate: t",
               "finish: f");
}

static int
reload_exit_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);

  ps_watcher_on_reload (watcher, exit_here, GINT_TO_POINTER (6));
  return run (watcher);
}

static void
within_02 (void)
{
  Inbox *inbox = inbox_new ();

  expect_stop (proc_start (reload_exit_child, inbox), SIGHUP, 6, "reload: exit (6)", "quit: q",
               "finish: f");
  inbox_expect_line (inbox, "RELOADING=1");
  inbox_find_line (inbox, "READY=1");
  inbox_find_line (inbox, "STOPPING=1");
}

static int
reload_quit_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  ps_watcher_on_reload (watcher, quit_here, GINT_TO_POINTER (7));
  return run (watcher);
}

static void
within_03 (void)
{
  expect_stop (proc_start (reload_quit_child, NULL), SIGHUP, 7, "reload: quit (7)", "quit: q",
               "finish: f");
}

/* Nobody releases it. */
static void
hold_for_ever (PsContext *context, gpointer word)
{
  child_forgive_leaks ();
  say (context, word);
  ps_hold_ref (ps_context_hold (context, word));
}

static int
busy_reload_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);

  ps_watcher_add (watcher, PS_EVENT_RELOAD, NULL, 1, 0, say, (gpointer) "never", NULL);
  ps_watcher_on_reload (watcher, hold_for_ever, (gpointer) "reads");
  return run (watcher);
}

/* An exit does not wait for a reload; and the manager is not left with one. */
static void
within_04 (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (busy_reload_child, inbox);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect (child, "reload: reads");
  inbox_expect_line (inbox, "RELOADING=1");
  proc_kill (child, SIGTERM);
  inbox_find_line (inbox, "READY=1");
  inbox_find_line (inbox, "STOPPING=1");
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static int
late_reload_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);

  ps_watcher_set_deadline (watcher, FORCED_MS);
  ps_watcher_on_reload (watcher, hold_for_ever, (gpointer) "reads");
  return run (watcher);
}

/* A reload that hangs is over at its deadline, and life goes on. */
static void
within_05 (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (late_reload_child, inbox);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect (child, "reload: reads");
  inbox_find_line (inbox, "READY=1");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static int
hurried_query_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  ps_watcher_on_query (watcher, hold_for_ever, (gpointer) "asks");
  return run (watcher);
}

/* Who presses Ctrl-C twice is not asked whether he means it. */
static void
within_06 (void)
{
  Proc *child = proc_start (hurried_query_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGINT);
  proc_expect (child, "query: asks");
  g_usleep (NEXT_WISH_MS * 1000);
  proc_kill (child, SIGINT);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 130);
}

/* --- After the end ---------------------------------------------------------------------------- */

static int
run_again_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  quit_soon (watcher, 5);
  child_sayf ("run: %d", ps_watcher_run (watcher));
  child_sayf ("run again: %d", ps_watcher_run (watcher));
  ps_watcher_quit (watcher, 6);
  raise (SIGTERM);
  turn ();
  child_sayf ("and again: %d", ps_watcher_run (watcher));
  ps_watcher_detach (watcher);
  ps_watcher_unref (watcher);
  watcher = ps_glib_attach (the_loop ());
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  ps_watcher_on_terminate (watcher, say, (gpointer) "second life");
  return run (watcher);
}

static void
within_07 (void)
{
  Proc *child = proc_start (run_again_child, NULL);

  proc_expect_lines (child, "quit: q", "finish: f", "run: 5", "run again: 5", "and again: 5");
  expect_stop (child, SIGTERM, 143, "terminate: second life");
}

static int
own_status_child (gconstpointer policy)
{
  PsWatcher *watcher = watch_all ();

  ps_watcher_set_exit_policy (watcher, (PsExitPolicy) GPOINTER_TO_INT (policy));
  say_ready_soon ();
  ps_watcher_run (watcher);
  return 3;
}

/* What main() returns is main()'s business, whatever was recommended. */
static void
within_08 (void)
{
  static const PsExitPolicy policies[] = { PS_EXIT_POLICY_STATUS, PS_EXIT_POLICY_RERAISE,
                                           PS_EXIT_POLICY_SUCCESS };

  for (guint i = 0; i < G_N_ELEMENTS (policies); i++)
    expect_stop (proc_start (own_status_child, GINT_TO_POINTER (policies[i])), SIGTERM, 3,
                 "terminate: t", "finish: f");
}

static void
detach_here (PsContext *context, gpointer watcher)
{
  child_sayf ("%s: detaches", event_name (context));
  ps_watcher_detach (watcher);
  g_main_loop_quit (the_loop ());
}

static int
detach_child (gconstpointer events)
{
  PsWatcher *watcher = watch_all ();

  ps_watcher_add (watcher, (PsEvents) GPOINTER_TO_INT (events), NULL, -1, 0, detach_here, watcher,
                  NULL);
  say_ready_soon ();
  ps_watcher_run (watcher);
  child_say ("run returned");
  raise (SIGTERM);
  return 0;
}

/* Who ends the watch in the midst of an exit has ended the exit as well. */
static void
within_09 (void)
{
  static const PsEvents events[] = { PS_EVENT_QUERY, PS_EVENT_TERMINATE, PS_EVENT_FINISH };
  static const char *const lines[] = { "query: detaches", "terminate: detaches",
                                       "finish: detaches" };

  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    {
      Proc *child = proc_start (detach_child, GINT_TO_POINTER (events[i]));

      proc_expect (child, "ready");
      proc_kill (child, SIGTERM);
      if (events[i] == PS_EVENT_FINISH)
        proc_expect (child, "terminate: t");
      proc_expect_lines (child, lines[i], "run returned");
      proc_expect_signal (child, SIGTERM);
    }
}

/* --- Log functions that do more than log ------------------------------------------------------ */

static void
use_library (int priority, const char *message, const GLogField *fields, gsize n_fields,
             gpointer watcher)
{
  ps_watcher_quit (watcher, 77);
  ps_watcher_status (watcher, "%s", message);
  if (ps_watcher_on_terminate (watcher, say, (gpointer) "from the log function") != 0)
    ps_watcher_get_exit_status (watcher);
}

static int
log_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_set_log_func (watcher, use_library, watcher, NULL);
  return run (watcher);
}

static void
within_10 (void)
{
  expect_stop (proc_start (log_child, NULL), SIGTERM, 143, "terminate: from the log function",
               "terminate: t");
}

static const TapCase cases[] = {
  { "within-01", "exit() in a query callback: nobody else is asked", within_01 },
  { "within-02", "exit() in a reload callback: READY=1, STOPPING=1", within_02 },
  { "within-03", "quit in a reload callback", within_03 },
  { "within-04", "SIGTERM while a reload waits: the reload is given up", within_04 },
  { "within-05", "a reload that hangs ends at its deadline", within_05 },
  { "within-06", "a second SIGINT ends the asking", within_06 },
  { "within-07", "after the end nothing runs again, until attached anew", within_07 },
  { "within-08", "main() returns something else: that is the status", within_08 },
  { "within-09", "detach in the midst of an exit ends it", within_09 },
  { "within-10", "a log function uses the library", within_10 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
