/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What must hold of whatever a life left behind. */

#include "life.h"

typedef struct
{
  guint64 before, after; /* the will must be one of these, and be carried out whole */
  guint64 already;       /* carried out before: not asked for, but it may be so */
  guint64 excused;       /* may be left undone: it was reported as failed */
  guint most;            /* so often a command may have been run */
  gboolean rebooted;     /* since that life */
  gboolean may_be_clean; /* the life came to its clean end, or was about to */
  gboolean damaged;      /* there may be lines that are not whole, which are reported */
} Aftermath;

/* The targets of clauses that a program has said had failed. */
guint64 aftermath_find_excused (const Script *script, const char *output);

/* Settles it, and settles it once more, and begins another life. NULL, or what is wrong; to be
 * freed. */
char *aftermath_judge (const Stage *stage, const Script *script, const Aftermath *expected);
