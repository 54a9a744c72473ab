/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is told while the daemon serves, and of its reloads. */

/* floor 5 */
#include "ps-report.h"

void ps_report_run_begun (PsReport *report);
void ps_report_ready (PsReport *report, const char *status);
void ps_report_status (PsReport *report, const char *status);
void ps_report_alive (PsReport *report);

void ps_report_reload_begun (PsReport *report, const PsCause *cause);
void ps_report_reload_done (PsReport *report, gint64 duration_us, const char *failure);
