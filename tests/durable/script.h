/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the subject does to its will, step by step, and what the will then is: known to the subject,
 * which plays it, and to those that cut it off, who judge what is left. */

#include <glib.h>

#define SCRIPT_TARGETS_MAX 64

typedef enum
{
  STEP_OPEN,   /* the record */
  STEP_UNLINK, /* a clause for a file */
  STEP_RMDIR,  /* for an empty directory */
  STEP_RUN,    /* for a command, which leaves one byte each time it is run */
  STEP_REVOKE, /* the clause of a target */
  STEP_END,    /* a clean exit, in which the process carries the will out itself */
} StepKind;

/* A target has one clause at most: its number names both. */
typedef struct
{
  StepKind kind;
  guint target;
} Step;

typedef struct
{
  const char *name;
  const Step *steps;
  guint n_steps;
  guint first_swept; /* the steps before are only the way there */
} Script;

/* "arm", "change", "many", "disarm", "power", "power-end"; NULL when there is no such script. */
const Script *script_find (const char *name);

/* The targets of the clauses that hold after so many steps, as bits; those that were carried out
 * in STEP_END are among them. */
guint64 script_will_after (const Script *script, guint n_steps);

/* The same, from step to step: what one of them makes of a will. */
guint64 script_will_of_step (const Script *script, guint number, guint64 will);

/* All targets that ever have a clause. */
guint64 script_will_ever (const Script *script);

/* Those that are commands. */
guint64 script_will_runs (const Script *script);

/* Which kind the target is of; STEP_OPEN: the script has none of that number. */
StepKind script_kind_of (const Script *script, guint target);

/* What the file of a target is called. To be freed. */
char *script_target_name (StepKind kind, guint target);

/* Said by prctl (SWEEP_PRCTL, …), so that a tracer knows where the subject is: a step begins, is
 * done, has failed. The number of the step, from 0, is added. */
#define SCRIPT_BEGIN 10000
#define SCRIPT_DONE 20000
#define SCRIPT_FAILED 30000
