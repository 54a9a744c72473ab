/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One trial after another, each with its fault one point further on, until a trial meets none. */

#include "judge.h"

typedef struct _Sweep Sweep;

/* Puts the fault there: the first point is 1. */
typedef void (*SweepSetPoint) (TrialPlan *plan, guint point, const Sweep *sweep);

struct _Sweep
{
  const char *name;
  TrialPlan plan;
  SweepSetPoint set_point;
  JudgeAllowed allowed;
  guint coarse; /* how many points a step is, unless TESTS=long */
};

/* Prints its figures; the case fails with the first wrong end. */
void sweep_run (const Sweep *sweep);
