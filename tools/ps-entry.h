/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One journal entry as the pure parts see it: the fields that matter, and its times. */

#include <glib.h>

/* Of a value that is kept; what is longer is cut, and ends in "…". A backtrace is an account. */
#define PS_VALUE_MAX 4096
#define PS_ACCOUNT_MAX (32 * 1024)

/* In the order of the fields' names. */
typedef enum
{
  PS_KEY_MANAGER_COMMAND,
  PS_KEY_COREDUMP_PID,
  PS_KEY_COREDUMP_SIGNAL_NAME,
  PS_KEY_COREDUMP_UNIT,
  PS_KEY_COREDUMP_USER_UNIT,
  PS_KEY_MANAGER_EXIT_CODE,
  PS_KEY_MANAGER_EXIT_STATUS,
  PS_KEY_MANAGER_INVOCATION_ID,
  PS_KEY_MESSAGE,
  PS_KEY_MESSAGE_ID,
  PS_KEY_ABORT_MESSAGE,
  PS_KEY_ADDRESS,
  PS_KEY_BACKTRACE,
  PS_KEY_CAUSE,
  PS_KEY_CLAUSE,
  PS_KEY_CLAUSES_DONE,
  PS_KEY_CLAUSES_FAILED,
  PS_KEY_CLAUSES_SKIPPED,
  PS_KEY_CLAUSE_PATH,
  PS_KEY_CLAUSE_VERB,
  PS_KEY_CODE,
  PS_KEY_DEADLINE,
  PS_KEY_DURATION,
  PS_KEY_ERROR,
  PS_KEY_EVENT,
  PS_KEY_EXIT_CODE,
  PS_KEY_EXIT_STATUS,
  PS_KEY_HOLDS_DROPPED,
  PS_KEY_HOLD_WHY,
  PS_KEY_INVOCATION_ID,
  PS_KEY_LIVED,
  PS_KEY_NESTED_CRASH,
  PS_KEY_NOTIFIES_LOST,
  PS_KEY_NOT_RUN,
  PS_KEY_ORIGIN,
  PS_KEY_PREVIOUS_BEGUN,
  PS_KEY_PREVIOUS_ENDED,
  PS_KEY_PREVIOUS_INVOCATION_ID,
  PS_KEY_PREVIOUS_PID,
  PS_KEY_PROGRAM,
  PS_KEY_REASON,
  PS_KEY_RECORDS_LOST,
  PS_KEY_SENDER_COMM,
  PS_KEY_SENDER_PID,
  PS_KEY_SENDER_UID,
  PS_KEY_SENDER_UNIT,
  PS_KEY_SENDER_USER_UNIT,
  PS_KEY_SERVICE_RESULT,
  PS_KEY_SETTLED_BY,
  PS_KEY_SIGNAL,
  PS_KEY_SIGNALS_AGAIN,
  PS_KEY_SIGNALS_LOST,
  PS_KEY_SIGNAL_VALUE,
  PS_KEY_STATUS,
  PS_KEY_STEP,
  PS_KEY_STEPS,
  PS_KEY_STEPS_FAILED,
  PS_KEY_STEPS_RUN,
  PS_KEY_STEPS_SKIPPED,
  PS_KEY_STEP_NUMBER,
  PS_KEY_STEP_PRIORITY,
  PS_KEY_THREAD_ID,
  PS_KEY_THREAD_NAME,
  PS_KEY_UNIT,
  PS_KEY_VERDICT,
  PS_KEY_VERSION,
  PS_KEY_MANAGER_UNIT,
  PS_KEY_MANAGER_UNIT_RESULT,
  PS_KEY_MANAGER_USER_INVOCATION_ID,
  PS_KEY_MANAGER_USER_UNIT,
  PS_KEY_BOOT_ID,
  PS_KEY_HOSTNAME,
  PS_KEY_MACHINE_ID,
  PS_KEY_PID,
  PS_KEY_SOURCE_REALTIME,
  PS_KEY_SYSTEMD_INVOCATION_ID,
  PS_KEY_SYSTEMD_UNIT,
  PS_KEY_SYSTEMD_USER_UNIT,
  PS_KEY_UID,
  PS_N_KEYS,
} PsKey;

typedef struct
{
  gint64 realtime_us;  /* when journald received it */
  gint64 monotonic_us; /* likewise, since the boot */
  /* Until the next entry is read; NULL: the entry does not have it. No NUL within; otherwise as
   * whoever logged it wrote it. */
  const char *values[PS_N_KEYS];
} PsEntry;

/* PS_N_KEYS: none that matters. */
PsKey ps_entry_find_key (const char *name, gsize length);
const char *ps_entry_key_name (PsKey key);
gsize ps_entry_key_max (PsKey key);

/* The number in a field; otherwise when it is not there or none. */
gint64 ps_entry_get_int (const PsEntry *entry, PsKey key, gint64 otherwise);

/* When it was sent, by the clock that never jumps; as good as is known. */
gint64 ps_entry_get_sent_us (const PsEntry *entry);
