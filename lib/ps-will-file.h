/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The file of a will in the making, and the table of the clauses in it. Not thread-safe. */

#include <glib.h>

/* floor 3 */
#include "ps-owner.h"
#include "ps-store.h"
/* floor 5 */
#include "ps-settle-work.h"
#include "ps-will-places.h"

typedef struct
{
  int dir;
  char *name;
  gboolean is_synced;
  PsOwner owner;
  const PsWillPlaces *places;
  PsStore store;
  PsSettleWork *work;

  PsWillEntry *clauses;
  guint n_clauses, room, last;
  gsize dead; /* bytes of lines that mean nothing any more */
} PsWillFile;

gboolean ps_will_file_init (PsWillFile *file, int dir, const char *name, const PsOwner *owner,
                            const PsWillPlaces *places, gboolean is_synced);
void ps_will_file_clear (PsWillFile *file);
gboolean ps_will_file_is_made (const PsWillFile *file);

/* Each writes a line. FALSE, or 0: errno and, where that does not say all, *why; else it is NULL.
 */
gboolean ps_will_file_add_place (PsWillFile *file, guint number, const char **why);
guint ps_will_file_add_target (PsWillFile *file, PsWillVerb verb, const PsWillTarget *target,
                               const char **why);
guint ps_will_file_add_command (PsWillFile *file, const char *const *argv, const char **why);
gboolean ps_will_file_revoke (PsWillFile *file, guint clause);
gboolean ps_will_file_hand_on (PsWillFile *file, const PsOwner *owner);
