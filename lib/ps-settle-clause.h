/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Carrying out one clause. */

/* floor 4 */
#include "ps-will-text.h"

typedef enum
{
  PS_CLAUSE_DONE,
  PS_CLAUSE_SKIPPED, /* there is a reason not to */
  PS_CLAUSE_FAILED,
  PS_CLAUSE_CUT,  /* somebody asked the command to end: to be begun anew */
  PS_CLAUSE_LEFT, /* for want of memory or descriptors: another process may do better */
} PsClauseEnd;

typedef struct
{
  const PsWillPlace *place; /* of a file: as it was written down; */
  int dir;                  /* and a descriptor of it that is still open, or -1 */
  int is_same_boot;
  int is_synced; /* what is done is on the disk before it is marked */
  int has_later_run;
  int64_t limit_us; /* for a command */
} PsClauseHow;

/* reason: what it is to be told when it is not done. */
PsClauseEnd ps_settle_clause (const PsWillClause *clause, const PsClauseHow *how,
                              char reason[PS_WILL_REASON]);
