/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group T, second part: deadlines of callbacks and of holds. */
#include "common.h"

static PsHold *hold;

static void
hold_for_ever (PsContext *context, gpointer unused)
{
  child_say ("held");
  hold = ps_context_hold (context, "an answer that never comes");
}

static void
release_late (PsContext *context, gpointer unused)
{
  child_sayf ("%s, awaited: %d, %s", event_name (context), ps_hold_is_active (hold),
              ps_hold_get_why (hold));
  ps_hold_extend (hold, 1000);
  ps_hold_release (hold);
}

static int
own_deadline_child (gconstpointer deadline_ms)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_log_func (watcher, say_given_up, NULL, NULL);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "asker", 0, GPOINTER_TO_UINT (deadline_ms),
                  hold_for_ever, NULL, NULL);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "next", 1, 0, say, (gpointer) "next", NULL);
  ps_watcher_on_finish (watcher, release_late, NULL);
  return run (watcher);
}

/* The deadline of one callback ends the wait for its holds and nothing else. */
static void
t10 (void)
{
  Proc *child = proc_start (own_deadline_child, GUINT_TO_POINTER (150));
  gint64 start_us;

  proc_expect (child, "ready");
  start_us = g_get_monotonic_time ();
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "held", "given up: an answer that never comes of asker",
                     "terminate: next", "finish, awaited: 0, an answer that never comes");
  proc_expect_exit (child, 143);
  tap_check_int (ms_since (start_us), >=, 150);
  tap_check_int (ms_since (start_us), <, PROMPT_MS * tap_slowness ());
}

static void
hold_briefly (PsContext *context, gpointer unused)
{
  gint64 left_ms = ps_context_get_time_left_us (context) / 1000;

  child_sayf ("of the nearer deadline: %d", left_ms > 5000 && left_ms <= 10000);
  hold = ps_context_hold (context, "with a deadline of its own");
  ps_hold_set_deadline (hold, 100);
}

static int
hold_deadline_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_add (watcher, PS_EVENT_TERMINATE, NULL, 0, 10000, hold_briefly, NULL, NULL);
  ps_watcher_on_finish (watcher, release_late, NULL);
  return run (watcher);
}

static void
t11 (void)
{
  expect_stop (proc_start (hold_deadline_child, NULL), SIGTERM, 143, "of the nearer deadline: 1",
               "finish, awaited: 0, with a deadline of its own");
}

static gboolean
let_go (gpointer unused)
{
  child_sayf ("done, awaited: %d", ps_hold_is_active (hold));
  ps_hold_release (hold);
  return G_SOURCE_REMOVE;
}

static gboolean
extend_late (gpointer unused)
{
  ps_hold_extend (hold, 10000);
  child_say ("extended");
  g_timeout_add (3900, let_go, NULL);
  return G_SOURCE_REMOVE;
}

static void
hold_and_extend (PsContext *context, gpointer unused)
{
  hold = ps_context_hold (context, "progress");
  child_say ("held");
  g_timeout_add (200, extend_late, NULL);
}

static int
extended_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  /* Without the extension either would be over when the hold is released. */
  ps_watcher_set_deadline (watcher, 4000);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, NULL, 0, 3200, hold_and_extend, NULL, NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
t12 (void)
{
  expect_stop (proc_start (extended_child, NULL), SIGTERM, 143, "held", "extended",
               "done, awaited: 1", "finish: f");
}

static void
extend_for_ever (PsContext *context, gpointer unused)
{
  hold = ps_context_hold (context, "long");
  ps_hold_extend (hold, G_MAXUINT);
  ps_hold_set_deadline (hold, G_MAXUINT);
  ps_hold_set_deadline (hold, 0);
  ps_hold_extend (hold, 0);
  ps_hold_release (hold);
}

static void
say_if_long (PsContext *context, gpointer unused)
{
  const gint64 month_us = (gint64) 31 * 24 * 60 * 60 * G_USEC_PER_SEC;

  child_sayf ("more than a month: %d", ps_context_get_time_left_us (context) > month_us);
}

static int
endless_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_add (watcher, PS_EVENT_TERMINATE, NULL, 0, 0, extend_for_ever, NULL, NULL);
  ps_watcher_on_finish (watcher, say_if_long, NULL);
  return run (watcher);
}

static void
t06_extremes (void)
{
  expect_stop (proc_start (endless_child, NULL), SIGTERM, 143, "more than a month: 1");
}

static const TapCase cases[] = {
  { "T06c", "extremes of holds do not wrap round", t06_extremes },
  { "T10", "a callback's deadline ends the wait for its hold, with its words", t10 },
  { "T11", "a hold has a deadline of its own", t11 },
  { "T12", "a hold that is extended outlives both deadlines", t12 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
