/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is told of an exit, and to whom: the journal and the service manager. */

/* floor 1 */
#include "ps-cause.h"
/* floor 2 */
#include "ps-patience.h"

/* Of an exit's steps the first are told one by one. */
#define PS_REPORT_STEPS_MAX 64

typedef struct _PsReport PsReport;

/* A step as the reports name it. */
typedef struct
{
  PsEvent event;
  const char *name;
  int priority;
  guint number; /* from 1 */
  guint total;
} PsReportStep;

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

void ps_report_prepare (void);
PsReport *ps_report_new (void);
void ps_report_free (PsReport *report);
void ps_report_set_log_func (PsReport *report, PsLogFunc func, gpointer user_data,
                             GDestroyNotify notify);
guint64 ps_report_get_watchdog_us (PsReport *report);

void ps_report_open_termination_log (PsReport *report, const char *path);
gboolean ps_report_is_at_rest (PsReport *report);
void ps_report_run_begun (PsReport *report);
void ps_report_taken_over (PsReport *report);
void ps_report_bad_setting (PsReport *report, const char *name, const GError *error);
void ps_report_ready (PsReport *report, const char *status);
void ps_report_status (PsReport *report, const char *status);
void ps_report_alive (PsReport *report);

void ps_report_reload_begun (PsReport *report, const PsCause *cause);
void ps_report_reload_done (PsReport *report, gint64 duration_us, const char *failure);

void ps_report_exit_begun (PsReport *report, const PsCause *cause, guint n_steps, gint64 limit_us);
void ps_report_vetoed (PsReport *report, const PsCause *cause, const char *name, const char *why);
void ps_report_stopping (PsReport *report, gint64 timeout_us);
void ps_report_extended (PsReport *report, gint64 timeout_us);
void ps_report_again (PsReport *report, const PsCause *cause, guint count);
void ps_report_signals_lost (PsReport *report, int signum, guint count, guint time);
void ps_report_step_begun (PsReport *report, const PsReportStep *step);
void ps_report_step_done (PsReport *report, const PsReportStep *step, gint64 duration_us);
void ps_report_step_skipped (PsReport *report, const PsReportStep *step, const char *reason);
void ps_report_failed (PsReport *report, PsEvent event, const char *name, const GError *error);
void ps_report_waiting (PsReport *report, const PsReportStep *step, const char *why,
                        gint64 waited_us);
void ps_report_hold_dropped (PsReport *report, const PsReportStep *step, const char *why,
                             gint64 waited_us, const char *reason);
void ps_report_exit_finished (PsReport *report, const PsCause *cause, int status,
                              gint64 duration_us, const PsTally *tally);
