/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is told of the steps of an exit, and of the callbacks of other events. */

/* floor 5 */
#include "ps-report.h"

/* Of an exit's steps the first are told one by one. */
#define PS_REPORT_STEPS_MAX 64

/* A step as the reports name it. */
typedef struct
{
  PsEvent event;
  const char *name;
  int priority;
  guint number; /* from 1 */
  guint total;
} PsReportStep;

void ps_report_step_begun (PsReport *report, const PsReportStep *step);
void ps_report_step_done (PsReport *report, const PsReportStep *step, gint64 duration_us);
void ps_report_step_skipped (PsReport *report, const PsReportStep *step, const char *reason);
void ps_report_failed (PsReport *report, PsEvent event, const char *name, const GError *error);
void ps_report_waiting (PsReport *report, const PsReportStep *step, const char *why,
                        gint64 waited_us);
void ps_report_hold_dropped (PsReport *report, const PsReportStep *step, const char *why,
                             gint64 waited_us, const char *reason);
