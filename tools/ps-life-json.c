/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The keys are documented in docs/psctl.md and stay: all of them are always there, null where
 * nothing is known; new ones may come. Times are microseconds, as in the journal.
 */

#include "ps-life-text.h"

static void
write_why (PsJson *json, const PsLife *life)
{
  const PsWhy *why = &life->why;

  ps_json_string (json, "cause", why->kind);
  ps_json_string (json, "signal", why->signal);
  if (why->has_value)
    ps_json_int (json, "signal_value", why->value);
  else
    ps_json_null (json, "signal_value");
  ps_json_known (json, "code", why->code);
  ps_json_known (json, "sender_pid", why->sender_pid);
  ps_json_known (json, "sender_uid", why->sender_uid);
  ps_json_string (json, "sender_comm", why->sender_comm);
  ps_json_string (json, "sender_unit", why->sender_unit);
  ps_json_string (json, "sender_user_unit", why->sender_user_unit);
}

static void
write_whose (PsJson *json, const PsLife *life)
{
  ps_json_string (json, "unit", life->unit);
  ps_json_string (json, "program", life->program);
  ps_json_string (json, "host", life->host);
  ps_json_int (json, "run", life->run);
  ps_json_string (json, "machine_id", life->machine_id);
  ps_json_string (json, "boot_id", life->boot_id);
  ps_json_string (json, "invocation_id", life->invocation_id);
  ps_json_known (json, "pid", life->pid);
  ps_json_known (json, "uid", life->uid);
  ps_json_string (json, "version", life->version);
}

static void
write_end (PsJson *json, const PsLife *life)
{
  ps_json_string (json, "verdict", ps_fate_word (life->fate));
  ps_json_string (json, "told_by", ps_teller_word (life->teller));
  ps_json_known (json, "begun_us", life->has_begin ? life->begun_us : PS_UNKNOWN);
  ps_json_known (json, "exit_begun_us", life->exit_begun_us);
  ps_json_known (json, "ended_us", life->ended_us);
  ps_json_bool (json, "ended_exactly", life->ends_exactly);
  ps_json_known (json, "lived_us", life->lived_us);
  ps_json_known (json, "exit_duration_us", life->exit_duration_us);
  ps_json_known (json, "deadline_us", life->deadline_us);
  ps_json_known (json, "status", life->status);
  ps_json_string (json, "reason", life->reason);
  ps_json_string (json, "last_step", life->last_step);
  ps_json_known (json, "last_step_us", life->last_step_us);
  ps_json_string (json, "service_result", life->service_result);
  ps_json_string (json, "exit_code", life->exit_code);
  ps_json_string (json, "exit_status", life->exit_status);
  ps_json_bool (json, "core", life->has_core);
}

static void
write_counts (PsJson *json, const PsLife *life)
{
  ps_json_known (json, "steps_run", life->steps_run);
  ps_json_known (json, "steps_skipped", life->steps_skipped);
  ps_json_known (json, "steps_failed", life->steps_failed);
  ps_json_known (json, "holds_dropped", life->holds_dropped);
  ps_json_known (json, "signals_again", life->signals_again);
  ps_json_known (json, "signals_lost", life->signals_lost);
  ps_json_known (json, "records_lost", life->records_lost);
  ps_json_known (json, "notifies_lost", life->notifies_lost);
  ps_json_string (json, "settled_by", life->settled_by);
  ps_json_known (json, "clauses_done", life->clauses_done);
  ps_json_known (json, "clauses_skipped", life->clauses_skipped);
  ps_json_known (json, "clauses_failed", life->clauses_failed);
}

static void
write_crash (PsJson *json, const PsCrashRecord *crash)
{
  if (crash == NULL)
    {
      ps_json_null (json, "crash");
      return;
    }
  ps_json_begin (json, "crash", '{');
  ps_json_string (json, "signal", crash->signal);
  ps_json_string (json, "reason", crash->reason);
  ps_json_string (json, "origin", crash->origin);
  ps_json_string (json, "address", crash->address);
  ps_json_known (json, "thread_id", crash->thread_id);
  ps_json_string (json, "thread_name", crash->thread_name);
  ps_json_string (json, "abort_message", crash->abort_message);
  ps_json_string (json, "event", crash->event);
  ps_json_string (json, "step", crash->step);
  ps_json_known (json, "step_us", crash->step_us);
  ps_json_string (json, "backtrace", crash->backtrace);
  ps_json_string (json, "not_run", crash->not_run);
  ps_json_bool (json, "nested", crash->is_nested);
  ps_json_end (json, '}');
}

static void
write_time (PsJson *json, const char *key, gboolean is_known, gint64 time_us)
{
  if (is_known)
    ps_json_int (json, key, time_us);
  else
    ps_json_null (json, key);
}

static void
write_step (PsJson *json, const PsStep *step)
{
  ps_json_begin (json, NULL, '{');
  ps_json_known (json, "number", step->number);
  ps_json_string (json, "event", step->event);
  ps_json_string (json, "name", step->name);
  write_time (json, "priority", step->has_priority, step->priority);
  write_time (json, "begun_us", step->is_begun, step->begun_us);
  write_time (json, "done_us", step->is_done, step->done_us);
  ps_json_known (json, "duration_us", step->duration_us);
  ps_json_string (json, "skipped", step->skipped);
  ps_json_string (json, "error", step->error);
  ps_json_begin (json, "holds_dropped", '[');
  for (guint i = 0; step->holds != NULL && i < step->holds->len; i++)
    {
      const PsHoldDropped *hold = &g_array_index (step->holds, PsHoldDropped, i);

      ps_json_begin (json, NULL, '{');
      ps_json_string (json, "why", hold->why);
      ps_json_string (json, "reason", hold->reason);
      ps_json_known (json, "duration_us", hold->duration_us);
      ps_json_int (json, "at_us", hold->at_us);
      ps_json_end (json, '}');
    }
  ps_json_end (json, ']');
  ps_json_end (json, '}');
}

static void
write_steps (PsJson *json, const PsLife *life)
{
  ps_json_begin (json, "steps", '[');
  for (guint i = 0; life->steps != NULL && i < life->steps->len; i++)
    write_step (json, g_ptr_array_index (life->steps, i));
  ps_json_end (json, ']');
  ps_json_begin (json, "notes", '[');
  for (guint i = 0; life->notes != NULL && i < life->notes->len; i++)
    {
      const PsNote *note = g_ptr_array_index (life->notes, i);

      ps_json_begin (json, NULL, '{');
      ps_json_string (json, "kind", note->kind);
      ps_json_int (json, "at_us", note->at_us);
      ps_json_string (json, "text", note->text);
      ps_json_end (json, '}');
    }
  ps_json_end (json, ']');
}

void
ps_life_json (PsJson *json, const PsLife *life, gboolean is_whole)
{
  write_whose (json, life);
  write_end (json, life);
  write_why (json, life);
  write_counts (json, life);
  if (!is_whole)
    return;
  write_crash (json, life->crash);
  write_steps (json, life);
}
