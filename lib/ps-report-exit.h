/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is told of an exit as a whole. */

/* floor 5 */
#include "ps-report.h"

/* What became of the steps of an exit. */
typedef struct
{
  guint run;
  guint skipped;
  guint failed;
  guint holds_dropped;
  guint again;
  guint lost; /* signals whose values are lost */
} PsTally;

void ps_report_exit_begun (PsReport *report, const PsCause *cause, guint n_steps, gint64 limit_us);
void ps_report_vetoed (PsReport *report, const PsCause *cause, const char *name, const char *why);
void ps_report_stopping (PsReport *report, gint64 timeout_us);
void ps_report_extended (PsReport *report, gint64 timeout_us);
void ps_report_again (PsReport *report, const PsCause *cause, guint count);
void ps_report_signals_lost (PsReport *report, int signum, guint count, guint time);
void ps_report_exit_finished (PsReport *report, const PsCause *cause, int status,
                              gint64 duration_us, const PsTally *tally);
