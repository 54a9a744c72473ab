/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is kept of one entry: the values that matter, in memory that is there from the beginning. */

#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#include "ps-entry.h"

#define PS_JOURNAL_VALUES_BYTES (PS_N_KEYS * (PS_VALUE_MAX + 8) + PS_ACCOUNT_MAX)

typedef struct
{
  char boot[SD_ID128_STRING_MAX]; /* where its field is missing */
  gsize length;
  char bytes[PS_JOURNAL_VALUES_BYTES];
} PsJournalValues;

/* Once, for a journal that is to be read: it need not unpack more of a value than is kept. */
void ps_journal_values_bound (sd_journal *journal);

/* The entry at which the journal stands; its values are good until the next call. FALSE: it is
 * damaged, and has what could be read of it. */
gboolean ps_journal_values_take (PsJournalValues *self, sd_journal *journal, PsEntry *entry);
