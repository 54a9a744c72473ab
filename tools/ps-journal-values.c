/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Values are cut, and their number is that of the fields that matter, whatever an entry holds:
 * reading a journal takes the same memory for one entry and for a million.
 */

#include "ps-journal-values.h"

#include <string.h>

#include "ps-clean.h"

/* A value is cut to its own limit; this is what the largest takes. */
#define THRESHOLD (PS_ACCOUNT_MAX + 64)

void
ps_journal_values_bound (sd_journal *journal)
{
  sd_journal_set_data_threshold (journal, THRESHOLD);
}

/* What ends a text in C does not end it here. */
static char *
keep_value (PsJournalValues *self, PsKey key, const char *value, gsize length)
{
  gsize whole = length;
  char *text = self->bytes + self->length;

  length = ps_clean_fit (value, whole, ps_entry_key_max (key));
  memcpy (text, value, length);
  for (char *zero; (zero = memchr (text, '\0', length)) != NULL;)
    *zero = '\x01';
  strcpy (text + length, length < whole ? "…" : "");
  self->length += length + sizeof "…";
  return text;
}

static void
take_field (PsJournalValues *self, PsEntry *entry, const char *data, gsize length)
{
  const char *equals = memchr (data, '=', MIN (length, 64));
  PsKey key;

  if (equals == NULL)
    return;
  key = ps_entry_find_key (data, (gsize) (equals - data));
  if (key != PS_N_KEYS && entry->values[key] == NULL)
    entry->values[key] = keep_value (self, key, equals + 1, length - (gsize) (equals + 1 - data));
}

gboolean
ps_journal_values_take (PsJournalValues *self, sd_journal *journal, PsEntry *entry)
{
  guint64 realtime_us, monotonic_us;
  sd_id128_t boot;
  const void *data;
  size_t length;
  int r;

  *entry = (PsEntry){ 0 };
  self->length = 0;
  if (sd_journal_get_realtime_usec (journal, &realtime_us) < 0
      || sd_journal_get_monotonic_usec (journal, &monotonic_us, &boot) < 0)
    return FALSE;
  entry->realtime_us = (gint64) MIN (realtime_us, (guint64) G_MAXINT64 / 2);
  entry->monotonic_us = (gint64) MIN (monotonic_us, (guint64) G_MAXINT64 / 2);
  sd_journal_restart_data (journal);
  while ((r = sd_journal_enumerate_available_data (journal, &data, &length)) > 0)
    take_field (self, entry, data, length);
  if (entry->values[PS_KEY_BOOT_ID] == NULL)
    entry->values[PS_KEY_BOOT_ID] = sd_id128_to_string (boot, self->boot);
  return r >= 0;
}
