/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The directories in which the clauses of a will may name things, held open. */

#include <glib.h>

/* floor 4 */
#include "ps-will-text.h"

typedef struct
{
  guint n;
  char *paths[PS_WILL_PLACES + 1]; /* by number, from 1 */
  int fds[PS_WILL_PLACES + 1];     /* or -1 */
  PsBeneathId ids[PS_WILL_PLACES + 1];
} PsWillPlaces;

/* Which file a clause means. */
typedef struct
{
  guint place;
  const char *path; /* from there; points into the whole */
  gboolean is_there;
  PsBeneathId id;
} PsWillTarget;

void ps_will_places_init (PsWillPlaces *places);
void ps_will_places_clear (PsWillPlaces *places);

char *ps_will_places_trim (const char *path);
guint ps_will_places_get_number (const PsWillPlaces *places, const char *path);
const char *ps_will_places_get_fault (const PsWillPlaces *places, const char *path);
gboolean ps_will_places_open (PsWillPlaces *places, const char *path);
void ps_will_places_open_granted (PsWillPlaces *places);
void ps_will_places_close_last (PsWillPlaces *places);

gboolean ps_will_places_find (const PsWillPlaces *places, const char *path, PsWillTarget *target);
const char *ps_will_places_look (const PsWillPlaces *places, PsWillVerb verb, PsWillTarget *target,
                                 int *error);
