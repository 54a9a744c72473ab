/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the service manager knows of a unit, asked of systemctl. */

#include <glib.h>

typedef struct
{
  GHashTable *properties; /* as systemctl show names them */
} PsUnitState;

gboolean ps_unit_state_init (PsUnitState *self, const char *unit, gboolean is_users,
                             GError **error);
void ps_unit_state_clear (PsUnitState *self);

/* "" when it has none. */
const char *ps_unit_state_get (const PsUnitState *self, const char *name);

/* Full paths of its state and its runtime directories, in the order in which a record is looked
 * for. */
char **ps_unit_state_directories (const PsUnitState *self, gboolean is_users);
