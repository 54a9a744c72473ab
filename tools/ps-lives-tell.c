/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a record of its own says of a life. The first cause is kept, as the library keeps it.
 *
 * Until all is read, times of steps and notes are those of the monotonic clock; ps-lives-finish.c
 * counts them from the exit's begin.
 */

#include "ps-lives-private.h"

#include <string.h>

/* More than an exit tells of; what comes from a forger need not be kept. */
#define STEPS_MAX 512
#define NOTES_MAX 512

void
ps_lives_tell_why (PsLives *self, PsWhy *why, const PsEntry *entry)
{
  const char *value = entry->values[PS_KEY_SIGNAL_VALUE];

  why->kind = ps_lives_keep (self, entry, PS_KEY_CAUSE);
  why->signal = ps_lives_keep (self, entry, PS_KEY_SIGNAL);
  why->has_value = value != NULL;
  why->value = ps_entry_get_int (entry, PS_KEY_SIGNAL_VALUE, 0);
  why->code = ps_entry_get_int (entry, PS_KEY_CODE, PS_UNKNOWN);
  why->sender_pid = ps_entry_get_int (entry, PS_KEY_SENDER_PID, PS_UNKNOWN);
  why->sender_uid = ps_entry_get_int (entry, PS_KEY_SENDER_UID, PS_UNKNOWN);
  why->sender_comm = ps_lives_keep (self, entry, PS_KEY_SENDER_COMM);
  why->sender_unit = ps_lives_keep (self, entry, PS_KEY_SENDER_UNIT);
  why->sender_user_unit = ps_lives_keep (self, entry, PS_KEY_SENDER_USER_UNIT);
}

void
ps_lives_tell_end (PsLife *life, const PsEntry *entry, PsFate fate, PsTeller teller)
{
  life->fate = fate;
  life->teller = teller;
  life->ended_us = entry->realtime_us;
  life->ended_monotonic_us = ps_entry_get_sent_us (entry);
  life->ends_exactly = TRUE;
}

static void
tell_exit_begun (PsLives *self, PsLife *life, const PsEntry *entry)
{
  if (life->exit_begun_us >= 0)
    return;
  life->exit_begun_us = entry->realtime_us;
  life->exit_begun_monotonic_us = ps_entry_get_sent_us (entry);
  life->n_steps = ps_entry_get_int (entry, PS_KEY_STEPS, PS_UNKNOWN);
  life->deadline_us = ps_entry_get_int (entry, PS_KEY_DEADLINE, PS_UNKNOWN);
  ps_lives_tell_why (self, &life->why, entry);
}

static PsFate
orderly_fate (const PsLife *life)
{
  if (strcmp (life->why.kind, "signal") == 0)
    return PS_FATE_TERMINATED;
  return life->status == 0 ? PS_FATE_CLEAN : PS_FATE_QUIT;
}

static void
tell_exit_finished (PsLives *self, PsLife *life, const PsEntry *entry)
{
  if (*life->why.kind == '\0')
    ps_lives_tell_why (self, &life->why, entry);
  life->status = ps_entry_get_int (entry, PS_KEY_STATUS, PS_UNKNOWN);
  life->exit_duration_us = ps_entry_get_int (entry, PS_KEY_DURATION, PS_UNKNOWN);
  life->steps_run = ps_entry_get_int (entry, PS_KEY_STEPS_RUN, PS_UNKNOWN);
  life->steps_skipped = ps_entry_get_int (entry, PS_KEY_STEPS_SKIPPED, PS_UNKNOWN);
  life->steps_failed = ps_entry_get_int (entry, PS_KEY_STEPS_FAILED, PS_UNKNOWN);
  life->holds_dropped = ps_entry_get_int (entry, PS_KEY_HOLDS_DROPPED, PS_UNKNOWN);
  life->signals_again = ps_entry_get_int (entry, PS_KEY_SIGNALS_AGAIN, PS_UNKNOWN);
  life->signals_lost = ps_entry_get_int (entry, PS_KEY_SIGNALS_LOST, PS_UNKNOWN);
  life->records_lost = ps_entry_get_int (entry, PS_KEY_RECORDS_LOST, PS_UNKNOWN);
  life->notifies_lost = ps_entry_get_int (entry, PS_KEY_NOTIFIES_LOST, PS_UNKNOWN);
  ps_lives_tell_end (life, entry, orderly_fate (life), PS_TOLD_BY_PROCESS);
}

void
ps_lives_tell_last_step (PsLives *self, PsLife *life, const PsEntry *entry)
{
  if (entry->values[PS_KEY_STEP] == NULL)
    return;
  life->last_step = ps_lives_keep (self, entry, PS_KEY_STEP);
  life->last_step_us = ps_entry_get_int (entry, PS_KEY_DURATION, PS_UNKNOWN);
}

static void
tell_exit_forced (PsLives *self, PsLife *life, const PsEntry *entry)
{
  life->status = ps_entry_get_int (entry, PS_KEY_STATUS, PS_UNKNOWN);
  life->reason = ps_lives_keep (self, entry, PS_KEY_REASON);
  ps_lives_tell_last_step (self, life, entry);
  ps_lives_tell_end (life, entry, PS_FATE_FORCED, PS_TOLD_BY_PROCESS);
}

static void
tell_crashed (PsLives *self, PsLife *life, const PsEntry *entry)
{
  PsCrashRecord *crash = life->crash;

  if (crash != NULL)
    return;
  crash = life->crash = g_new0 (PsCrashRecord, 1);
  crash->signal = ps_lives_keep (self, entry, PS_KEY_SIGNAL);
  crash->reason = ps_lives_keep (self, entry, PS_KEY_REASON);
  crash->origin = ps_lives_keep (self, entry, PS_KEY_ORIGIN);
  crash->address = ps_lives_keep (self, entry, PS_KEY_ADDRESS);
  crash->thread_id = ps_entry_get_int (entry, PS_KEY_THREAD_ID, PS_UNKNOWN);
  crash->thread_name = ps_lives_keep (self, entry, PS_KEY_THREAD_NAME);
  crash->abort_message = ps_lives_keep (self, entry, PS_KEY_ABORT_MESSAGE);
  crash->backtrace = ps_lives_keep_account (self, entry, PS_KEY_BACKTRACE);
  crash->not_run = ps_lives_keep_account (self, entry, PS_KEY_NOT_RUN);
  crash->event = ps_lives_keep (self, entry, PS_KEY_EVENT);
  crash->step = ps_lives_keep (self, entry, PS_KEY_STEP);
  crash->step_us = ps_entry_get_int (entry, PS_KEY_DURATION, PS_UNKNOWN);
  crash->steps_skipped = ps_entry_get_int (entry, PS_KEY_STEPS_SKIPPED, PS_UNKNOWN);
  crash->is_nested = entry->values[PS_KEY_NESTED_CRASH] != NULL;
  ps_lives_tell_last_step (self, life, entry);
  if (*life->why.kind == '\0')
    ps_lives_tell_why (self, &life->why, entry);
  ps_lives_tell_end (life, entry, PS_FATE_CRASHED, PS_TOLD_BY_PROCESS);
}

static void
tell_will_done (PsLives *self, PsLife *life, const PsEntry *entry)
{
  life->is_settled = TRUE;
  life->settled_by = ps_lives_keep (self, entry, PS_KEY_SETTLED_BY);
  life->clauses_done = ps_entry_get_int (entry, PS_KEY_CLAUSES_DONE, PS_UNKNOWN);
  life->clauses_skipped = ps_entry_get_int (entry, PS_KEY_CLAUSES_SKIPPED, PS_UNKNOWN);
  life->clauses_failed = ps_entry_get_int (entry, PS_KEY_CLAUSES_FAILED, PS_UNKNOWN);
}

/* --- Steps ----------------------------------------------------------------------------------- */

/* Of an exit, or of a query that may become one; reloads and what comes of a veto are life. */
static gboolean
is_of_exit (const PsLife *life, const char *event)
{
  if (life->exit_begun_us < 0)
    return g_strcmp0 (event, "query") == 0;
  return g_strcmp0 (event, "reload") != 0 && g_strcmp0 (event, "resume") != 0;
}

static void
drop_hold (PsLives *self, PsStep *step, const PsEntry *entry)
{
  const PsHoldDropped hold = {
    .why = ps_lives_keep (self, entry, PS_KEY_HOLD_WHY),
    .reason = ps_lives_keep (self, entry, PS_KEY_REASON),
    .duration_us = ps_entry_get_int (entry, PS_KEY_DURATION, PS_UNKNOWN),
    .at_us = ps_entry_get_sent_us (entry),
  };

  if (step->holds == NULL)
    step->holds = g_array_new (FALSE, FALSE, sizeof (PsHoldDropped));
  if (step->holds->len < NOTES_MAX)
    g_array_append_val (step->holds, hold);
}

static void
tell_step (PsLives *self, PsLife *life, const PsEntry *entry, PsKind kind)
{
  gint64 now_us = ps_entry_get_sent_us (entry);
  PsStep *step;

  if (self->detail == PS_LIVES_PLAIN || !is_of_exit (life, entry->values[PS_KEY_EVENT])
      || (life->steps != NULL && life->steps->len >= STEPS_MAX))
    return;
  step = ps_life_get_step (life, ps_entry_get_int (entry, PS_KEY_STEP_NUMBER, PS_UNKNOWN),
                           ps_lives_keep (self, entry, PS_KEY_EVENT),
                           ps_lives_keep (self, entry, PS_KEY_STEP));
  if (kind == PS_KIND_STEP_BEGUN)
    {
      step->is_begun = TRUE;
      step->begun_us = now_us;
      step->has_priority = entry->values[PS_KEY_STEP_PRIORITY] != NULL;
      step->priority = ps_entry_get_int (entry, PS_KEY_STEP_PRIORITY, 0);
    }
  else if (kind == PS_KIND_STEP_DONE)
    {
      step->is_done = TRUE;
      step->done_us = now_us;
      step->duration_us = ps_entry_get_int (entry, PS_KEY_DURATION, PS_UNKNOWN);
    }
  else if (kind == PS_KIND_STEP_SKIPPED)
    step->skipped = ps_lives_keep (self, entry, PS_KEY_REASON);
  else if (kind == PS_KIND_CALLBACK_FAILED)
    step->error = ps_lives_keep (self, entry, PS_KEY_ERROR);
  else
    drop_hold (self, step, entry);
}

static void
tell_note (PsLives *self, PsLife *life, const PsEntry *entry, const char *word)
{
  const PsNote note = {
    .at_us = ps_entry_get_sent_us (entry),
    .realtime_us = entry->realtime_us,
    .kind = word,
    .text = ps_lives_keep (self, entry, PS_KEY_MESSAGE),
  };

  if (self->detail != PS_LIVES_PLAIN && (life->notes == NULL || life->notes->len < NOTES_MAX))
    ps_life_note (life, &note);
}

void
ps_lives_tell (PsLives *self, PsLife *life, const PsEntry *entry, const PsKindEntry *kind)
{
  if (kind->word != NULL)
    tell_note (self, life, entry, kind->word);
  switch (kind->kind)
    {
    case PS_KIND_RUN_BEGUN:
      life->has_begin = TRUE;
      break;
    case PS_KIND_EXIT_BEGUN:
      tell_exit_begun (self, life, entry);
      break;
    case PS_KIND_EXIT_FINISHED:
      tell_exit_finished (self, life, entry);
      break;
    case PS_KIND_EXIT_FORCED:
      tell_exit_forced (self, life, entry);
      break;
    case PS_KIND_CRASHED:
      tell_crashed (self, life, entry);
      break;
    case PS_KIND_WILL_DONE:
      tell_will_done (self, life, entry);
      break;
    case PS_KIND_EXIT_VETOED:
      /* That query was none of the exit that came at last. */
      g_clear_pointer (&life->steps, g_ptr_array_unref);
      break;
    case PS_KIND_STEP_BEGUN:
    case PS_KIND_STEP_DONE:
    case PS_KIND_STEP_SKIPPED:
    case PS_KIND_HOLD_DROPPED:
    case PS_KIND_CALLBACK_FAILED:
      tell_step (self, life, entry, kind->kind);
      break;
    case PS_KIND_NONE:
    case PS_KIND_NOTE:
    case PS_KIND_PREVIOUS:
    case PS_KIND_MANAGER:
    case PS_KIND_COREDUMP:
      break;
    }
}
