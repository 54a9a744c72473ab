/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Anybody may log anything, so what journald knows better is compared with what an entry claims.
 */

#include "ps-entry-whose.h"

#include <string.h>

const char *
ps_entry_get_invocation (const PsEntry *entry)
{
  const char *id = entry->values[PS_KEY_INVOCATION_ID];

  return id != NULL ? id : entry->values[PS_KEY_SYSTEMD_INVOCATION_ID];
}

const char *
ps_entry_get_unit (const PsEntry *entry)
{
  const char *unit = entry->values[PS_KEY_UNIT];

  if (unit == NULL)
    unit = entry->values[PS_KEY_SYSTEMD_USER_UNIT];
  return unit != NULL ? unit : entry->values[PS_KEY_SYSTEMD_UNIT];
}

/* Whether journald knows that it is not of the unit that it claims. Of last words it may not know;
 * and of a process that speaks right after its start it keeps for a while what it was before, a
 * copy of the manager in the manager's own init.scope. */
gboolean
ps_entry_is_foreign (const PsEntry *entry)
{
  const char *claimed = entry->values[PS_KEY_UNIT];
  const char *unit = entry->values[PS_KEY_SYSTEMD_UNIT];
  const char *user_unit = entry->values[PS_KEY_SYSTEMD_USER_UNIT];

  if (claimed == NULL || unit == NULL)
    return FALSE;
  return strcmp (claimed, unit) != 0 && strcmp (unit, "init.scope") != 0
         && g_strcmp0 (claimed, user_unit) != 0 && g_strcmp0 (user_unit, "init.scope") != 0;
}
