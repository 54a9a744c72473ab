/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Steps over many exits: how long each took. Pure. */

#include "ps-entry.h"
#include "ps-life.h"

typedef struct
{
  const char *unit; /* or the program, where there is no unit */
  const char *event;
  const char *step;
  GArray *durations; /* of gint64: microseconds; sorted when it is finished */
  gint64 total_us;
  gint64 median_us, p95_us, worst_us;
  gint64 exits_us; /* what all exits of the unit took */
  guint n_dropped; /* holds of it that were given up on */
  guint n_skipped;
  guint n_failed;
} PsBlamed;

typedef struct _PsBlame PsBlame;

PsBlame *ps_blame_new (void);
void ps_blame_free (PsBlame *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsBlame, ps_blame_free)

void ps_blame_add (PsBlame *self, const PsEntry *entry);

/* Once: sorts, the one that took most time first. */
void ps_blame_finish (PsBlame *self);

guint ps_blame_get_n (const PsBlame *self);
const PsBlamed *ps_blame_get (const PsBlame *self, guint index);

/* How many exits were told of, over all units. */
guint ps_blame_get_n_exits (const PsBlame *self);

/* How many records claimed to be of a unit and were not. */
guint ps_blame_get_n_foreign (const PsBlame *self);
