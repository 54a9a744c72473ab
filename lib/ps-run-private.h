/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ps-run-life.h"

/* floor 1 */
#include "ps-verdict.h"

#include "ps-run.h"

PsRun *ps_run_new (const PsRunLife *life, const PsFinding *finding);
