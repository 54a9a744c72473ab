/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What must hold of a trial, whatever fault was in it. */

#include "trial.h"

/* How it ended. */
typedef enum
{
  JUDGE_WRONG,    /* as it must not */
  JUDGE_COMPLETE, /* every callback ran, and the status is the one of the docs */
  JUDGE_PARTLY,   /* likewise, but some callbacks were left out, which the journal says */
  JUDGE_FORCED,   /* the rescue ended it, or a third signal, and said so */
  JUDGE_SILENT,   /* likewise, but there was nobody it could say that to */
  JUDGE_GLIB,     /* GLib got no memory, or no file descriptor, and ended the process: SIGTRAP */
  JUDGE_SIGNAL,   /* it died of the signal, before anybody kept it from that */
  JUDGE_N,
} Judgement;

extern const char *const judge_names[JUDGE_N];

/* Which ends are right in this sweep, besides a complete one. */
typedef struct
{
  gboolean partly, forced, silent, glib, by_signal;
} JudgeAllowed;

/* *why: the reason when it is wrong; to be freed. */
Judgement judge (const TrialPlan *plan, const TrialOutcome *outcome, const JudgeAllowed *allowed,
                 char **why);
