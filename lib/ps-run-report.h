/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tells what became of the life before. */

/* floor 2 */
#include "ps-run.h"
/* floor 5 */
#include "ps-report.h"

void ps_run_report_previous (PsReport *report, const PsRun *run);
