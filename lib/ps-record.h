/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One journal record before it is sent: fields, and a line for people. */

#include "ps-types.h"

#include <sys/uio.h>

typedef struct _PsRecord PsRecord;

PsRecord *ps_record_new (int priority, const char *message_id);
void ps_record_free (PsRecord *record);

void ps_record_set (PsRecord *record, const char *field, const char *value);
void ps_record_set_int (PsRecord *record, const char *field, gint64 value);
void ps_record_set_message (PsRecord *record, const char *format, ...) G_GNUC_PRINTF (2, 3);

int ps_record_get_priority (const PsRecord *record);
const char *ps_record_get_message (const PsRecord *record);
struct iovec *ps_record_get_iovec (const PsRecord *record, gsize *n);
GLogField *ps_record_get_fields (const PsRecord *record, gsize *n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsRecord, ps_record_free)
