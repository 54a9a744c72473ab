/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The IDs of systemd are those of <systemd/sd-messages.h>, written out: this file is pure, and does
 * not see libsystemd. They never change, and neither do ours.
 */

#include "ps-kinds.h"

#include <string.h>

#include "ps-ids.h"

static const PsKindEntry kinds[] = {
  { PS_MESSAGE_RUN_BEGUN, PS_KIND_RUN_BEGUN, NULL, 0 },
  { PS_MESSAGE_EXIT_BEGUN, PS_KIND_EXIT_BEGUN, NULL, 0 },
  { PS_MESSAGE_EXIT_FINISHED, PS_KIND_EXIT_FINISHED, NULL, 0 },
  { PS_MESSAGE_EXIT_FORCED, PS_KIND_EXIT_FORCED, NULL, 0 },
  { PS_MESSAGE_CRASHED, PS_KIND_CRASHED, NULL, 0 },
  { PS_MESSAGE_STEP_BEGUN, PS_KIND_STEP_BEGUN, NULL, 0 },
  { PS_MESSAGE_STEP_DONE, PS_KIND_STEP_DONE, NULL, 0 },
  { PS_MESSAGE_STEP_SKIPPED, PS_KIND_STEP_SKIPPED, NULL, 0 },
  { PS_MESSAGE_HOLD_DROPPED, PS_KIND_HOLD_DROPPED, NULL, 0 },
  { PS_MESSAGE_CALLBACK_FAILED, PS_KIND_CALLBACK_FAILED, NULL, 0 },
  { PS_MESSAGE_EXIT_VETOED, PS_KIND_EXIT_VETOED, "vetoed", 0 },
  { PS_MESSAGE_SIGNAL_AGAIN, PS_KIND_NOTE, "again", 0 },
  { PS_MESSAGE_SIGNALS_LOST, PS_KIND_NOTE, "signals-lost", 0 },
  { PS_MESSAGE_CRASH_CUT, PS_KIND_NOTE, "crash-cut", 0 },
  { PS_MESSAGE_BAD_SETTING, PS_KIND_NOTE, "bad-setting", 0 },
  { PS_MESSAGE_WILL_DONE, PS_KIND_WILL_DONE, NULL, 0 },
  { PS_MESSAGE_CLAUSE_FAILED, PS_KIND_NOTE, "clause-failed", 0 },
  { PS_MESSAGE_RECORD_DAMAGED, PS_KIND_NOTE, "record-damaged", 0 },
  { PS_MESSAGE_PREVIOUS_TERMINATED, PS_KIND_PREVIOUS, NULL, PS_FATE_TERMINATED },
  { PS_MESSAGE_PREVIOUS_QUIT, PS_KIND_PREVIOUS, NULL, PS_FATE_QUIT },
  { PS_MESSAGE_PREVIOUS_CRASHED, PS_KIND_PREVIOUS, NULL, PS_FATE_CRASHED },
  { PS_MESSAGE_PREVIOUS_KILLED, PS_KIND_PREVIOUS, NULL, PS_FATE_KILLED },
  { PS_MESSAGE_PREVIOUS_OUT_OF_MEMORY, PS_KIND_PREVIOUS, NULL, PS_FATE_OUT_OF_MEMORY },
  { PS_MESSAGE_PREVIOUS_WATCHDOG, PS_KIND_PREVIOUS, NULL, PS_FATE_WATCHDOG },
  { PS_MESSAGE_PREVIOUS_FORCED, PS_KIND_PREVIOUS, NULL, PS_FATE_FORCED },
  { PS_MESSAGE_PREVIOUS_POWER_LOSS, PS_KIND_PREVIOUS, NULL, PS_FATE_POWER_LOSS },
  { PS_MESSAGE_PREVIOUS_UNKNOWN, PS_KIND_PREVIOUS, NULL, PS_FATE_UNKNOWN },
  /* Main process exited; failed with result; deactivated successfully; out of memory, twice. */
  { "98e322203f7a4ed290d09fe03c09fe15", PS_KIND_MANAGER, "process-exit", 0 },
  { "d9b373ed55a64feb8242e02dbe79a49c", PS_KIND_MANAGER, "result", 0 },
  { "7ad2d189f7e94e70a38c781354912448", PS_KIND_MANAGER, "success", 0 },
  { "fe6faa94e7774663a0da52717891d8ef", PS_KIND_MANAGER, "out-of-memory", 0 },
  { "d989611b15e44c9dbf31e3c81256e4ed", PS_KIND_MANAGER, "out-of-memory", 0 },
  { "fc2e22bc6ee647b6b90729ab34a250b1", PS_KIND_COREDUMP, NULL, 0 },
};

const PsKindEntry *
ps_kinds_find (const char *message_id)
{
  if (message_id != NULL)
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
      if (strcmp (kinds[i].id, message_id) == 0)
        return &kinds[i];
  return NULL;
}

const PsKindEntry *
ps_kinds_get (gsize *n)
{
  *n = G_N_ELEMENTS (kinds);
  return kinds;
}

gboolean
ps_kind_is_of_systemd (PsKind kind)
{
  return kind == PS_KIND_MANAGER || kind == PS_KIND_COREDUMP;
}

gboolean
ps_kind_is_of_life (PsKind kind)
{
  return kind >= PS_KIND_RUN_BEGUN && kind <= PS_KIND_WILL_DONE;
}
