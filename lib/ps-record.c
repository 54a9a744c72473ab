/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-record.h"
#include "ps-ids.h"
#include "ps-text.h"

#include <string.h>

#define VALUE_MAX 4096

/* The line for people comes last, and is not to be the one for which no room is left. */
#define KEPT_FOR_MESSAGE (sizeof PS_FIELD_MESSAGE + 1 + PS_RECORD_MESSAGE)

void
ps_record_init (PsRecord *record, int priority, const char *message_id)
{
  record->priority = priority;
  record->message = "";
  record->n_fields = 0;
  record->length = 0;
  ps_record_set (record, PS_FIELD_MESSAGE_ID, message_id);
  ps_record_set_int (record, PS_FIELD_PRIORITY, priority);
}

/* Returns the value as it was written down; NULL: there is no room for it. */
static const char *
put (PsRecord *record, const char *field, const char *value, gsize max, gsize kept,
     char *(*as) (char *buffer, gsize size, const char *text))
{
  char *text = record->text + record->length;
  gsize name_length = strlen (field) + 1, length;

  if (record->n_fields + (kept > 0) >= PS_RECORD_FIELDS
      || record->length + name_length + 1 + kept > sizeof record->text)
    return NULL;
  memcpy (text, field, name_length - 1);
  text[name_length - 1] = '=';
  as (text + name_length, MIN (max + 1, sizeof record->text - record->length - name_length - kept),
      value);
  length = name_length + strlen (text + name_length);

  record->iovec[record->n_fields] = (struct iovec){ .iov_base = text, .iov_len = length };
  record->fields[record->n_fields] =
      (GLogField){ .key = field, .value = text + name_length, .length = -1 };
  record->n_fields++;
  record->length += length + 1;
  return text + name_length;
}

/* field: one of ps-ids.h, which outlives the record. A value of NULL leaves the field out. */
void
ps_record_set (PsRecord *record, const char *field, const char *value)
{
  if (value != NULL)
    put (record, field, value, VALUE_MAX, KEPT_FOR_MESSAGE, ps_text_put_valid);
}

void
ps_record_set_int (PsRecord *record, const char *field, gint64 value)
{
  char text[PS_TEXT_SHORT];

  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, value);
  ps_record_set (record, field, text);
}

/* Once per record, and last: structured fields first, the line for people after them. */
void
ps_record_set_message (PsRecord *record, const char *format, ...)
{
  const char *message;
  va_list args;

  va_start (args, format);
  g_vsnprintf (record->raw, sizeof record->raw, format, args);
  va_end (args);
  message = put (record, PS_FIELD_MESSAGE, record->raw, PS_RECORD_MESSAGE, 0, ps_text_put_line);
  if (message != NULL)
    record->message = message;
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

/* For sd_journal_sendv(). */
const struct iovec *
ps_record_get_iovec (const PsRecord *record, gsize *n)
{
  *n = record->n_fields;
  return record->iovec;
}

/* For a PsLogFunc. */
const GLogField *
ps_record_get_fields (const PsRecord *record, gsize *n)
{
  *n = record->n_fields;
  return record->fields;
}
