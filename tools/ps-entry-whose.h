/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whose an entry is: as it says itself, and as journald knows. NULL where nothing tells. */

#include "ps-entry.h"

const char *ps_entry_get_unit (const PsEntry *entry);
const char *ps_entry_get_invocation (const PsEntry *entry);

/* It claims a unit, and comes from another. */
gboolean ps_entry_is_foreign (const PsEntry *entry);
