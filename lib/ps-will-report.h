/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is told of wills. */

/* floor 5 */
#include "ps-report.h"
#include "ps-settle-tell.h"

/* A PsSettleTell; data: a PsReport. Takes no memory. */
void ps_will_report (const PsSettleNews *news, void *report);
void ps_will_report_damaged (PsReport *report, const char *file, const char *reason);
