/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A forked child that goes on as the daemon. What it has of its parent's watch: the memory, and
 * with it registrations and options; the loop and its sources. What it does not have: signal
 * handlers and descriptor (the fork handlers have parted them from the parent's), timers of the
 * kernel's, and any thread but the one that forked. So a lock that another thread held is held for
 * ever here, and a loop that another thread ran cannot be run: that is looked at first, and
 * refused. So it is while a scope's cleanup or a checkpoint's round runs, even in this thread: its
 * recursive lock belongs to a thread with the parent's number, and is not ours for all that.
 *
 * GLib's worker thread is not there either, and GLib does not start it again: other sources of
 * g_unix_signal_add() are dead in such a process. Ours are not: our handler wakes the loop itself.
 */

#include "ps-copies.h"
#include "ps-current.h"
#include "ps-error.h"
#include "ps-exit.h"
#include "ps-leave.h"
#include "ps-lock.h"
#include "ps-rescue.h"
#include "ps-run-notes.h"
#include "ps-self.h"
#include "ps-signal.h"
#include "ps-waker.h"
#include "ps-watchdog.h"
#include "ps-will-report.h"
#include "ps-watcher-private.h"

/* No other thread was at work in it when the process forked. */
static gboolean
is_at_rest (PsWatcher *self)
{
  return ps_lock_is_free (&self->lock) && ps_turns_is_at_rest (&self->turns)
         && g_atomic_int_get (&self->aside) == 0 && ps_registry_is_at_rest (self->registry)
         && ps_source_is_at_rest (self->source) && ps_report_is_at_rest (self->report)
         && ps_hold_set_is_at_rest (self->pass.holds)
         && (self->will == NULL || ps_will_is_at_rest (self->will));
}

static gboolean
is_in_events (PsWatcher *self)
{
  return self->cause.kind != PS_CAUSE_NONE || self->pass.entry != NULL || self->quit_asked
         || self->reload_asked || !ps_wishes_is_empty (&self->deferred)
         || (self->state != PS_STATE_RUNNING && self->state != PS_STATE_FORKED)
         || ps_hold_set_count (self->pass.holds) > 0;
}

/* A context that belonged to a thread of the parent belongs to it for ever. */
static gboolean
is_loop_usable (PsWatcher *self)
{
  if (!g_main_context_acquire (self->context))
    return FALSE;
  g_main_context_release (self->context);
  return TRUE;
}

static void
set_over (GError **error)
{
  g_set_error_literal (error, PS_ERROR, PS_ERROR_OVER,
                       "The watched process has begun its exit, or another child has taken the "
                       "watch over; a parent waits for the child before it calls exit(), or calls "
                       "_exit() or ps_watcher_detach()");
}

static gboolean
can_reattach (PsWatcher *self, GError **error)
{
  if (self->detached)
    g_set_error_literal (error, PS_ERROR, PS_ERROR_OVER, "The watch was ended before the fork");
  else if (ps_exit_get_data () != NULL)
    g_set_error_literal (error, PS_ERROR, PS_ERROR_BUSY,
                         "This process has attached a watcher of its own");
  else if (!ps_self_can_take_over ())
    set_over (error);
  else if (!is_loop_usable (self))
    g_set_error_literal (error, PS_ERROR, PS_ERROR_BUSY,
                         "Another thread was running the loop when the process forked; fork in the "
                         "loop's thread, or before the loop runs");
  else if (!is_at_rest (self))
    g_set_error_literal (error, PS_ERROR, PS_ERROR_BUSY,
                         "The process forked while a callback ran, or another thread was using the "
                         "watcher; fork when it is at rest");
  else if (is_in_events (self))
    g_set_error_literal (error, PS_ERROR, PS_ERROR_BUSY,
                         "The process forked during an exit or a reload; fork before that");
  else if (!ps_waker_can_inherit ())
    g_set_error_literal (error, PS_ERROR, PS_ERROR_EXHAUSTED,
                         "The watcher's file descriptor is gone: it was closed, or no other was to "
                         "be had when the process forked");
  else
    return TRUE;
  return FALSE;
}

static void
begin_life (PsWatcher *self)
{
  ps_current_clear ();
  self->state = PS_STATE_RUNNING;
  ps_exit_install (ps_watcher_at_exit, self);
  ps_leave_open ();
  ps_copies_announce ();
  ps_rescue_open ();
  ps_rescue_set_limit (self->limit_us);
  ps_watcher_settle_hangup (self);
  ps_watcher_inherit_crash_reports (self);
  ps_report_take_over (self->report);
  ps_report_run_begun (self->report);
  ps_run_notes_carry ();
  if (self->will != NULL && !ps_will_inherit (self->will))
    ps_will_report_damaged (self->report, "the will", "it cannot be handed on to this process");
  ps_watchdog_start (self);
  /* What came for the parent's copy of the source is not to be waited for. */
  ps_source_wake (self->source);
}

gboolean
ps_watcher_reattach (PsWatcher *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (ps_exit_get_data () == self)
    return TRUE;
  if (!can_reattach (self, error))
    return FALSE;
  if (ps_self_take_over () < 0)
    {
      set_over (error);
      return FALSE;
    }
  ps_signal_inherit ();
  ps_watcher_settle_signals (self);
  begin_life (self);
  return TRUE;
}
