/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-record.h"
#include "ps-ids.h"
#include "ps-text.h"

#include <string.h>

/* More than any line of ours needs, less than any datagram takes. */
#define MESSAGE_MAX 2048
#define VALUE_MAX 4096

struct _PsRecord
{
  int priority;
  char *message;
  GPtrArray *names;   /* of static strings */
  GPtrArray *entries; /* of owned strings, each NAME=value */
};

PsRecord *
ps_record_new (int priority, const char *message_id)
{
  PsRecord *record = g_new0 (PsRecord, 1);

  record->priority = priority;
  record->names = g_ptr_array_new ();
  record->entries = g_ptr_array_new_with_free_func (g_free);
  ps_record_set (record, PS_FIELD_MESSAGE_ID, message_id);
  ps_record_set_int (record, PS_FIELD_PRIORITY, priority);
  return record;
}

void
ps_record_free (PsRecord *record)
{
  if (record == NULL)
    return;
  g_ptr_array_unref (record->names);
  g_ptr_array_unref (record->entries);
  g_free (record->message);
  g_free (record);
}

/* field: one of ps-ids.h, which outlives the record. A value of NULL leaves the field out. */
void
ps_record_set (PsRecord *record, const char *field, const char *value)
{
  g_autofree char *valid = NULL;

  if (value == NULL)
    return;
  valid = ps_text_valid (value, VALUE_MAX);
  g_ptr_array_add (record->names, (gpointer) field);
  g_ptr_array_add (record->entries, g_strconcat (field, "=", valid, NULL));
}

void
ps_record_set_int (PsRecord *record, const char *field, gint64 value)
{
  g_ptr_array_add (record->names, (gpointer) field);
  g_ptr_array_add (record->entries, g_strdup_printf ("%s=%" G_GINT64_FORMAT, field, value));
}

/* Once per record, and last: structured fields first, the line for people after them. */
void
ps_record_set_message (PsRecord *record, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  record->message = ps_text_one_line (text, MESSAGE_MAX);
  ps_record_set (record, PS_FIELD_MESSAGE, record->message);
}

int
ps_record_get_priority (const PsRecord *record)
{
  return record->priority;
}

const char *
ps_record_get_message (const PsRecord *record)
{
  return record->message;
}

/* For sd_journal_sendv(). Returns: (transfer container) */
struct iovec *
ps_record_get_iovec (const PsRecord *record, gsize *n)
{
  struct iovec *iovec = g_new (struct iovec, record->entries->len);

  for (guint i = 0; i < record->entries->len; i++)
    {
      char *entry = g_ptr_array_index (record->entries, i);

      iovec[i] = (struct iovec){ .iov_base = entry, .iov_len = strlen (entry) };
    }
  *n = record->entries->len;
  return iovec;
}

/* For a PsLogFunc. Returns: (transfer container) */
GLogField *
ps_record_get_fields (const PsRecord *record, gsize *n)
{
  GLogField *fields = g_new (GLogField, record->entries->len);

  for (guint i = 0; i < record->entries->len; i++)
    {
      const char *name = g_ptr_array_index (record->names, i);
      const char *entry = g_ptr_array_index (record->entries, i);

      fields[i] = (GLogField){ .key = name, .value = entry + strlen (name) + 1, .length = -1 };
    }
  *n = record->entries->len;
  return fields;
}
