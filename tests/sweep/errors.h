/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What system calls fail with, other than for our own mistakes. */

#include "trial.h"

#define SWEEP_ERRORS_MAX 5

/* The errors, EINTR not among them, ended by 0; NULL when the call is not known here. */
const int *sweep_errors (const SweepCall *call);

/* Whether it fails with EINTR when a signal comes. */
gboolean sweep_can_be_interrupted (const SweepCall *call);

/* Whether it has its effect all the same. */
gboolean sweep_is_made_anyway (const SweepCall *call);
