/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A record is written down as journald reads it, so that it can be sent as it is: a line NAME=value
 * for each field. A value with line breaks is told by its length instead: the name, a line break,
 * the length in eight bytes (the lowest first), the value, a line break.
 *
 * The last field ends with a NUL, so that the line for people, which comes last, is a text.
 */

#include "ps-record.h"
#include "ps-ids.h"
#include "ps-text.h"
#include "ps-words.h"

#include <string.h>

#define VALUE_MAX 4096
#define LENGTH_SIZE 8

/* The line for people comes last, and is not to be the one for which no room is left. */
#define KEPT_FOR_MESSAGE (sizeof PS_FIELD_MESSAGE + LENGTH_SIZE + 1 + PS_RECORD_MESSAGE)

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

/* The field is NAME=value, and is to be told by its length. Returns where the value is then. */
static char *
tell_length (char *value, gsize length)
{
  memmove (value + LENGTH_SIZE, value, length + 1);
  value[-1] = '\n';
  for (int i = 0; i < LENGTH_SIZE; i++)
    value[i] = (char) ((guint64) length >> (8 * i));
  return value + LENGTH_SIZE;
}

/* Returns the value as it was written down; NULL: there is no room for it. */
static const char *
put (PsRecord *record, const char *field, const char *value, gsize max, gsize kept,
     char *(*as) (char *buffer, gsize size, const char *text))
{
  char *text = record->text + record->length;
  gsize name_length = strlen (field) + 1, around = name_length + LENGTH_SIZE, length;

  if (record->n_fields + (kept > 0) >= PS_RECORD_FIELDS
      || record->length + around + 1 + kept > sizeof record->text)
    return NULL;
  if (record->length > 0)
    text[-1] = '\n';
  memcpy (text, field, name_length - 1);
  text[name_length - 1] = '=';
  text += name_length;
  as (text, MIN (max + 1, sizeof record->text - record->length - around - kept), value);
  length = strlen (text);
  if (memchr (text, '\n', length) != NULL)
    text = tell_length (text, length);

  record->fields[record->n_fields] =
      (GLogField){ .key = field, .value = text, .length = (gssize) length };
  record->n_fields++;
  record->length = (gsize) (text + length + 1 - record->text);
  return text;
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
  PsWords words;

  ps_words_init (&words, text, sizeof text);
  ps_words_add_int (&words, value);
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

/* For the journal. The line break at its end is left to the caller. */
const char *
ps_record_get_text (const PsRecord *record, gsize *length)
{
  *length = record->length - 1;
  return record->text;
}

/* For a PsLogFunc. Each value ends with a NUL from now on, and the text is none for the journal any
 * more. */
const GLogField *
ps_record_take_fields (PsRecord *record, gsize *n)
{
  for (gsize i = 0; i < record->n_fields; i++)
    {
      GLogField *field = &record->fields[i];

      if (field->length >= 0)
        ((char *) field->value)[field->length] = '\0';
      field->length = -1;
    }
  *n = record->n_fields;
  return record->fields;
}
