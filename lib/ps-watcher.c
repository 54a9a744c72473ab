/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The whole exit, from top to bottom. ps-machine says what follows from what; here it is done: what
 * each of the machine's actions is, how the machine is fed, and what comes after a pass. Nothing
 * here calls or waits: turns do (ps-turn.c), and they take in what has come.
 */

#include "ps-watcher-private.h"
#include "ps-clock.h"
#include "ps-current.h"
#include "ps-press.h"
#include "ps-rescue.h"
#include "ps-run-log.h"
#include "ps-run-notes.h"
#include "ps-self.h"
#include "ps-will-report.h"

/* --- What the machine's actions do, in the order of an exit ---------------------------------- */

/* The status that the process ends with as things stand. */
int
ps_watcher_get_status_now (PsWatcher *self)
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
void
ps_watcher_note_lost (PsWatcher *self, int signum, guint count)
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

/* What no loop keeps, the kernel does. */
static void
set_rescue (PsWatcher *self)
{
  ps_rescue_set_end (ps_budget_get_last_us (&self->budget), ps_watcher_get_status_now (self));
}

/* What it ends with may have changed; or a callback has ended the watch, and begun another. */
void
ps_watcher_settle_status (PsWatcher *self)
{
  if (self->cause.kind != PS_CAUSE_NONE && !self->detached)
    set_rescue (self);
}

/* A hold asked for more time, and the budget had some. */
void
ps_watcher_extend (PsWatcher *self, gint64 now_us)
{
  if (self->state == PS_STATE_RELOADING)
    return;
  set_rescue (self);
  ps_report_extended (self->report, ps_budget_get_timeout_us (&self->budget, now_us));
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
  ps_rescue_disarm ();
  self->times_lost = 0;
  if (!ps_watcher_take_first (self, &self->kept))
    ps_press_relax (self->taken_us);
}

/* A wish for which there is no room is not silently dropped. */
static void
put_off (PsWatcher *self, PsWishes *wishes, PsInput what, const PsCause *why)
{
  int lost = ps_wishes_add (wishes, what, why);

  if (lost != 0)
    ps_watcher_note_lost (self, lost, 1);
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
  /* What was vetoed is not what ends it. */
  if (self->pass.event == PS_EVENT_RESUME && why != NULL)
    ps_cause_clear (&self->cause);
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

  /* Before anybody is told, who may call exit(). */
  ps_pass_count (&self->pass, PS_EVENT_CHECKPOINT | main_event (self) | PS_EVENT_FINISH);
  ps_pass_begin (&self->pass, PS_EVENT_CHECKPOINT);
  ps_run_notes_cause (&self->cause);
  /* It is not called within itself. */
  ps_registry_claim (self->registry, (guint) g_atomic_int_get (&self->round));
  ps_report_exit_begun (self->report, &self->cause, self->pass.total, self->limit_us);
  while (ps_watcher_take_first (self, &self->kept))
    ;
  ps_cancellable_cancel (&self->cancellable);
}

static const char *
reason_of (PsInput what)
{
  if (what == PS_INPUT_HURRY)
    return "a second signal hurried the exit";
  return what == PS_INPUT_EXIT ? "exit() was called" : "the exit's time was over";
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

/* Who is told of something may call exit(), and so leave stop() or finish() before they are through.
 * TRUE: why is taken. */
gboolean
ps_watcher_catch_up (PsWatcher *self, PsCause *why)
{
  const PsEvents of_stop = PS_EVENT_CHECKPOINT | PS_EVENT_TERMINATE | PS_EVENT_QUIT;

  if (self->state == PS_STATE_TERMINATING && !(self->pass.event & of_stop))
    {
      stop (self, why);
      return TRUE;
    }
  if (self->state == PS_STATE_FINISHING && self->pass.event != PS_EVENT_FINISH)
    finish (self, PS_INPUT_EXIT);
  if (self->state >= PS_STATE_TERMINATING && self->state != PS_STATE_FORKED)
    ps_cancellable_cancel (&self->cancellable);
  return FALSE;
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
    how.end_us -= CLAMP ((end_us - now_us) / 4, 0, PS_US_PER_SEC);
  ps_current_set ("finish", "the will", now_us);
  ps_will_carry_out (self->will, &how);
  ps_current_clear ();
}

static void
close_exit (PsWatcher *self)
{
  carry_out_will (self);
  self->pass.tally.lost = self->lost;
  ps_report_exit_finished (self->report, &self->cause, ps_watcher_get_status_now (self),
                           ps_clock_now_us () - self->begun_us, &self->pass.tally);
  ps_run_log_end (ps_watcher_get_status_now (self));
  g_atomic_int_set (&self->is_closed, TRUE);
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
void
ps_watcher_input (PsWatcher *self, PsInput what, PsCause *why)
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

/* For a thread that may not be the one that works. */
PsState
ps_watcher_peek_state (PsWatcher *self)
{
  return (PsState) g_atomic_int_get (&self->state);
}

/* FALSE: there is none. */
gboolean
ps_watcher_take_first (PsWatcher *self, PsWishes *wishes)
{
  PsInput what;
  PsCause why;

  if (!ps_wishes_take (wishes, &what, &why))
    return FALSE;
  ps_watcher_input (self, what, why.kind != PS_CAUSE_NONE ? &why : NULL);
  return TRUE;
}

/* All of one event have been called, and are through: what comes after them. */
void
ps_watcher_end_pass (PsWatcher *self)
{
  if (self->pass.event == PS_EVENT_CHECKPOINT)
    ps_pass_begin (&self->pass, main_event (self));
  else
    ps_watcher_input (self,
                      self->pass.event == PS_EVENT_QUERY && self->pass.vetoed ? PS_INPUT_VETO
                                                                              : PS_INPUT_DONE,
                      NULL);
}

/* While life goes on. FALSE: nobody asked. */
gboolean
ps_watcher_reload_if_asked (PsWatcher *self)
{
  PsCause why;

  if (!self->reload_asked)
    return FALSE;
  ps_cause_take (&why, &self->reload_cause);
  ps_watcher_input (self, PS_INPUT_RELOAD, &why);
  return TRUE;
}
