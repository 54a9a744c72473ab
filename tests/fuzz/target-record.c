/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A record has the fields that were put into it, and no others. */

#include "target.h"

#include "ps-ids.h"
#include "ps-record.h"

static const char *const names[] = { PS_FIELD_STEP, PS_FIELD_REASON, PS_FIELD_UNIT,
                                     PS_FIELD_HOLD_WHY };

/* So many values of any length find room beside the rest. */
#define SURE 5

/* The fields in both of their shapes. */
static void
check (const PsRecord *record, gsize least, gsize most)
{
  gsize n_iovec, n_fields;
  const struct iovec *iovec = ps_record_get_iovec (record, &n_iovec);
  const GLogField *fields = ps_record_get_fields (record, &n_fields);

  g_assert_cmpuint (n_iovec, ==, n_fields);
  g_assert_cmpuint (n_fields, >=, least);
  g_assert_cmpuint (n_fields, <=, most);
  g_assert_cmpstr (fields[n_fields - 1].key, ==, PS_FIELD_MESSAGE);
  for (gsize i = 0; i < n_iovec; i++)
    {
      g_autofree char *joined = g_strconcat (fields[i].key, "=", fields[i].value, NULL);

      g_assert_cmpmem (iovec[i].iov_base, iovec[i].iov_len, joined, strlen (joined));
      g_assert_true (g_utf8_validate (joined, -1, NULL));
      g_assert_cmpuint (strlen (joined), <, 16384);
    }
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
  check (&record, 2 + MIN (n_set, SURE) + (n_set <= SURE) + 1, 2 + n_set + 1 + 1);
  g_assert_true (is_harmless_line (ps_record_get_message (&record)));
  g_assert_cmpuint (strlen (ps_record_get_message (&record)), <=, 2048);
  return 0;
}
