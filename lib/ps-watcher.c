/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The whole exit, from top to bottom. ps-machine says what follows from what; here it is done.
 *
 * All work is done in turns. A turn takes in what has come (signals, a wish to quit, the time) and
 * feeds it to the machine, then runs callbacks until there is nothing to do but to wait, and rests.
 * A turn comes when the source is dispatched, that is on a signal, a wish, a released hold or a
 * deadline; and ps_watcher_run() and the exit hook make turns until the exit is complete.
 *
 * A callback may run a loop of its own: turns within it take things in, but leave the work to the
 * turn below. A callback may call exit(): the hook then goes on where the callback was.
 *
 * One thread at a time works here. That is the one that runs the loop, until another calls exit():
 * then that one conducts the rest, and the loop's thread leaves after the callback it is in.
 */

#include "ps-watcher-private.h"
#include "ps-caught.h"
#include "ps-clock.h"
#include "ps-current.h"
#include "ps-exit.h"
#include "ps-lock.h"
#include "ps-press.h"
#include "ps-rescue.h"
#include "ps-run-log.h"
#include "ps-run-notes.h"
#include "ps-self.h"
#include "ps-signal.h"
#include "ps-taken.h"
#include "ps-threads.h"
#include "ps-will-report.h"

#include <stdlib.h>
#include <unistd.h>

#define NO_CODE G_MININT

static void input (PsWatcher *self, PsInput what, PsCause *why);
static gboolean take_first (PsWatcher *self, PsWishes *wishes);

/* --- What the machine's actions do, in the order of an exit ---------------------------------- */

/* The status that the process ends with as things stand. */
static int
status_now (PsWatcher *self)
{
  return self->pass.code_given ? self->pass.code : ps_cause_status (&self->cause, self->policy);
}

/* The first reason is kept; later ones are only noted. */
static void
note (PsWatcher *self, const PsCause *why)
{
  self->pass.tally.again++;
  ps_report_again (self->report, why, self->pass.tally.again);
}

/* count signals of this number came that nothing else is known of. */
static void
note_lost (PsWatcher *self, int signum, guint count)
{
  self->lost += count;
  ps_report_signals_lost (self->report, signum, count, ++self->times_lost);
}

static void
begin (PsWatcher *self)
{
  self->begun_us = ps_clock_now_us ();
  ps_budget_begin (&self->budget, self->begun_us, self->limit_us);
}

/* What no loop keeps, the kernel does; and then the process does not end well. */
static void
set_rescue (PsWatcher *self)
{
  int status = status_now (self);

  ps_rescue_set_end (ps_budget_get_last_us (&self->budget), status != 0 ? status : EXIT_FAILURE);
}

static void
query (PsWatcher *self, PsCause *why)
{
  ps_pass_skip_rest (&self->pass, "an exit was asked for");
  ps_cause_take (&self->cause, why);
  begin (self);
  ps_pass_reset (&self->pass);
  set_rescue (self);
  ps_pass_count (&self->pass, PS_EVENT_QUERY);
  ps_pass_begin (&self->pass, PS_EVENT_QUERY);
}

static void
resume (PsWatcher *self)
{
  ps_pass_count (&self->pass, PS_EVENT_RESUME);
  ps_pass_begin (&self->pass, PS_EVENT_RESUME);
}

static void
run (PsWatcher *self)
{
  ps_pass_drop_holds (&self->pass, "life goes on");
  ps_cause_clear (&self->cause);
  ps_rescue_set_end (PS_NEVER_US, 0);
  self->times_lost = 0;
  if (!take_first (self, &self->kept))
    ps_press_relax (self->taken_us);
}

/* A wish for which there is no room is not silently dropped. */
static void
put_off (PsWatcher *self, PsWishes *wishes, PsInput what, const PsCause *why)
{
  int lost = ps_wishes_add (wishes, what, why);

  if (lost != 0)
    note_lost (self, lost, 1);
}

static PsEvent
main_event (PsWatcher *self)
{
  return self->cause.kind == PS_CAUSE_SIGNAL ? PS_EVENT_TERMINATE : PS_EVENT_QUIT;
}

/* The point of no return. The manager is told first: nothing delays it. */
static void
stop (PsWatcher *self, PsCause *why)
{
  ps_pass_drop_holds (&self->pass, "the exit can no longer be vetoed");
  ps_pass_skip_rest (&self->pass, "the exit can no longer be vetoed");
  if (self->cause.kind == PS_CAUSE_NONE)
    {
      ps_cause_take (&self->cause, why);
      ps_pass_reset (&self->pass);
    }
  else if (why != NULL)
    note (self, why);
  begin (self);
  set_rescue (self);
  ps_report_stopping (self->report, ps_budget_get_timeout_us (&self->budget, self->begun_us));

  ps_pass_count (&self->pass, PS_EVENT_CHECKPOINT | main_event (self) | PS_EVENT_FINISH);
  ps_report_exit_begun (self->report, &self->cause, self->pass.total, self->limit_us);
  ps_run_notes_cause (&self->cause);
  while (take_first (self, &self->kept))
    ;
  ps_cancellable_cancel (&self->cancellable);
  ps_pass_begin (&self->pass, PS_EVENT_CHECKPOINT);
}

static const char *
reason_of (PsInput what)
{
  return what == PS_INPUT_HURRY ? "a second signal hurried the exit" : "the exit's time was over";
}

static void
finish (PsWatcher *self, PsInput what)
{
  ps_pass_drop_holds (&self->pass, reason_of (what));
  ps_pass_skip_rest (&self->pass, reason_of (what));
  if (self->pass.event == PS_EVENT_CHECKPOINT)
    {
      ps_pass_begin (&self->pass, main_event (self));
      ps_pass_skip_rest (&self->pass, reason_of (what));
    }
  ps_registry_close (self->registry);
  ps_pass_begin (&self->pass, PS_EVENT_FINISH);
}

static void
hasten (PsWatcher *self, PsInput what)
{
  self->pass.hastened = TRUE;
  ps_pass_drop_holds (&self->pass, reason_of (what));
}

/* After the finish callbacks, which may still revoke clauses. A little time is kept for the rest.
 */
static void
carry_out_will (PsWatcher *self)
{
  gint64 now_us = ps_clock_now_us (), end_us = ps_budget_get_end_us (&self->budget, TRUE);
  PsSettleHow how = {
    .by = PS_SETTLE_BY_PROCESS, .end_us = end_us, .tell = ps_will_report, .data = self->report
  };

  if (self->will == NULL)
    return;
  if (end_us != PS_NEVER_US)
    how.end_us -= CLAMP ((end_us - now_us) / 4, 0, PS_US_PER_SEC / 4);
  ps_current_set ("finish", "the will", now_us);
  ps_will_carry_out (self->will, &how);
  ps_current_clear ();
}

static void
close_exit (PsWatcher *self)
{
  carry_out_will (self);
  self->pass.tally.lost = self->lost;
  ps_report_exit_finished (self->report, &self->cause, status_now (self),
                           ps_clock_now_us () - self->begun_us, &self->pass.tally);
  ps_run_log_end (status_now (self));
  g_main_loop_quit (self->loop);
}

/* --- A reload -------------------------------------------------------------------------------- */

static void
reload (PsWatcher *self, PsCause *why)
{
  ps_cause_take (&self->reload_cause, why);
  self->reload_asked = FALSE;
  begin (self);
  ps_pass_reset (&self->pass);
  ps_pass_count (&self->pass, PS_EVENT_RELOAD);
  ps_report_reload_begun (self->report, &self->reload_cause);
  ps_pass_begin (&self->pass, PS_EVENT_RELOAD);
}

/* However the reload ended: nobody is left with a service that reloads for ever. */
static void
end_reload (PsWatcher *self)
{
  ps_pass_drop_holds (&self->pass, "the reload is over");
  ps_report_reload_done (self->report, ps_clock_now_us () - self->begun_us,
                         self->pass.failure[0] != '\0' ? self->pass.failure : NULL);
}

static void
reload_later (PsWatcher *self, PsCause *why)
{
  ps_cause_take (&self->reload_cause, why);
  self->reload_asked = TRUE;
}

/* --- Feeding the machine --------------------------------------------------------------------- */

static void
act (PsWatcher *self, PsAction action, PsInput what, PsCause *why)
{
  switch (action)
    {
    case PS_ACTION_NOTE:
      note (self, why);
      break;
    case PS_ACTION_KEEP:
      put_off (self, &self->kept, PS_INPUT_QUEUED, why);
      break;
    case PS_ACTION_LATER:
      reload_later (self, why);
      break;
    case PS_ACTION_RELOAD:
      reload (self, why);
      break;
    case PS_ACTION_READY: /* leaving RELOADING does it, on every path */
      break;
    case PS_ACTION_QUERY:
      query (self, why);
      break;
    case PS_ACTION_RESUME:
      resume (self);
      break;
    case PS_ACTION_RUN:
      run (self);
      break;
    case PS_ACTION_STOP:
      stop (self, why);
      break;
    case PS_ACTION_FINISH:
      if (why != NULL)
        note (self, why);
      finish (self, what);
      break;
    case PS_ACTION_HASTEN:
      if (why != NULL)
        note (self, why);
      hasten (self, what);
      break;
    case PS_ACTION_CLOSE:
      close_exit (self);
      break;
    case PS_ACTION_FORGET:
    case PS_ACTION_NONE:
    case PS_ACTION_UNSET:
      break;
    }
}

/* Whether it can be done with a callback on the stack. */
static gboolean
is_small (PsAction action)
{
  return action == PS_ACTION_NONE || action == PS_ACTION_NOTE || action == PS_ACTION_KEEP
         || action == PS_ACTION_LATER;
}

/* why: what asked for it, where somebody did; it is taken or left. */
static void
input (PsWatcher *self, PsInput what, PsCause *why)
{
  PsState from = self->state;
  PsTransition to;

  if (what == PS_INPUT_REQUEST && self->cause.kind != PS_CAUSE_NONE
      && !ps_wishes_have (&self->kept, &self->cause, why))
    what = PS_INPUT_QUEUED;
  to = ps_machine_next (from, what);
  if (self->pass.entry != NULL && !is_small (to.action))
    {
      put_off (self, &self->deferred, what, why);
      return;
    }
  /* A copy of us that has taken the watch over goes on, and we are the copy now. */
  if (to.action == PS_ACTION_STOP && !ps_self_begin_end ())
    to = ps_machine_next (from, PS_INPUT_FORK);
  if (from == PS_STATE_RELOADING && to.next != PS_STATE_RELOADING)
    end_reload (self);
  g_atomic_int_set (&self->state, to.next);
  if (to.next != from)
    ps_run_notes_state (to.next);
  act (self, to.action, what, why);
}

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
    note_lost (self, signal->signum, signal->lost);
  switch (meaning_of (self, signal->signum))
    {
    case PS_HANGUP_RELOAD:
      input (self, PS_INPUT_RELOAD, &why);
      break;
    case PS_HANGUP_IGNORE:
      break;
    case PS_HANGUP_TERMINATE:
    case PS_HANGUP_AUTO:
      input (self, signal->input == PS_INPUT_RELOAD ? PS_INPUT_REQUEST : signal->input, &why);
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
    input (self, PS_INPUT_REQUEST, &why);
}

/* FALSE: there is none. */
static gboolean
take_first (PsWatcher *self, PsWishes *wishes)
{
  PsInput what;
  PsCause why;

  if (!ps_wishes_take (wishes, &what, &why))
    return FALSE;
  input (self, what, why.kind != PS_CAUSE_NONE ? &why : NULL);
  return TRUE;
}

static void
extend (PsWatcher *self, gint64 now_us)
{
  if (self->state == PS_STATE_RELOADING)
    return;
  set_rescue (self);
  ps_report_extended (self->report, ps_budget_get_timeout_us (&self->budget, now_us));
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
    extend (self, now_us);
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
  input (self, PS_INPUT_DEADLINE, NULL);
  return now_us;
}

static void
take_asked (PsWatcher *self)
{
  PsSignal signal;

  while (self->pass.entry == NULL && take_first (self, &self->deferred))
    ;
  while (ps_signal_next (&signal))
    take_signal (self, &signal);
  take_wishes (self);
}

static gint64
take_in (PsWatcher *self)
{
  if (ps_caught_has_any () || g_atomic_int_get (&self->quit_asked)
      || !ps_wishes_is_empty (&self->deferred))
    take_asked (self);
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
    .exit_code = status_now (self),
  };

  /* A query is a question, soon answered: nothing stands before it. What else is called may take
   * its time, and may wait for somebody who has a source of GLib's for this signal. */
  if (self->pass.event != PS_EVENT_QUERY)
    ps_signal_hand_on ();
  ps_pass_call (&self->pass, &facts);
}

static void
pass_is_over (PsWatcher *self)
{
  if (self->pass.event == PS_EVENT_CHECKPOINT)
    ps_pass_begin (&self->pass, main_event (self));
  else
    input (self,
           self->pass.event == PS_EVENT_QUERY && self->pass.vetoed ? PS_INPUT_VETO : PS_INPUT_DONE,
           NULL);
}

static gboolean
reload_if_asked (PsWatcher *self)
{
  PsCause why;

  if (!self->reload_asked)
    return FALSE;
  ps_cause_take (&why, &self->reload_cause);
  input (self, PS_INPUT_RELOAD, &why);
  return TRUE;
}

/* One piece of work. FALSE: there is nothing to do but to wait. */
static gboolean
work (PsWatcher *self)
{
  if (self->detached || self->state == PS_STATE_EXITED || self->state == PS_STATE_FORKED)
    return FALSE;
  if (self->state == PS_STATE_RUNNING)
    return reload_if_asked (self);
  switch (ps_pass_next (&self->pass))
    {
    case PS_NEXT_CALL:
      call (self);
      return TRUE;
    case PS_NEXT_DONE:
      pass_is_over (self);
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

/* --- The end of the loop, and of the process ------------------------------------------------- */

/* Until something has come. Holds may need the loop to be released: it is run where we can. Where
 * we surely cannot, GLib is not asked: it takes memory for each thread it meets. */
static void
wait_for_work (PsWatcher *self)
{
  if (!ps_turns_is_run_elsewhere (&self->turns) && g_main_context_acquire (self->context))
    {
      g_main_context_iteration (self->context, TRUE);
      g_main_context_release (self->context);
    }
  else
    ps_source_wait (self->source, ps_clock_now_us () + PS_US_PER_SEC);
}

/* Nothing can stop the end any more: does all that is left to be done, in this thread. A callback
 * that runs in another is waited for, but no longer than an exit may take. code: what
 * somebody said the exit code is to be, or NO_CODE. */
static void
conclude (PsWatcher *self, PsCause *why, int code)
{
  ps_turns_take_over (&self->turns, ps_clock_add_us (ps_clock_now_us (), self->limit_us));
  ps_pass_callback_is_gone (&self->pass);
  /* What was asked for first is the cause. */
  take_asked (self);
  input (self, PS_INPUT_EXIT, why);
  if (code != NO_CODE)
    {
      self->pass.code_given = TRUE;
      self->pass.code = code;
    }
  for (;;)
    {
      ps_watcher_turn (self);
      if (self->detached || self->state == PS_STATE_EXITED || self->state == PS_STATE_FORKED)
        break;
      wait_for_work (self);
    }
}

/* For a thread that may not be the one that works. */
PsState
ps_watcher_peek_state (PsWatcher *self)
{
  return (PsState) g_atomic_int_get (&self->state);
}

static gboolean
has_exited (gpointer self)
{
  return ps_watcher_peek_state (self) == PS_STATE_EXITED;
}

int
ps_watcher_run (PsWatcher *self)
{
  g_autoptr (PsWatcher) alive = NULL;
  PsCause why = { .kind = PS_CAUSE_LOOP };

  g_return_val_if_fail (self != NULL, EXIT_FAILURE);

  alive = ps_watcher_ref (self);
  ps_watcher_prepare_thread_for_crashes ();
  ps_threads_mind ();
  ps_turns_set_runs (&self->turns, TRUE);
  if (!has_exited (self))
    g_main_loop_run (self->loop);
  ps_turns_set_runs (&self->turns, FALSE);
  /* Another thread that called exit() ends the process, and this one has nothing left to do. */
  if (!self->detached && !ps_watcher_is_forked (self)
      && !ps_turns_wait_for_conductor (&self->turns, has_exited, self) && !has_exited (self))
    conclude (self, &why, NO_CODE);
  return ps_watcher_get_exit_status (self);
}

/* What the process is to end with, where exit() was given this status: a code that is no success
 * stays none, though the kernel keeps its low byte only. */
static int
honest (int status)
{
  return status != 0 && (status & 0xff) == 0 ? 255 : status;
}

int
ps_watcher_at_exit (int status, void *data)
{
  PsWatcher *self = data;
  gboolean known = status != PS_EXIT_STATUS_UNKNOWN;
  gboolean in_callback = ps_turns_is_in_one (&self->turns);
  PsCause why = { .kind = PS_CAUSE_EXIT, .code = known ? honest (status) : 0 };
  /* A plain return from main(), after a signal, is no word on how that exit should end. */
  gboolean explicit = known && (in_callback || status != 0);

  /* For good: a thread that is cancelled on its way out would leave the process behind. */
  ps_cancel_forbid ();
  if (!has_exited (self))
    {
      conclude (self, &why, explicit ? honest (status) : NO_CODE);
      status = status_now (self);
    }
  /* main() may have returned something else than what it was told to. */
  ps_run_log_end (known ? honest (status) : status);
  if (self->policy == PS_EXIT_POLICY_RERAISE && self->cause.kind == PS_CAUSE_SIGNAL
      && !self->pass.code_given && status == status_now (self))
    {
      /* quick_exit() runs no destructors. */
      if (!known)
        ps_signal_die_of (self->cause.signum);
      ps_exit_then (ps_signal_die_of, self->cause.signum);
    }
  return known ? honest (status) : status;
}

int
ps_watcher_get_exit_status (PsWatcher *self)
{
  g_return_val_if_fail (self != NULL, EXIT_FAILURE);

  /* What a reload's callbacks answered is no status of an exit. */
  return self->cause.kind != PS_CAUSE_NONE ? status_now (self) : 0;
}
