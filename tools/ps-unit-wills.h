/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Last wills that lie in a unit's directories, as their files tell. */

#include <glib.h>

typedef struct
{
  GPtrArray *paths;   /* of char *: those that nobody lives for any more */
  guint n_in_force;   /* of the life that goes on */
  gboolean is_denied; /* a directory could not be looked into */
} PsUnitWills;

/* is_up: a life goes on; of it is what the last begin in NAME.run says. */
void ps_unit_wills_init (PsUnitWills *self, char **directories, const char *unit, gboolean is_up);
void ps_unit_wills_clear (PsUnitWills *self);
