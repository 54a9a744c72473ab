/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The frame of a record, and who asked, for what is told in a file of its own. */

/* floor 1 */
#include "ps-record.h"

#include "ps-report.h"

PsRecord *ps_report_begin_record (PsReport *report, int priority, const char *message_id);
void ps_report_end_record (PsReport *report, PsRecord *record);
void ps_report_set_sender (PsRecord *record, const PsSender *sender);
