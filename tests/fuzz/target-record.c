/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A record has the fields that were put into it, and no others. */

#include "target.h"

#include "ps-ids.h"
#include "ps-record.h"

static const char *const names[] = { PS_FIELD_STEP, PS_FIELD_REASON, PS_FIELD_UNIT,
                                     PS_FIELD_HOLD_WHY };

/* So many values of any length find room beside the rest. */
#define SURE 5

/* As journald reads it, the last line break left out. */
static void
add_as_journald_reads (GString *text, const GLogField *field)
{
  const char *value = field->value;
  guint64 length = GUINT64_TO_LE (strlen (value));

  if (text->len > 0)
    g_string_append_c (text, '\n');
  g_string_append (text, field->key);
  if (strchr (value, '\n') == NULL)
    g_string_append_c (text, '=');
  else
    {
      g_string_append_c (text, '\n');
      g_string_append_len (text, (const char *) &length, sizeof length);
    }
  g_string_append (text, value);
}

/* The fields in both of their shapes. */
static void
check (PsRecord *record, gsize least, gsize most)
{
  g_autoptr (GString) wanted = g_string_new (NULL);
  g_autofree char *text = NULL;
  const GLogField *fields;
  gsize n, length;

  text = g_memdup2 (ps_record_get_text (record, &length), PS_RECORD_TEXT);
  fields = ps_record_take_fields (record, &n);
  g_assert_cmpuint (n, >=, least);
  g_assert_cmpuint (n, <=, most);
  g_assert_cmpstr (fields[n - 1].key, ==, PS_FIELD_MESSAGE);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_true (g_utf8_validate (fields[i].value, -1, NULL));
      g_assert_cmpuint (strlen (fields[i].value), <, 16384);
      add_as_journald_reads (wanted, &fields[i]);
    }
  g_assert_cmpmem (text, length, wanted->str, wanted->len);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n)
{
  Feed feed = { bytes, n };
  static PsRecord record;
  g_autofree char *message = NULL;
  int priority = feed_byte (&feed) % 8;
  guint n_set = feed_byte (&feed) % 8;

  ps_record_init (&record, priority, PS_MESSAGE_STEP_DONE);
  for (guint i = 0; i < n_set; i++)
    {
      g_autofree char *value = feed_text (&feed, 8192);

      ps_record_set (&record, names[i % G_N_ELEMENTS (names)], value);
      ps_record_set (&record, PS_FIELD_UNIT, NULL);
    }
  ps_record_set_int (&record, PS_FIELD_STATUS, feed_int64 (&feed));
  message = feed_text (&feed, 8192);
  ps_record_set_message (&record, "%s: %d", message, 1);
  g_assert_true (is_harmless_line (ps_record_get_message (&record)));
  g_assert_cmpuint (strlen (ps_record_get_message (&record)), <=, 2048);
  check (&record, 2 + MIN (n_set, SURE) + (n_set <= SURE) + 1, 2 + n_set + 1 + 1);
  return 0;
}
