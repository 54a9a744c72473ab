/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the subject of a sweep and the one who watches it agree on. */

/* Where the subject writes its marks, a word a line. Its executed children have it as their
 * standard output. */
#define SWEEP_MARK_FD 200

/* A page that both have: what happened to the subject's memory, however it ends. */
#define SWEEP_COUNTS_FD 201

typedef struct
{
  _Atomic unsigned allocations;
  _Atomic unsigned failed;
} SweepCounts;

/* prctl (SWEEP_PRCTL, one of these): no such option exists, so that the kernel does nothing; a
 * tracer sees it. */
#define SWEEP_PRCTL 0x50530000

enum
{
  SWEEP_OWN_BEGIN, /* what this thread does from here on is the subject's own business, */
  SWEEP_OWN_END,   /* and is swept again */
  SWEEP_ATTACH,    /* ps_prepare() and ps_glib_attach() come next */
  SWEEP_EXIT,      /* the call that ends the process comes next */
};

/* In the environment: where faults in memory are to be, as "N once" or "N ever" (0: nowhere); and
 * whether the subject is to stop for a tracer. */
#define SWEEP_ENV_MEMORY "SWEEP_MEMORY"
#define SWEEP_ENV_TRACED "SWEEP_TRACED"
#define SWEEP_ENV_FDS "SWEEP_FDS"
