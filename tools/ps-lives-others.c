/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What others tell of a life: the next start, systemd and systemd-coredump.
 *
 * Of the end the best informed has the last word: the next start, which knows what the process
 * wrote down and what systemd told the helper, goes before the process's own record, and that
 * before systemd's.
 */

#include "ps-lives-private.h"

#include <signal.h>
#include <string.h>

static void
keep_known (const char **to, const char *text)
{
  if (*text != '\0')
    *to = text;
}

static void
keep_number (gint64 *to, gint64 value)
{
  if (value != PS_UNKNOWN)
    *to = value;
}

/* Of a signal "9" and "KILL" are "SIGKILL"; the number of an exit stays one. */
static void
name_exit_status (PsLives *self, PsLife *life)
{
  const char *status = life->exit_status, *abbreviation = status;
  char name[32];
  gint64 number;

  if (*status == '\0' || strcmp (life->exit_code, "exited") == 0
      || g_str_has_prefix (status, "SIG"))
    return;
  if (g_ascii_string_to_signed (status, 10, 1, 64, &number, NULL))
    abbreviation = sigabbrev_np ((int) number);
  g_snprintf (name, sizeof name, "SIG%s", abbreviation != NULL ? abbreviation : status);
  life->exit_status = g_string_chunk_insert_const (self->texts, name);
}

void
ps_lives_tell_previous (PsLives *self, PsLife *life, const PsEntry *entry, PsFate fate)
{
  PsFate said;

  if (ps_fate_parse (entry->values[PS_KEY_VERDICT], &said))
    fate = said;
  keep_known (&life->service_result, ps_lives_keep (self, entry, PS_KEY_SERVICE_RESULT));
  keep_known (&life->exit_code, ps_lives_keep (self, entry, PS_KEY_EXIT_CODE));
  keep_known (&life->exit_status, ps_lives_keep (self, entry, PS_KEY_EXIT_STATUS));
  name_exit_status (self, life);
  keep_number (&life->status, ps_entry_get_int (entry, PS_KEY_STATUS, PS_UNKNOWN));
  if (*life->why.signal == '\0' && entry->values[PS_KEY_SIGNAL] != NULL)
    {
      ps_lives_tell_why (self, &life->why, entry);
      if (*life->why.kind == '\0')
        life->why.kind = fate == PS_FATE_CRASHED ? "crash" : "signal";
    }
  if (*life->last_step == '\0')
    ps_lives_tell_last_step (self, life, entry);
  if (fate == PS_FATE_UNKNOWN && life->fate != PS_FATE_RUNNING)
    return;
  life->fate = fate;
  if (life->teller == PS_TOLD_BY_NOBODY)
    life->teller = PS_TOLD_BY_NEXT_START;
  if (life->ends_exactly)
    return;
  keep_number (&life->ended_us, ps_entry_get_int (entry, PS_KEY_PREVIOUS_ENDED, PS_UNKNOWN));
  keep_number (&life->lived_us, ps_entry_get_int (entry, PS_KEY_LIVED, PS_UNKNOWN));
}

static gboolean
is_main_process (const PsEntry *entry)
{
  const char *command = entry->values[PS_KEY_MANAGER_COMMAND];

  return command == NULL || strcmp (command, "n/a") == 0 || strcmp (command, "ExecStart") == 0;
}

void
ps_lives_tell_manager (PsLives *self, PsLife *life, const PsEntry *entry, const char *what)
{
  if (strcmp (what, "process-exit") == 0)
    {
      if (!is_main_process (entry))
        return;
      life->exit_code = ps_lives_keep (self, entry, PS_KEY_MANAGER_EXIT_CODE);
      life->exit_status = ps_lives_keep (self, entry, PS_KEY_MANAGER_EXIT_STATUS);
      name_exit_status (self, life);
    }
  else if (strcmp (what, "success") == 0)
    life->service_result = "success";
  else if (strcmp (what, "out-of-memory") == 0)
    life->service_result = "oom-kill";
  else
    keep_known (&life->service_result, ps_lives_keep (self, entry, PS_KEY_MANAGER_UNIT_RESULT));
  if (life->ends_exactly)
    return;
  life->ended_us = entry->realtime_us;
  life->ended_monotonic_us = ps_entry_get_sent_us (entry);
  life->ends_exactly = TRUE;
}

void
ps_lives_tell_coredump (PsLives *self, PsLife *life, const PsEntry *entry)
{
  life->has_core = TRUE;
  if (*life->why.signal == '\0')
    {
      life->why.kind = "crash";
      life->why.signal = ps_lives_keep (self, entry, PS_KEY_COREDUMP_SIGNAL_NAME);
    }
  if (life->fate == PS_FATE_RUNNING || life->fate == PS_FATE_UNKNOWN)
    ps_lives_tell_end (life, entry, PS_FATE_CRASHED, PS_TOLD_BY_COREDUMP);
}
