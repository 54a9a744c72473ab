/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * When all records are there: what of a life is not told follows from the rest, lives are put in
 * order, and times of steps are counted from the exit's begin.
 *
 * Order: by when a boot began, as its first record has it, and within it by the monotonic clock.
 * A clock that somebody sets, or that is wrong until the network is there, so never turns two lives
 * of a boot around. Lives that compare equal stay as the journal has them.
 */

#include "ps-lives-private.h"

#include <string.h>

static gboolean
is_crash_signal (const char *name)
{
  static const char *const names[] = { "SIGSEGV", "SIGBUS",  "SIGFPE", "SIGILL",
                                       "SIGABRT", "SIGTRAP", "SIGSYS" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (names[i], name) == 0)
      return TRUE;
  return FALSE;
}

static void
decide_by_process_exit (PsLife *life)
{
  gint64 status;

  if (strcmp (life->exit_code, "exited") == 0)
    {
      if (g_ascii_string_to_signed (life->exit_status, 10, 0, 255, &status, NULL))
        life->status = status;
      life->fate = life->status == 0 ? PS_FATE_CLEAN : PS_FATE_QUIT;
      return;
    }
  if (*life->why.signal == '\0')
    {
      life->why.kind = "signal";
      life->why.signal = life->exit_status;
    }
  life->fate = strcmp (life->exit_code, "dumped") == 0 || is_crash_signal (life->exit_status)
                   ? PS_FATE_CRASHED
                   : PS_FATE_KILLED;
}

/* Of a life whose own last record is missing; and of one that systemd had crash. */
static void
decide_by_manager (PsLife *life)
{
  if (life->fate == PS_FATE_CRASHED && strcmp (life->service_result, "watchdog") == 0)
    life->fate = PS_FATE_WATCHDOG;
  if (life->fate != PS_FATE_RUNNING)
    return;
  if (strcmp (life->service_result, "oom-kill") == 0)
    life->fate = PS_FATE_OUT_OF_MEMORY;
  else if (strcmp (life->service_result, "watchdog") == 0)
    life->fate = PS_FATE_WATCHDOG;
  else if (*life->exit_code != '\0')
    decide_by_process_exit (life);
  else if (*life->service_result != '\0')
    life->fate = PS_FATE_UNKNOWN;
  if (life->fate == PS_FATE_RUNNING)
    return;
  life->teller = PS_TOLD_BY_MANAGER;
  if (strcmp (life->service_result, "timeout") == 0 && *life->reason == '\0')
    life->reason = "systemd's timeout";
}

/* A unit has one life at a time; what began before the last one is over. */
static void
decide_by_successor (PsLives *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = self->lives->len; i-- > 0;)
    {
      PsLife *life = g_ptr_array_index (self->lives, i), *newer;
      char *name;

      if (*life->unit == '\0')
        continue;
      name =
          g_strdup_printf ("%s %" G_GINT64_FORMAT " %s", life->machine_id, life->uid, life->unit);
      newer = g_hash_table_lookup (seen, name);
      if (life->fate == PS_FATE_RUNNING && newer != NULL
          && strcmp (newer->invocation_id, life->invocation_id) != 0)
        life->fate = PS_FATE_UNKNOWN;
      g_hash_table_replace (seen, name, life);
    }
}

static void
decide_by_boot (PsLives *self, PsIsBootOver is_boot_over, gpointer user_data)
{
  for (guint i = 0; i < self->lives->len; i++)
    {
      PsLife *life = g_ptr_array_index (self->lives, i);

      if (life->fate != PS_FATE_RUNNING || *life->boot_id == '\0'
          || !is_boot_over (life->machine_id, life->boot_id, user_data))
        continue;
      life->fate = PS_FATE_POWER_LOSS;
      life->teller = PS_TOLD_BY_BOOT;
    }
}

static void
count_time (PsLife *life)
{
  if (life->lived_us != PS_UNKNOWN)
    return;
  if (!life->has_begin)
    return;
  if (life->begun_monotonic_us >= 0 && life->ended_monotonic_us >= life->begun_monotonic_us)
    life->lived_us = life->ended_monotonic_us - life->begun_monotonic_us;
  else if (life->ended_us >= life->begun_us)
    life->lived_us = life->ended_us - life->begun_us;
}

static void
rebase_step (PsStep *step, gint64 begin_us)
{
  if (step->is_begun)
    step->begun_us -= begin_us;
  if (step->is_done)
    step->done_us -= begin_us;
  for (guint i = 0; step->holds != NULL && i < step->holds->len; i++)
    g_array_index (step->holds, PsHoldDropped, i).at_us -= begin_us;
}

static void
rebase (PsLife *life)
{
  gint64 begin_us = life->exit_begun_monotonic_us;

  if (begin_us == PS_UNKNOWN)
    begin_us = life->ended_monotonic_us != PS_UNKNOWN ? life->ended_monotonic_us
                                                      : life->begun_monotonic_us;
  for (guint i = 0; life->steps != NULL && i < life->steps->len; i++)
    rebase_step (g_ptr_array_index (life->steps, i), begin_us);
  for (guint i = 0; life->notes != NULL && i < life->notes->len; i++)
    ((PsNote *) g_ptr_array_index (life->notes, i))->at_us -= begin_us;
}

/* The step that was running when it ended without a word of its own. */
static void
find_last_step (PsLife *life)
{
  if (*life->last_step != '\0' || life->fate == PS_FATE_RUNNING || life->steps == NULL)
    return;
  for (guint i = life->steps->len; i-- > 0;)
    {
      const PsStep *step = g_ptr_array_index (life->steps, i);

      if (step->is_begun && !step->is_done && step->skipped == NULL)
        {
          life->last_step = step->name;
          return;
        }
    }
}

static int
compare_lives (gconstpointer a, gconstpointer b)
{
  const PsLife *first = *(const PsLife *const *) a, *second = *(const PsLife *const *) b;

  return (first->order_us > second->order_us) - (first->order_us < second->order_us);
}

static void
number_runs (PsLives *self)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = self->lives->len; i-- > 0;)
    {
      PsLife *life = g_ptr_array_index (self->lives, i);
      char *name =
          g_strdup_printf ("%s %s", life->host, *life->unit != '\0' ? life->unit : life->program);

      life->run = GPOINTER_TO_UINT (g_hash_table_lookup (counts, name)) + 1;
      g_hash_table_replace (counts, name, GUINT_TO_POINTER (life->run));
    }
}

void
ps_lives_finish (PsLives *self, PsIsBootOver is_boot_over, gpointer user_data)
{
  for (guint i = 0; i < self->lives->len; i++)
    decide_by_manager (g_ptr_array_index (self->lives, i));
  g_ptr_array_sort (self->lives, compare_lives);
  if (is_boot_over != NULL)
    decide_by_boot (self, is_boot_over, user_data);
  decide_by_successor (self);
  for (guint i = 0; i < self->lives->len; i++)
    {
      PsLife *life = g_ptr_array_index (self->lives, i);

      find_last_step (life);
      count_time (life);
      rebase (life);
    }
  number_runs (self);
}
