/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds and vetoes: what an exit waits for, and what stops it. */
#include "common.h"

#include <stdlib.h>
#include <unistd.h>

static PsHold *holds[4];

static gboolean
let_go (gpointer which)
{
  guint i = GPOINTER_TO_UINT (which);

  child_sayf ("releases %u", i);
  ps_hold_release (holds[i]);
  return G_SOURCE_REMOVE;
}

static void
hold_for_loop (PsContext *context, gpointer which)
{
  guint i = GPOINTER_TO_UINT (which);

  child_sayf ("%s: holds %u", event_name (context), i);
  holds[i] = ps_context_hold (context, "the loop");
  /* The first is released last. */
  g_timeout_add (30 * (4 - i), let_go, which);
}

/* --- A phase is awaited as a whole ------------------------------------------------------------ */

static int
phases_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  for (guint i = 0; i < 4; i++)
    ps_watcher_add (watcher, i < 2 ? PS_EVENT_TERMINATE : PS_EVENT_FINISH, NULL, 0, 0,
                    hold_for_loop, GUINT_TO_POINTER (i), NULL);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, NULL, 1, 0, say, (gpointer) "next phase", NULL);
  ps_watcher_add (watcher, PS_EVENT_FINISH, NULL, 1, 0, say, (gpointer) "last phase", NULL);
  return run (watcher);
}

static void
hold_01 (void)
{
  expect_stop (proc_start (phases_child, NULL), SIGTERM, 143, "terminate: holds 1",
               "terminate: holds 0", "releases 1", "releases 0", "terminate: next phase",
               "finish: holds 3", "finish: holds 2", "releases 3", "releases 2",
               "finish: last phase");
}

/* --- From other threads, and in odd ways ------------------------------------------------------ */

static gpointer
release_when_told (gpointer hold)
{
  child_await ("release");
  child_sayf ("active: %d", ps_hold_is_active (hold));
  ps_hold_release (hold);
  return NULL;
}

static void
hold_for_thread (PsContext *context, gpointer word)
{
  PsHold *hold = ps_context_hold (context, word);

  child_sayf ("%s: %s", event_name (context), ps_hold_get_why (hold));
  in_thread (release_when_told, hold);
}

static int
thread_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, hold_for_thread, (gpointer) "the worker");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
hold_02 (void)
{
  Proc *child = proc_start (thread_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: the worker");
  proc_tell (child, "release");
  proc_expect_lines (child, "active: 1", "finish: f");
  proc_expect_exit (child, 143);
}

static void
hold_in_odd_ways (PsContext *context, gpointer unused)
{
  g_autoptr (PsHold) automatic = ps_context_hold (context, "the end of the block");
  PsHold *many = ps_context_hold (context, "the last reference");
  PsHold *again = ps_hold_ref (many);

  ps_hold_release (NULL);
  ps_hold_release (again);
  child_sayf ("released by one: %d", !ps_hold_is_active (many));
  ps_hold_release (many);
  for (guint i = 0; i < 10000; i++)
    ps_hold_unref (ps_context_hold (context, "nothing"));
  child_sayf ("still held: %d", ps_hold_is_active (automatic));
}

static int
odd_holds_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, hold_in_odd_ways, NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
hold_03 (void)
{
  expect_stop (proc_start (odd_holds_child, NULL), SIGTERM, 143, "released by one: 1",
               "still held: 1", "finish: f");
}

/* --- exit() while a hold is awaited: what the hold waits for goes on -------------------------- */

static gboolean
exit_now (gpointer unused)
{
  child_say ("exit");
  exit (4);
}

static gboolean
exit_before_release (gpointer unused)
{
  child_say ("exit");
  g_timeout_add (200, let_go, GUINT_TO_POINTER (0));
  exit (4);
}

static gpointer
exit_in_thread (gpointer unused)
{
  exit_before_release (NULL);
  return NULL;
}

static void
hold_and_exit (PsContext *context, gpointer in_a_thread)
{
  child_say ("holds");
  holds[0] = ps_context_hold (context, "the loop, which turns within exit()");
  if (GPOINTER_TO_INT (in_a_thread))
    in_thread (exit_in_thread, NULL);
  else
    g_timeout_add (1, exit_before_release, NULL);
}

static int
exit_with_hold_child (gconstpointer in_a_thread)
{
  PsWatcher *watcher = watch ();

  ps_watcher_add (watcher, PS_EVENT_TERMINATE, NULL, 1, 0, say, (gpointer) "next", NULL);
  ps_watcher_on_terminate (watcher, hold_and_exit, (gpointer) in_a_thread);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
hold_04 (void)
{
  for (int in_a_thread = 0; in_a_thread <= 1; in_a_thread++)
    expect_stop (proc_start (exit_with_hold_child, GINT_TO_POINTER (in_a_thread)), SIGTERM, 4,
                 "holds", "exit", "releases 0", "terminate: next", "finish: f");
}

/* One that nobody releases: the deadline ends that wait as any other. */
static void
hold_for_ever_and_exit (PsContext *context, gpointer unused)
{
  child_say ("holds");
  holds[0] = ps_context_hold (context, "nobody");
  g_timeout_add (1, exit_now, NULL);
}

static int
exit_with_lost_hold_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, 10000);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, NULL, 1, 0, say, (gpointer) "too late", NULL);
  ps_watcher_on_terminate (watcher, hold_for_ever_and_exit, NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
hold_05 (void)
{
  expect_stop (proc_start (exit_with_lost_hold_child, NULL), SIGTERM, 4, "holds", "exit",
               "finish: f");
}

/* --- Queries ---------------------------------------------------------------------------------- */

static guint n_vetoes = 3;

static void
veto_with_hold (PsContext *context, gpointer unused)
{
  child_sayf ("%s, signal %d, code %d", event_name (context), ps_context_get_signal (context),
              ps_context_get_exit_code (context));
  holds[0] = ps_context_hold (context, "asking the user");
  g_timeout_add (10, let_go, GUINT_TO_POINTER (0));
  if (n_vetoes > 0)
    ps_context_veto (context, "the user said no");
  n_vetoes -= n_vetoes > 0;
}

static gboolean
quit_seven (gpointer watcher)
{
  ps_watcher_quit (watcher, 7);
  return G_SOURCE_REMOVE;
}

static void
quit_next (PsContext *context, gpointer watcher)
{
  say (context, (gpointer) "r");
  g_timeout_add (1, quit_seven, watcher);
}

static int
veto_quits_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_query (watcher, veto_with_hold, NULL);
  ps_watcher_on_resume (watcher, quit_next, watcher);
  ps_watcher_on_terminate (watcher, say, (gpointer) "never");
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

/* A vetoed signal leaves nothing behind in the quit that follows. */
static void
veto_01 (void)
{
  Proc *child = proc_start (veto_quits_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "query, signal 15, code 143", "releases 0", "resume: r");
  for (guint i = 0; i < 2; i++)
    proc_expect_lines (child, "query, signal 0, code 7", "releases 0", "resume: r");
  proc_expect_lines (child, "query, signal 0, code 7", "releases 0", "quit: q", "finish: f");
  proc_expect_exit (child, 7);
}

static void
veto_always (PsContext *context, gpointer unused)
{
  child_say ("asked");
  ps_context_veto (context, "never");
}

static int
exit_unasked_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_query (watcher, veto_always, NULL);
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  g_timeout_add (1, exit_now, NULL);
  return run_quietly (watcher);
}

/* exit() cannot be vetoed, and nobody is asked. */
static void
veto_02 (void)
{
  Proc *child = proc_start (exit_unasked_child, NULL);

  proc_expect_lines (child, "exit", "quit: q");
  proc_expect_exit (child, 4);
}

static const TapCase cases[] = {
  { "hold-01", "the holds of a phase are awaited together, before the next", hold_01 },
  { "hold-02", "a hold is released from a thread", hold_02 },
  { "hold-03", "holds by g_autoptr, by references, and 10,000 of them", hold_03 },
  { "hold-04", "exit() while a hold is awaited: it still is", hold_04 },
  { "hold-05", "no longer than an exit may take", hold_05 },
  { "veto-01", "vetoes with holds, of a signal and of quits", veto_01 },
  { "veto-02", "exit() asks nobody", veto_02 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
