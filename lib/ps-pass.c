/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A callback is a step. It is over when it has returned and every hold it took is released or given
 * up on, which may be long after; then its duration is known and reported. A callback without
 * holds, which is nearly each, costs no allocation.
 */

#include "ps-pass.h"
#include "ps-clock.h"
#include "ps-current.h"
#include "ps-lock.h"
#include "ps-report-step.h"
#include "ps-text.h"

#include <sched.h>

#define NO_MEMORY "there was no memory for it"

/* How often `systemctl status` learns how long we have been waiting. */
#define TELL_EVERY_US (1 * PS_US_PER_SEC)

void
ps_pass_init (PsPass *pass, PsRegistry *registry, PsReport *report, PsHoldFunc wake,
              GSource *source)
{
  *pass = (PsPass){ .registry = registry, .report = report };
  pass->holds = ps_hold_set_new (wake, source);
  pass->context = ps_context_new ();
  pass->spare = ps_context_new ();
}

void
ps_pass_clear (PsPass *pass)
{
  g_clear_pointer (&pass->holds, ps_hold_set_unref);
  g_clear_pointer (&pass->entry, ps_registry_unref_entry);
  g_clear_pointer (&pass->context, ps_context_unref);
  g_clear_pointer (&pass->spare, ps_context_unref);
}

/* Before the first pass of an exit or a reload. */
void
ps_pass_reset (PsPass *pass)
{
  ps_registry_begin_exit (pass->registry);
  pass->failure[0] = '\0';
  pass->tally = (PsTally){ .run = 0 };
  pass->vetoed = FALSE;
  pass->hastened = FALSE;
  pass->code_given = FALSE;
}

/* From here on steps are numbered anew; events: those that will be passed. */
void
ps_pass_count (PsPass *pass, PsEvents events)
{
  pass->number = 0;
  pass->total = 0;
  for (PsEvents rest = events; rest != 0; rest &= rest - 1)
    pass->total += ps_registry_count (pass->registry, rest & -rest);
}

void
ps_pass_begin (PsPass *pass, PsEvent event)
{
  pass->event = event;
  pass->tell_us = 0;
  ps_registry_begin_pass (pass->registry, event);
}

PsNext
ps_pass_next (PsPass *pass)
{
  gboolean holds =
      !pass->hastened && !ps_hold_set_is_idle (pass->holds) && ps_hold_set_count (pass->holds) > 0;

  return ps_registry_next (pass->registry, holds, &pass->entry);
}

static PsReportStep
step_of (PsPass *pass, PsEvent event, const char *name, int priority, guint number)
{
  return (PsReportStep){ .event = event,
                         .name = name,
                         .priority = priority,
                         .number = number,
                         .total = MAX (pass->total, number) };
}

static PsReportStep
step_of_entry (PsPass *pass, const PsEntry *entry)
{
  return step_of (pass, pass->event, entry->is->name, entry->is->priority, pass->number);
}

static PsHold *
take_hold (PsContext *context, const char *why, gpointer data)
{
  PsPass *pass = data;
  const PsEntry *entry = pass->entry;
  gint64 deadline_us = PS_NEVER_US;
  PsHold *hold = NULL;

  if (entry == NULL) /* it was given up on in this moment */
    return NULL;
  if (entry->is->deadline_us > 0)
    deadline_us = ps_clock_add_us (pass->entered_us, entry->is->deadline_us);
  if (pass->step == NULL)
    pass->step = ps_hold_set_begin_step (pass->holds, entry->is->name, pass->event, pass->number,
                                         pass->entered_us);
  if (pass->step != NULL)
    hold = ps_hold_set_add (pass->holds, pass->step, why, ps_clock_now_us (), deadline_us);
  if (hold == NULL)
    {
      PsReportStep step = step_of_entry (pass, entry);

      pass->tally.holds_dropped++;
      ps_report_hold_dropped (pass->report, &step, why, 0, NO_MEMORY);
    }
  return hold;
}

/* FALSE: those that were there have been kept, and there is no memory for another. */
static gboolean
have_context (PsPass *pass)
{
  if (pass->context == NULL)
    pass->context = ps_context_try_new ();
  if (pass->context == NULL)
    pass->context = g_steal_pointer (&pass->spare);
  return pass->context != NULL;
}

static void
fill_context (PsPass *pass, const PsEntry *entry, PsContext *context, const PsFacts *facts)
{
  gint64 deadline_us = entry->is->deadline_us;

  context->event = pass->event;
  context->cause = facts->cause;
  context->previous_action = facts->previous_action;
  context->exit_code = facts->exit_code;
  context->end_us = facts->end_us;
  if (deadline_us > 0)
    context->end_us = MIN (context->end_us, ps_clock_add_us (pass->entered_us, deadline_us));
  context->hold = take_hold;
  context->hold_data = pass;
}

/* TRUE: what the process ends with is among them. */
static gboolean
read_answers (PsPass *pass, const PsEntry *entry, PsContext *context, const PsFacts *facts)
{
  const char *name = entry->is->name;

  if (context->exit_code_set)
    {
      pass->code_given = TRUE;
      pass->code = context->exit_code;
    }
  if (context->is_vetoed)
    {
      pass->vetoed = TRUE;
      ps_report_vetoed (pass->report, facts->cause, name, context->veto);
    }
  if (context->error != NULL)
    {
      pass->tally.failed++;
      ps_report_failed (pass->report, pass->event, name, context->error);
      if (pass->failure[0] == '\0')
        g_snprintf (pass->failure, sizeof pass->failure, "%s: %s", name, context->error->message);
    }
  return context->exit_code_set;
}

/* A step of which nobody learns how long it takes, unless it hangs, need not know when it began but
 * for a tick: with very many that is most of what they would cost. */
static gboolean
is_timed (PsPass *pass, const PsEntry *entry)
{
  return pass->number <= PS_REPORT_STEPS_MAX || entry->is->deadline_us > 0;
}

static void
begin_callback (PsPass *pass, const PsEntry *entry)
{
  if (pass->number <= PS_REPORT_STEPS_MAX)
    {
      PsReportStep step = step_of_entry (pass, entry);

      ps_report_step_begun (pass->report, &step);
    }
  pass->entered_us = is_timed (pass, entry) ? ps_clock_now_us () : ps_clock_last_tick_us ();
  ps_current_set (ps_text_event (pass->event), entry->is->name, pass->entered_us);
}

static void
end_callback (PsPass *pass, const PsEntry *entry)
{
  if (pass->step != NULL)
    ps_hold_set_return_step (pass->holds, g_steal_pointer (&pass->step));
  else if (pass->number <= PS_REPORT_STEPS_MAX)
    {
      PsReportStep step = step_of_entry (pass, entry);

      ps_report_step_done (pass->report, &step, ps_clock_now_us () - pass->entered_us);
    }
}

/* The one that ps_pass_next() found is not called in this pass; a later event may still call it. */
static void
skip (PsPass *pass, const char *reason)
{
  /* Who is told may call exit(). */
  PsEntry *entry = g_steal_pointer (&pass->entry);
  PsReportStep step;

  pass->number++;
  pass->tally.skipped++;
  step = step_of_entry (pass, entry);
  ps_registry_unclaim (pass->registry, entry);
  ps_report_step_skipped (pass->report, &step, reason);
  ps_registry_unref_entry (entry);
}

/* Calls the one that ps_pass_next() found. TRUE: it chose what the process ends with. */
gboolean
ps_pass_call (PsPass *pass, const PsFacts *facts)
{
  PsEntry *entry = pass->entry;
  PsContext *context;
  gboolean chose;

  if (!have_context (pass))
    {
      skip (pass, NO_MEMORY);
      return FALSE;
    }

  pass->number++;
  pass->tally.run++;
  begin_callback (pass, entry);
  context = pass->context;
  fill_context (pass, entry, context, facts);
  g_atomic_pointer_set (&pass->at_work, context);
  ps_cancel_restore (pass->cancel_state);
  entry->is->callback (context, entry->user_data);
  ps_cancel_forbid ();
  /* Another thread ends the process, took it for lost, and left the context to us; see below. */
  if (!g_atomic_pointer_compare_and_exchange (&pass->at_work, context, NULL))
    {
      while (!g_atomic_int_get (&context->is_forsaken))
        sched_yield ();
      ps_context_unref (context);
      return FALSE;
    }

  /* It is over before anybody is told, who may call exit(), or for whom nobody waits. */
  ps_current_clear ();
  pass->entry = NULL;
  pass->context = NULL;
  chose = read_answers (pass, entry, context, facts);
  end_callback (pass, entry);
  context = ps_context_recycle (context);
  if (pass->context == NULL)
    pass->context = context;
  else if (context != NULL)
    ps_context_unref (context);
  ps_registry_unref_entry (entry);
  return chose;
}

/* From here on the callback's thread has no say. FALSE: none is at work; it may just have come back.
 */
gboolean
ps_pass_give_up (gpointer data)
{
  PsPass *pass = data;
  PsContext *context = g_atomic_pointer_get (&pass->at_work);

  if (context == NULL || !g_atomic_pointer_compare_and_exchange (&pass->at_work, context, NULL))
    return FALSE;
  g_atomic_int_set (&context->is_forsaken, TRUE);
  return TRUE;
}

/* The callback will not come back: it called exit(), or it is stuck in a thread that has lost its
 * say. What it may still refer to is not freed: by its context it learns that nobody waits for it.
 */
void
ps_pass_callback_is_gone (PsPass *pass)
{
  PsEntry *entry = g_steal_pointer (&pass->entry);

  if (entry == NULL)
    return;
  ps_current_clear ();
  /* By now, or when this thread took over. */
  ps_pass_give_up (pass);
  if (pass->context != NULL && g_atomic_int_get (&pass->context->is_forsaken))
    {
      pass->context = NULL;
      end_callback (pass, entry);
      return;
    }
  /* Who was told of its beginning has called exit(). */
  pass->tally.run--;
  pass->tally.skipped++;
  ps_registry_unclaim (pass->registry, entry);
}

static void
report_steps (PsPass *pass)
{
  PsStep *done;

  while ((done = ps_hold_set_take_step (pass->holds)) != NULL)
    {
      PsReportStep step = step_of (pass, done->event, done->name, 0, done->number);

      ps_report_step_done (pass->report, &step, done->ended_us - done->begun_us);
      ps_hold_set_free_step (pass->holds, done);
    }
}

static void
drop_holds_until (PsPass *pass, gint64 until_us, const char *reason)
{
  gint64 now_us = ps_clock_now_us ();
  PsHold *hold;

  while ((hold = ps_hold_set_drop (pass->holds, until_us)) != NULL)
    {
      const PsStep *owner = ps_hold_get_step (hold);
      PsReportStep step = step_of (pass, owner->event, owner->name, 0, owner->number);

      pass->tally.holds_dropped++;
      ps_report_hold_dropped (pass->report, &step, ps_hold_get_why (hold),
                              now_us - ps_hold_get_since_us (hold), reason);
      ps_hold_put (hold);
    }
  report_steps (pass);
}

/* Gives up on holds whose deadline has passed. Returns when the next one will. */
gint64
ps_pass_keep_time (PsPass *pass, gint64 now_us)
{
  if (ps_hold_set_is_idle (pass->holds))
    return PS_NEVER_US;
  drop_holds_until (pass, now_us, "its deadline has passed");
  return ps_hold_set_get_deadline_us (pass->holds);
}

void
ps_pass_drop_holds (PsPass *pass, const char *reason)
{
  drop_holds_until (pass, PS_NEVER_US, reason);
}

/* Says who is waited for, now and then. Returns when to do so again. */
gint64
ps_pass_tell_waiting (PsPass *pass, gint64 now_us)
{
  PsHold *hold = NULL;

  if (ps_hold_set_is_idle (pass->holds))
    return PS_NEVER_US;
  if (now_us < pass->tell_us)
    return pass->tell_us;
  hold = ps_hold_set_peek (pass->holds);
  if (hold == NULL)
    return PS_NEVER_US;

  if (pass->event != PS_EVENT_RELOAD)
    {
      const PsStep *owner = ps_hold_get_step (hold);
      PsReportStep step = step_of (pass, owner->event, owner->name, 0, owner->number);

      ps_report_waiting (pass->report, &step, ps_hold_get_why (hold),
                         now_us - ps_hold_get_since_us (hold));
    }
  ps_hold_put (hold);
  pass->tell_us = now_us + TELL_EVERY_US;
  return pass->tell_us;
}

void
ps_pass_skip_rest (PsPass *pass, const char *reason)
{
  while (ps_registry_next (pass->registry, FALSE, &pass->entry) == PS_NEXT_CALL)
    skip (pass, reason);
}
