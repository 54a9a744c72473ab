/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One journal record before it is sent: fields, and a line for people. A value of fixed size that
 * needs no other memory: what does not fit is cut off. */

#include "ps-types.h"

/* Of a message's bytes: more than any line of ours needs, less than any datagram takes. */
#define PS_RECORD_MESSAGE 2048
#define PS_RECORD_FIELDS 40
#define PS_RECORD_TEXT (24 * 1024)

typedef struct
{
  int priority;
  const char *message;
  gsize n_fields;
  GLogField fields[PS_RECORD_FIELDS];
  gsize length;              /* of the text that is in use */
  char text[PS_RECORD_TEXT]; /* as journald reads it, but that the last field ends with a NUL */
  char raw[4096];            /* a message before it is made one line */
} PsRecord;

void ps_record_init (PsRecord *record, int priority, const char *message_id);

void ps_record_set (PsRecord *record, const char *field, const char *value);
void ps_record_set_int (PsRecord *record, const char *field, gint64 value);
void ps_record_set_message (PsRecord *record, const char *format, ...) G_GNUC_PRINTF (2, 3);

int ps_record_get_priority (const PsRecord *record);
const char *ps_record_get_message (const PsRecord *record);
const char *ps_record_get_text (const PsRecord *record, gsize *length);
const GLogField *ps_record_take_fields (PsRecord *record, gsize *n);
