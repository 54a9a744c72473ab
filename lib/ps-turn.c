/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * All work is done in turns. A turn takes in what has come (signals, a wish to quit, the time) and
 * feeds it to the machine, then runs callbacks until there is nothing to do but to wait, and rests.
 * A turn comes when the source is dispatched, that is on a signal, a wish, a released hold or a
 * deadline; and ps_watcher_run() and the exit hook make turns until the exit is complete.
 *
 * A callback may run a loop of its own: turns within it take things in, but leave the work to the
 * turn below. A callback may call exit(): the hook then goes on where the callback was.
 */

#include "ps-watcher-private.h"
#include "ps-caught.h"
#include "ps-clock.h"
#include "ps-exit.h"
#include "ps-lock.h"
#include "ps-rescue.h"
#include "ps-signal.h"
#include "ps-taken.h"
#include "ps-threads.h"

/* --- Taking in: signals, wishes, time -------------------------------------------------------- */

static PsHangup
meaning_of (PsWatcher *self, int signum)
{
  if (signum != SIGHUP)
    return PS_HANGUP_TERMINATE;
  if (self->hangup != PS_HANGUP_AUTO)
    return self->hangup;
  return ps_registry_count (self->registry, PS_EVENT_RELOAD) > 0 ? PS_HANGUP_RELOAD
                                                                 : PS_HANGUP_TERMINATE;
}

/* Lets the handler know whether SIGHUP is a wish to end: it counts those, and arms the rescue. */
void
ps_watcher_settle_hangup (PsWatcher *self)
{
  ps_signal_set_hangup_ends (meaning_of (self, SIGHUP) == PS_HANGUP_TERMINATE);
}

static void
take_signal (PsWatcher *self, const PsSignal *signal)
{
  PsCause why = { .kind = PS_CAUSE_NONE };

  self->taken_us = signal->at_us;
  ps_caught_explain (signal, &why);
  if (signal->lost > 0 && ps_signums_is_queued (signal->signum))
    ps_watcher_note_lost (self, signal->signum, signal->lost);
  switch (meaning_of (self, signal->signum))
    {
    case PS_HANGUP_RELOAD:
      ps_watcher_input (self, PS_INPUT_RELOAD, &why);
      break;
    case PS_HANGUP_IGNORE:
      break;
    case PS_HANGUP_TERMINATE:
    case PS_HANGUP_AUTO:
      ps_watcher_input (self, signal->input == PS_INPUT_RELOAD ? PS_INPUT_REQUEST : signal->input,
                        &why);
      break;
    }
}

static void
take_wishes (PsWatcher *self)
{
  PsCause why = { .kind = PS_CAUSE_QUIT };
  gboolean asked;

  if (!g_atomic_int_get (&self->quit_asked))
    return;
  g_mutex_lock (&self->lock);
  asked = self->quit_asked;
  why.code = self->quit_code;
  g_atomic_int_set (&self->quit_asked, FALSE);
  g_mutex_unlock (&self->lock);
  if (asked)
    ps_watcher_input (self, PS_INPUT_REQUEST, &why);
}

/* When the work as a whole is to be given up on; never while there is none that could be. */
static gint64
next_end_us (PsWatcher *self)
{
  if (self->pass.entry != NULL || self->pass.hastened)
    return PS_NEVER_US;
  return ps_budget_get_end_us (&self->budget, self->state == PS_STATE_FINISHING);
}

/* Returns when time will have something to say again. */
static gint64
take_time (PsWatcher *self)
{
  gint64 now_us, extended_us, end_us, next_us, told_us;

  if (self->state == PS_STATE_RUNNING || self->state == PS_STATE_EXITED)
    return PS_NEVER_US;
  /* Nobody is waited for: nearly each time, and there may be a million callbacks. */
  end_us = next_end_us (self);
  if (ps_hold_set_is_idle (self->pass.holds) && ps_clock_is_well_before (end_us))
    return end_us;

  now_us = ps_clock_now_us ();
  extended_us = ps_hold_set_take_extension_us (self->pass.holds);
  if (extended_us > 0 && ps_budget_extend (&self->budget, extended_us))
    ps_watcher_extend (self, now_us);
  next_us = ps_pass_keep_time (&self->pass, now_us);

  /* While a callback runs, nothing but its holds can be given up on: a loop within it is not to be
   * woken for what has to wait until it returns. */
  if (self->pass.entry != NULL)
    return next_us;
  told_us = ps_pass_tell_waiting (&self->pass, now_us);
  next_us = MIN (next_us, told_us);
  end_us = next_end_us (self);
  if (now_us < end_us)
    return MIN (next_us, end_us);
  ps_watcher_input (self, PS_INPUT_DEADLINE, NULL);
  return now_us;
}

/* Though a handler may have thought so: SIGHUP may mean something else by now, and a signal may have
 * fallen out of the list. */
static gboolean
nobody_asked (PsWatcher *self)
{
  return (self->state == PS_STATE_RUNNING || self->state == PS_STATE_RELOADING)
         && self->cause.kind == PS_CAUSE_NONE && !g_atomic_int_get (&self->quit_asked)
         && ps_wishes_is_empty (&self->deferred) && !ps_caught_has_any ();
}

void
ps_watcher_take_asked (PsWatcher *self)
{
  PsSignal signal;

  while (self->pass.entry == NULL && ps_watcher_take_first (self, &self->deferred))
    ;
  while (ps_signal_next (&signal))
    take_signal (self, &signal);
  take_wishes (self);
  if (nobody_asked (self))
    ps_rescue_disarm ();
}

static gint64
take_in (PsWatcher *self)
{
  if (ps_caught_has_any () || g_atomic_int_get (&self->quit_asked)
      || !ps_wishes_is_empty (&self->deferred))
    ps_watcher_take_asked (self);
  return take_time (self);
}

/* --- Working --------------------------------------------------------------------------------- */

static void
call (PsWatcher *self)
{
  const PsCause *cause = self->state == PS_STATE_RELOADING ? &self->reload_cause : &self->cause;
  PsFacts facts = {
    .cause = cause,
    .previous_action =
        cause->kind == PS_CAUSE_SIGNAL ? ps_taken_get_previous_action (cause->signum) : NULL,
    .end_us = ps_budget_get_end_us (&self->budget, self->state == PS_STATE_FINISHING),
    .exit_code = ps_watcher_get_status_now (self),
  };

  /* A query is a question, soon answered: nothing stands before it. What else is called may take
   * its time, and may wait for somebody who has a source of GLib's for this signal. */
  if (self->pass.event != PS_EVENT_QUERY)
    ps_signal_hand_on ();
  if (ps_pass_call (&self->pass, &facts))
    ps_watcher_settle_status (self);
}

/* One piece of work. FALSE: there is nothing to do but to wait. */
static gboolean
work (PsWatcher *self)
{
  if (self->detached || self->state == PS_STATE_EXITED || self->state == PS_STATE_FORKED)
    return FALSE;
  if (self->state == PS_STATE_RUNNING)
    return ps_watcher_reload_if_asked (self);
  switch (ps_pass_next (&self->pass))
    {
    case PS_NEXT_CALL:
      call (self);
      return TRUE;
    case PS_NEXT_DONE:
      ps_watcher_end_pass (self);
      return TRUE;
    case PS_NEXT_WAIT:
      break;
    }
  return FALSE;
}

/* --- Turns ----------------------------------------------------------------------------------- */

/* Whether we are in a child, where nothing of this is ours. */
gboolean
ps_watcher_is_forked (PsWatcher *self)
{
  return !g_atomic_int_get (&self->detached) && !ps_exit_has_data (self);
}

/* Within a turn there is another one only while a callback runs; that may be cancelled if the
 * thread could be when the first began. */
static gboolean
enter_turn (PsWatcher *self, int cancel_state)
{
  guint depth = self->detached ? 0 : ps_turns_enter (&self->turns);

  if (depth == 1)
    self->pass.cancel_state = cancel_state;
  if (depth <= 1 || self->pass.entry != NULL)
    return depth > 0;
  ps_turns_leave (&self->turns);
  return FALSE;
}

/* To change what an exit begins with; nobody begins one until ps_watcher_leave(). FALSE: it has
 * begun, or another thread works here. */
gboolean
ps_watcher_enter (PsWatcher *self)
{
  if (self->detached || ps_turns_enter (&self->turns) == 0)
    return FALSE;
  if (self->state < PS_STATE_TERMINATING)
    return TRUE;
  ps_turns_leave (&self->turns);
  return FALSE;
}

/* To call something of the watch outside of an exit; nobody works until ps_watcher_leave(). FALSE:
 * somebody does. */
gboolean
ps_watcher_enter_alone (PsWatcher *self)
{
  guint depth = self->detached ? 0 : ps_turns_enter (&self->turns);

  if (depth > 1)
    ps_turns_leave (&self->turns);
  return depth == 1;
}

void
ps_watcher_leave (PsWatcher *self)
{
  ps_turns_leave (&self->turns);
}

static gboolean
is_mine (PsWatcher *self)
{
  return !self->detached && ps_turns_may_go_on (&self->turns);
}

void
ps_watcher_turn (gpointer data)
{
  PsWatcher *self = data;
  gint64 until_us;
  int cancel_state;

  if (!self->detached && ps_exit_get_data () != self)
    {
      self->state = ps_machine_next (self->state, PS_INPUT_FORK).next;
      g_source_set_ready_time (self->source, -1);
      return;
    }
  ps_threads_mind ();
  cancel_state = ps_cancel_forbid ();
  if (!enter_turn (self, cancel_state))
    {
      ps_source_hand_over (self->source);
      ps_cancel_restore (cancel_state);
      return;
    }

  ps_watcher_ref (self);
  do
    {
      until_us = take_in (self);
      while (self->pass.entry == NULL && work (self) && is_mine (self))
        until_us = take_in (self);
      ps_signal_hand_on ();
    }
  while (is_mine (self) && !ps_source_rest (self->source, until_us));
  ps_watcher_leave (self);
  ps_watcher_unref (self);
  ps_cancel_restore (cancel_state);
}
