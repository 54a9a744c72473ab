/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * J04: what a field holds can neither end it nor begin another one. The journal is given the length
 * of a value with line breaks, so that they are its own; what a PsLogFunc gets are separate
 * keys and values.
 */

#include "ps-record.h"
#include "ps-ids.h"

#include <string.h>
#include <syslog.h>

#define MESSAGE_ID PS_MESSAGE_EXIT_BEGUN

/* The only one at a time. */
static PsRecord *
new_record (int priority, const char *message_id)
{
  static PsRecord record;

  memset (&record, 'x', sizeof record);
  ps_record_init (&record, priority, message_id);
  return &record;
}

/* As journald reads it, the last line break left out; field: NAME=value. */
static void
add_as_journald_reads (GString *text, const char *field)
{
  const char *value = strchr (field, '=') + 1;
  guint64 length = GUINT64_TO_LE (strlen (value));

  if (text->len > 0)
    g_string_append_c (text, '\n');
  if (strchr (value, '\n') == NULL)
    {
      g_string_append (text, field);
      return;
    }
  g_string_append_len (text, field, value - 1 - field);
  g_string_append_c (text, '\n');
  g_string_append_len (text, (const char *) &length, sizeof length);
  g_string_append (text, value);
}

/* The fields in both of their shapes, which must tell the same. It is the end of the record. */
static void
assert_fields_from (PsRecord *record, const char *const *wanted, gsize n_wanted)
{
  g_autoptr (GString) wanted_text = g_string_new (NULL);
  gsize length, n;
  const char *text = ps_record_get_text (record, &length);
  const GLogField *fields;

  for (gsize i = 0; i < n_wanted; i++)
    add_as_journald_reads (wanted_text, wanted[i]);
  g_assert_cmpmem (text, length, wanted_text->str, wanted_text->len);

  fields = ps_record_take_fields (record, &n);
  g_assert_cmpuint (n, ==, n_wanted);
  for (gsize i = 0; i < n_wanted; i++)
    {
      g_autofree char *joined = g_strconcat (fields[i].key, "=", fields[i].value, NULL);

      g_assert_cmpstr (joined, ==, wanted[i]);
      g_assert_cmpint (fields[i].length, ==, -1);
    }
}

#define assert_fields(record, ...)                                                                 \
  G_STMT_START                                                                                     \
  {                                                                                                \
    const char *const wanted_[] = { __VA_ARGS__ };                                                 \
    assert_fields_from (record, wanted_, G_N_ELEMENTS (wanted_));                                  \
  }                                                                                                \
  G_STMT_END

static void
test_fields (void)
{
  PsRecord *record = new_record (LOG_NOTICE, MESSAGE_ID);

  ps_record_set (record, PS_FIELD_STEP, "flush_queue");
  ps_record_set (record, PS_FIELD_UNIT, NULL);
  ps_record_set (record, PS_FIELD_REASON, "");
  ps_record_set_int (record, PS_FIELD_STATUS, -1);
  ps_record_set_int (record, PS_FIELD_DURATION_USEC, G_MAXINT64);
  ps_record_set_message (record, "Step %d, %s", 3, "flush_queue");

  assert_fields (record, "MESSAGE_ID=" MESSAGE_ID, "PRIORITY=5", "PS_STEP=flush_queue",
                 "PS_REASON=", "PS_STATUS=-1", "PS_DURATION_USEC=9223372036854775807",
                 "MESSAGE=Step 3, flush_queue");
  g_assert_cmpint (ps_record_get_priority (record), ==, LOG_NOTICE);
  g_assert_cmpstr (ps_record_get_message (record), ==, "Step 3, flush_queue");
}

static void
test_priorities (void)
{
  for (int priority = LOG_EMERG; priority <= LOG_DEBUG; priority++)
    {
      PsRecord *record = new_record (priority, MESSAGE_ID);
      g_autofree char *field = g_strdup_printf ("PRIORITY=%d", priority);

      assert_fields (record, "MESSAGE_ID=" MESSAGE_ID, field);
      g_assert_cmpint (ps_record_get_priority (record), ==, priority);
    }
}

/* Fields that a value tries to add are part of that value. */
static void
test_forging (void)
{
  PsRecord *record = new_record (LOG_INFO, MESSAGE_ID);

  ps_record_set (record, PS_FIELD_STEP, "a\nMESSAGE=forged\n_UID=0");
  ps_record_set (record, PS_FIELD_REASON, "=PRIORITY=0");
  ps_record_set (record, PS_FIELD_ERROR, "100% %s %n %d");
  assert_fields (record, "MESSAGE_ID=" MESSAGE_ID, "PRIORITY=6",
                 "PS_STEP=a\nMESSAGE=forged\n_UID=0", "PS_REASON==PRIORITY=0",
                 "PS_ERROR=100% %s %n %d");
}

static void
test_message_is_one_line (void)
{
  PsRecord *record = new_record (LOG_INFO, MESSAGE_ID);

  ps_record_set_message (record, "%s", "one\ntwo\033[2J\377 %n");
  g_assert_cmpstr (ps_record_get_message (record), ==, "one two\357\277\275[2J\357\277\275 %n");
  assert_fields (record, "MESSAGE_ID=" MESSAGE_ID, "PRIORITY=6",
                 "MESSAGE=one two\357\277\275[2J\357\277\275 %n");
}

/* Whatever is given, a record stays below what a datagram takes. */
static void
test_long_texts (void)
{
  PsRecord *record = new_record (LOG_INFO, MESSAGE_ID);
  g_autofree char *text = g_strnfill (1000000, 'x');
  const GLogField *fields;
  gsize n;

  ps_record_set (record, PS_FIELD_HOLD_WHY, text);
  ps_record_set_message (record, "%s", text);
  fields = ps_record_take_fields (record, &n);
  g_assert_cmpuint (n, ==, 4);
  g_assert_cmpuint (strlen (fields[2].value), ==, 4096);
  g_assert_cmpuint (strlen (fields[3].value), ==, 2048);
}

static void
assert_value_is_utf8 (const char *text)
{
  PsRecord *record = new_record (LOG_INFO, MESSAGE_ID);
  const GLogField *fields;
  gsize n;

  ps_record_set (record, PS_FIELD_STEP, text);
  fields = ps_record_take_fields (record, &n);
  g_assert_true (g_utf8_validate (fields[2].value, -1, NULL));
}

/* PsLogFunc promises UTF-8: also where a long value was cut, and of whatever an application puts
 * into a name or an error. */
static void
test_long_values_are_utf8 (void)
{
  for (guint shift = 0; shift < 4; shift++)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      for (guint i = 0; i < shift; i++)
        g_string_append_c (text, 'x');
      while (text->len < 5000)
        g_string_append (text, "🚀");
      assert_value_is_utf8 (text->str);
    }
}

static void
test_invalid_values_are_made_utf8 (void)
{
  assert_value_is_utf8 ("/srv/Gr\374\337e"); /* a file name in Latin-1, say */
}

/* There is an end to the room of a record; the line for people has its own. filler: what each
 * value begins with. */
static void
assert_room (const char *filler)
{
  PsRecord *record = new_record (LOG_INFO, MESSAGE_ID);
  g_autofree char *xs = g_strnfill (10000, 'x'), *value = g_strconcat (filler, xs, NULL);
  const GLogField *fields;
  gsize n, length;

  for (guint i = 0; i < 100; i++)
    ps_record_set (record, PS_FIELD_STEP, value);
  ps_record_set_message (record, "%s", value);
  ps_record_get_text (record, &length);
  g_assert_cmpuint (length, <, PS_RECORD_TEXT);
  fields = ps_record_take_fields (record, &n);
  g_assert_cmpuint (n, >=, 2 + 5 + 1);
  g_assert_cmpuint (n, <, PS_RECORD_FIELDS);
  g_assert_cmpstr (fields[n - 1].key, ==, PS_FIELD_MESSAGE);
  g_assert_cmpuint (strlen (fields[n - 1].value), ==, 2048);
}

static void
test_too_much (void)
{
  assert_room ("");
  assert_room ("\n");
}

static void
test_too_many (void)
{
  PsRecord *record = new_record (LOG_INFO, MESSAGE_ID);
  gsize n;

  for (guint i = 0; i < 100; i++)
    ps_record_set_int (record, PS_FIELD_STEP_NUMBER, i);
  ps_record_set_message (record, "one place is kept");
  ps_record_take_fields (record, &n);
  g_assert_cmpuint (n, ==, PS_RECORD_FIELDS);
  g_assert_cmpstr (ps_record_get_message (record), ==, "one place is kept");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/fields", test_fields);
  g_test_add_func ("/record/priorities", test_priorities);
  g_test_add_func ("/record/forging", test_forging);
  g_test_add_func ("/record/message-is-one-line", test_message_is_one_line);
  g_test_add_func ("/record/long-texts", test_long_texts);
  g_test_add_func ("/record/long-values-are-utf8", test_long_values_are_utf8);
  g_test_add_func ("/record/invalid-values-are-made-utf8", test_invalid_values_are_made_utf8);
  g_test_add_func ("/record/too-much", test_too_much);
  g_test_add_func ("/record/too-many", test_too_many);
  return g_test_run ();
}
