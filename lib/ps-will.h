/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The will of this run: clauses are written down as they come, and carried out at the end. */

#include <glib.h>

/* floor 3 */
#include "ps-owner.h"
/* floor 6 */
#include "ps-settle.h"

typedef struct _PsWill PsWill;

PsWill *ps_will_new (int dir, const char *directory, const char *name, const PsOwner *owner,
                     gboolean is_synced);
void ps_will_free (PsWill *will);
gboolean ps_will_is_at_rest (PsWill *will);

gboolean ps_will_allow (PsWill *will, const char *path, GError **error);
guint ps_will_add_file (PsWill *will, PsWillVerb verb, const char *path, GError **error);
guint ps_will_add_command (PsWill *will, const char *const *argv, GError **error);
gboolean ps_will_revoke (PsWill *will, guint clause);

gboolean ps_will_inherit (PsWill *will);
PsSettleEnd ps_will_carry_out (PsWill *will, const PsSettleHow *how);
