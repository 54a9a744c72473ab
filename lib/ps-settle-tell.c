/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Whoever has a will carried out is told of each file that was met, and of each clause that was not
 * carried out: a process writes records, a tool writes to a terminal. What went well in a clause is
 * only counted.
 */

#include "ps-settle-tell.h"

const char *
ps_settle_by (PsSettleBy by)
{
  static const char *const names[] = {
    [PS_SETTLE_BY_PROCESS] = "process",
    [PS_SETTLE_BY_STOP_POST] = "stop-post",
    [PS_SETTLE_BY_START] = "start",
    [PS_SETTLE_BY_BOOT] = "boot",
  };

  return names[by];
}

/* Returns end. tally NULL: no clause was come to. */
PsSettleEnd
ps_settle_tell_end (const PsSettleHow *how, const char *file, const PsSettleTally *tally,
                    PsSettleEnd end, const char *reason)
{
  static const PsSettleTally none;
  PsSettleNews news = { .by = how->by,
                        .end = end,
                        .tally = tally != NULL ? tally : &none,
                        .file = file,
                        .reason = reason };

  if (how->tell != NULL)
    how->tell (&news, how->data);
  return end;
}
