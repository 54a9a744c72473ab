/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files that tell something stand on: the frame of a record, who asked, and the status
 * that the service manager shows. */

/* floor 1 */
#include "ps-record.h"

#include "ps-report.h"

#define PS_REPORT_STATUS_MAX 1024
#define PS_REPORT_ASSIGNMENTS_MAX 128

PsRecord *ps_report_begin_record (PsReport *report, int priority, const char *message_id);
void ps_report_end_record (PsReport *report, PsRecord *record);
void ps_report_set_sender (PsRecord *record, const PsSender *sender);
void ps_report_set_cause (PsRecord *record, const PsCause *cause);
void ps_report_set_lost (PsReport *report, PsRecord *record);

void ps_report_notify (PsReport *report, const char *state);
void ps_report_notify_with_status (PsReport *report, const char *assignments, const char *status);
void ps_report_keep_status (PsReport *report, const char *status, char *line);
gboolean ps_report_recall_status (PsReport *report, char *line);

void ps_report_termination_log_failed (PsReport *report);
