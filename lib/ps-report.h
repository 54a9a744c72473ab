/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whom an exit is told to: the journal and the service manager. What is told is in files of its
 * own, ps-report-*. */

/* floor 1 */
#include "ps-cause.h"

typedef struct _PsReport PsReport;

void ps_report_prepare (void);
PsReport *ps_report_new (void);
void ps_report_close (PsReport *report);
void ps_report_free (PsReport *report);
void ps_report_set_log_func (PsReport *report, PsLogFunc func, gpointer user_data,
                             GDestroyNotify notify);
guint64 ps_report_get_watchdog_us (PsReport *report);
gboolean ps_report_is_at_rest (PsReport *report);
void ps_report_take_over (PsReport *report);

void ps_report_bad_setting (PsReport *report, const char *name, const GError *error);
void ps_report_open_termination_log (PsReport *report, const char *path);
