/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which fields matter, once, as a sorted table that is indexed by what they are called here: an
 * entry with a hundred thousand fields costs as many look-ups of a few comparisons, and the memory
 * of those that are in the table.
 */

#include "ps-entry.h"

#include <string.h>

static const char *const names[PS_N_KEYS] = {
  [PS_KEY_MANAGER_COMMAND] = "COMMAND",
  [PS_KEY_COREDUMP_PID] = "COREDUMP_PID",
  [PS_KEY_COREDUMP_SIGNAL_NAME] = "COREDUMP_SIGNAL_NAME",
  [PS_KEY_COREDUMP_UNIT] = "COREDUMP_UNIT",
  [PS_KEY_COREDUMP_USER_UNIT] = "COREDUMP_USER_UNIT",
  [PS_KEY_MANAGER_EXIT_CODE] = "EXIT_CODE",
  [PS_KEY_MANAGER_EXIT_STATUS] = "EXIT_STATUS",
  [PS_KEY_MANAGER_INVOCATION_ID] = "INVOCATION_ID",
  [PS_KEY_MESSAGE] = "MESSAGE",
  [PS_KEY_MESSAGE_ID] = "MESSAGE_ID",
  [PS_KEY_ABORT_MESSAGE] = "PS_ABORT_MESSAGE",
  [PS_KEY_ADDRESS] = "PS_ADDRESS",
  [PS_KEY_BACKTRACE] = "PS_BACKTRACE",
  [PS_KEY_CAUSE] = "PS_CAUSE",
  [PS_KEY_CLAUSE] = "PS_CLAUSE",
  [PS_KEY_CLAUSES_DONE] = "PS_CLAUSES_DONE",
  [PS_KEY_CLAUSES_FAILED] = "PS_CLAUSES_FAILED",
  [PS_KEY_CLAUSES_SKIPPED] = "PS_CLAUSES_SKIPPED",
  [PS_KEY_CLAUSE_PATH] = "PS_CLAUSE_PATH",
  [PS_KEY_CLAUSE_VERB] = "PS_CLAUSE_VERB",
  [PS_KEY_CODE] = "PS_CODE",
  [PS_KEY_DEADLINE] = "PS_DEADLINE_USEC",
  [PS_KEY_DURATION] = "PS_DURATION_USEC",
  [PS_KEY_ERROR] = "PS_ERROR",
  [PS_KEY_EVENT] = "PS_EVENT",
  [PS_KEY_EXIT_CODE] = "PS_EXIT_CODE",
  [PS_KEY_EXIT_STATUS] = "PS_EXIT_STATUS",
  [PS_KEY_HOLDS_DROPPED] = "PS_HOLDS_DROPPED",
  [PS_KEY_HOLD_WHY] = "PS_HOLD_WHY",
  [PS_KEY_INVOCATION_ID] = "PS_INVOCATION_ID",
  [PS_KEY_LIVED] = "PS_LIVED_USEC",
  [PS_KEY_NESTED_CRASH] = "PS_NESTED_CRASH",
  [PS_KEY_NOTIFIES_LOST] = "PS_NOTIFIES_LOST",
  [PS_KEY_NOT_RUN] = "PS_NOT_RUN",
  [PS_KEY_ORIGIN] = "PS_ORIGIN",
  [PS_KEY_PREVIOUS_BEGUN] = "PS_PREVIOUS_BEGUN_USEC",
  [PS_KEY_PREVIOUS_ENDED] = "PS_PREVIOUS_ENDED_USEC",
  [PS_KEY_PREVIOUS_INVOCATION_ID] = "PS_PREVIOUS_INVOCATION_ID",
  [PS_KEY_PREVIOUS_PID] = "PS_PREVIOUS_PID",
  [PS_KEY_PROGRAM] = "PS_PROGRAM",
  [PS_KEY_REASON] = "PS_REASON",
  [PS_KEY_RECORDS_LOST] = "PS_RECORDS_LOST",
  [PS_KEY_SENDER_COMM] = "PS_SENDER_COMM",
  [PS_KEY_SENDER_PID] = "PS_SENDER_PID",
  [PS_KEY_SENDER_UID] = "PS_SENDER_UID",
  [PS_KEY_SENDER_UNIT] = "PS_SENDER_UNIT",
  [PS_KEY_SENDER_USER_UNIT] = "PS_SENDER_USER_UNIT",
  [PS_KEY_SERVICE_RESULT] = "PS_SERVICE_RESULT",
  [PS_KEY_SETTLED_BY] = "PS_SETTLED_BY",
  [PS_KEY_SIGNAL] = "PS_SIGNAL",
  [PS_KEY_SIGNALS_AGAIN] = "PS_SIGNALS_AGAIN",
  [PS_KEY_SIGNALS_LOST] = "PS_SIGNALS_LOST",
  [PS_KEY_SIGNAL_VALUE] = "PS_SIGNAL_VALUE",
  [PS_KEY_STATUS] = "PS_STATUS",
  [PS_KEY_STEP] = "PS_STEP",
  [PS_KEY_STEPS] = "PS_STEPS",
  [PS_KEY_STEPS_FAILED] = "PS_STEPS_FAILED",
  [PS_KEY_STEPS_RUN] = "PS_STEPS_RUN",
  [PS_KEY_STEPS_SKIPPED] = "PS_STEPS_SKIPPED",
  [PS_KEY_STEP_NUMBER] = "PS_STEP_NUMBER",
  [PS_KEY_STEP_PRIORITY] = "PS_STEP_PRIORITY",
  [PS_KEY_THREAD_ID] = "PS_THREAD_ID",
  [PS_KEY_THREAD_NAME] = "PS_THREAD_NAME",
  [PS_KEY_UNIT] = "PS_UNIT",
  [PS_KEY_VERDICT] = "PS_VERDICT",
  [PS_KEY_VERSION] = "PS_VERSION",
  [PS_KEY_MANAGER_UNIT] = "UNIT",
  [PS_KEY_MANAGER_UNIT_RESULT] = "UNIT_RESULT",
  [PS_KEY_MANAGER_USER_INVOCATION_ID] = "USER_INVOCATION_ID",
  [PS_KEY_MANAGER_USER_UNIT] = "USER_UNIT",
  [PS_KEY_BOOT_ID] = "_BOOT_ID",
  [PS_KEY_HOSTNAME] = "_HOSTNAME",
  [PS_KEY_MACHINE_ID] = "_MACHINE_ID",
  [PS_KEY_PID] = "_PID",
  [PS_KEY_SOURCE_REALTIME] = "_SOURCE_REALTIME_TIMESTAMP",
  [PS_KEY_SYSTEMD_INVOCATION_ID] = "_SYSTEMD_INVOCATION_ID",
  [PS_KEY_SYSTEMD_UNIT] = "_SYSTEMD_UNIT",
  [PS_KEY_SYSTEMD_USER_UNIT] = "_SYSTEMD_USER_UNIT",
  [PS_KEY_UID] = "_UID",
};

static int
compare (const char *name, gsize length, const char *with)
{
  int order = strncmp (name, with, length);

  return order == 0 && with[length] != '\0' ? -1 : order;
}

PsKey
ps_entry_find_key (const char *name, gsize length)
{
  gsize from = 0, to = PS_N_KEYS;

  while (from < to)
    {
      gsize middle = (from + to) / 2;
      int order = compare (name, length, names[middle]);

      if (order == 0)
        return (PsKey) middle;
      if (order < 0)
        to = middle;
      else
        from = middle + 1;
    }
  return PS_N_KEYS;
}

const char *
ps_entry_key_name (PsKey key)
{
  return names[key];
}

gsize
ps_entry_key_max (PsKey key)
{
  return key == PS_KEY_BACKTRACE ? PS_ACCOUNT_MAX : PS_VALUE_MAX;
}

gint64
ps_entry_get_int (const PsEntry *entry, PsKey key, gint64 otherwise)
{
  const char *text = entry->values[key];
  gint64 value;

  return text != NULL && g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &value, NULL)
             ? value
             : otherwise;
}

/* Journald reads in bursts, so what it received at one time was sent at several; the kernel notes
 * when, by the clock that may be set. Of that the distance to the time of receiving is taken. */
gint64
ps_entry_get_sent_us (const PsEntry *entry)
{
  gint64 sent_us = ps_entry_get_int (entry, PS_KEY_SOURCE_REALTIME, entry->realtime_us);

  if (sent_us > entry->realtime_us || sent_us < entry->realtime_us - G_USEC_PER_SEC)
    return entry->monotonic_us;
  return entry->monotonic_us - (entry->realtime_us - sent_us);
}
