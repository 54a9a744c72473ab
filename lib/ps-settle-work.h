/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The memory that it takes to carry out a will, taken beforehand. libc only. */

/* floor 4 */
#include "ps-will-text.h"

#include <stddef.h>

typedef struct
{
  char *bytes;
  size_t room;
  PsWillEntry *entries;
  unsigned n_entries;
  PsWillClause clause;
  PsWillPlace place;
  char line[PS_LINE_MAX];
  char reason[PS_WILL_REASON];
} PsSettleWork;

PsSettleWork *ps_settle_work_new (void);
int ps_settle_work_reserve (PsSettleWork *work, size_t bytes);
int ps_settle_work_reserve_file (PsSettleWork *work, size_t bytes);
void ps_settle_work_free (PsSettleWork *work);
