/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For whom a will is carried out, what they are told of it, and in which words. libc only. */

/* floor 4 */
#include "ps-will-text.h"

#include <stdint.h>

typedef enum
{
  PS_SETTLE_BY_PROCESS,
  PS_SETTLE_BY_STOP_POST,
  PS_SETTLE_BY_START,
  PS_SETTLE_BY_BOOT,
} PsSettleBy;

typedef enum
{
  PS_SETTLE_DONE,    /* every clause is over, and the file has gone */
  PS_SETTLE_NOTHING, /* there is no will, or no clause in it; the file has gone */
  PS_SETTLE_ALIVE,   /* its run is not over, or somebody else is at it: untouched */
  PS_SETTLE_LEFT,    /* some clauses are left: no time, or no room for marks; the file stays */
  PS_SETTLE_DAMAGED, /* not to be trusted: set aside under another name */
  PS_SETTLE_FOREIGN, /* of a later version: untouched */
  PS_SETTLE_REFUSED, /* not ours, or writable by others: untouched */
  PS_SETTLE_FAILED,  /* could not be read */
} PsSettleEnd;

typedef struct
{
  unsigned done;
  unsigned skipped;
  unsigned failed;
  unsigned left;
} PsSettleTally;

/* What there is to tell: of a clause that was not carried out, or of a file. */
typedef struct
{
  PsSettleBy by;
  PsSettleEnd end;            /* of the file; meaningful where clause is NULL */
  const PsSettleTally *tally; /* likewise */
  const char *file;
  const PsWillClause *clause;
  const PsWillPlace *place; /* NULL: of a command, or not known */
  int is_skipped;           /* there was a reason not to; else it could not be done */
  const char *reason;       /* NULL: none */
} PsSettleNews;

typedef void (*PsSettleTell) (const PsSettleNews *news, void *data);

typedef struct
{
  PsSettleBy by;
  const char *last_run; /* of the lives in the record; NULL or "": there is none */
  int64_t end_us;       /* CLOCK_MONOTONIC: no clause is begun after it */
  const int *places;    /* descriptors by number, from 1, or -1; NULL: none */
  int (*look) (void *data); /* brings last_run up to date, before each clause; 0: it cannot be read,
                               and the clause is left; NULL: it does not change */
  PsSettleTell tell;
  void *data;
} PsSettleHow;

const char *ps_settle_by (PsSettleBy by);
PsSettleEnd ps_settle_tell_end (const PsSettleHow *how, const char *file,
                                const PsSettleTally *tally, PsSettleEnd end, const char *reason);
