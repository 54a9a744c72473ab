/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A life owns its containers; its texts belong to who collects lives, which keeps each text once:
 * units, programs, steps and hosts are few, lives are many.
 */

#include "ps-life.h"

static const char *const fates[PS_N_FATES] = {
  [PS_FATE_RUNNING] = "running",
  [PS_FATE_CLEAN] = "clean",
  [PS_FATE_TERMINATED] = "terminated",
  [PS_FATE_QUIT] = "quit",
  [PS_FATE_CRASHED] = "crashed",
  [PS_FATE_KILLED] = "killed",
  [PS_FATE_OUT_OF_MEMORY] = "out-of-memory",
  [PS_FATE_WATCHDOG] = "watchdog",
  [PS_FATE_FORCED] = "forced",
  [PS_FATE_POWER_LOSS] = "power-loss",
  [PS_FATE_UNKNOWN] = "unknown",
};

const char *
ps_fate_word (PsFate fate)
{
  return fates[fate];
}

gboolean
ps_fate_parse (const char *word, PsFate *fate)
{
  for (int i = 0; i < PS_N_FATES; i++)
    if (g_strcmp0 (word, fates[i]) == 0)
      {
        *fate = (PsFate) i;
        return TRUE;
      }
  return FALSE;
}

const char *
ps_teller_word (PsTeller teller)
{
  switch (teller)
    {
    case PS_TOLD_BY_NOBODY:
      return "nobody";
    case PS_TOLD_BY_PROCESS:
      return "process";
    case PS_TOLD_BY_MANAGER:
      return "manager";
    case PS_TOLD_BY_COREDUMP:
      return "coredump";
    case PS_TOLD_BY_NEXT_START:
      return "next-start";
    case PS_TOLD_BY_BOOT:
      return "boot";
    }
  return "nobody";
}

gboolean
ps_life_is_over (const PsLife *life)
{
  return life->fate != PS_FATE_RUNNING;
}

static void
free_step (gpointer data)
{
  PsStep *step = data;

  g_clear_pointer (&step->holds, g_array_unref);
  g_free (step);
}

PsLife *
ps_life_new (void)
{
  PsLife *life = g_new0 (PsLife, 1);

  life->unit = life->program = life->version = life->host = "";
  life->machine_id = life->boot_id = life->invocation_id = "";
  life->why.kind = life->why.signal = life->why.sender_comm = "";
  life->why.sender_unit = life->why.sender_user_unit = "";
  life->why.code = life->why.sender_pid = life->why.sender_uid = PS_UNKNOWN;
  life->reason = life->last_step = "";
  life->service_result = life->exit_code = life->exit_status = life->settled_by = "";
  life->pid = life->uid = PS_UNKNOWN;
  life->begun_us = life->exit_begun_us = life->ended_us = life->lived_us = PS_UNKNOWN;
  life->begun_monotonic_us = life->exit_begun_monotonic_us = PS_UNKNOWN;
  life->ended_monotonic_us = PS_UNKNOWN;
  life->deadline_us = PS_UNKNOWN;
  life->status = life->exit_duration_us = life->last_step_us = life->n_steps = PS_UNKNOWN;
  life->steps_run = life->steps_skipped = life->steps_failed = PS_UNKNOWN;
  life->holds_dropped = life->signals_again = life->signals_lost = PS_UNKNOWN;
  life->records_lost = life->notifies_lost = PS_UNKNOWN;
  life->clauses_done = life->clauses_skipped = life->clauses_failed = PS_UNKNOWN;
  return life;
}

void
ps_life_free (PsLife *life)
{
  if (life == NULL)
    return;
  g_clear_pointer (&life->steps, g_ptr_array_unref);
  g_clear_pointer (&life->notes, g_ptr_array_unref);
  g_free (life->crash);
  g_free (life);
}

/* By number and event, since the callbacks of a query, a reload and an exit are counted anew. */
PsStep *
ps_life_get_step (PsLife *life, gint64 number, const char *event, const char *name)
{
  PsStep *step;

  if (life->steps == NULL)
    life->steps = g_ptr_array_new_with_free_func (free_step);
  for (guint i = life->steps->len; i-- > 0;)
    {
      step = g_ptr_array_index (life->steps, i);
      if ((number == PS_UNKNOWN || step->number == number) && g_str_equal (step->event, event)
          && g_str_equal (step->name, name))
        return step;
    }
  step = g_new0 (PsStep, 1);
  step->name = name;
  step->event = event;
  step->number = number;
  step->begun_us = step->done_us = step->duration_us = PS_UNKNOWN;
  g_ptr_array_add (life->steps, step);
  return step;
}

void
ps_life_note (PsLife *life, const PsNote *note)
{
  if (life->notes == NULL)
    life->notes = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (life->notes, g_memdup2 (note, sizeof *note));
}
