/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * systemd-analyze loads the units as the manager would, without one being there. Manual pages are
 * not looked up: that of a new daemon is seldom installed before its unit.
 */

#include "ps-unit-check.h"

#include "ps-verb.h"

gboolean
ps_unit_check (const char *directory, const char *const *names, gboolean is_users)
{
  g_autofree char *program = g_find_program_in_path ("systemd-analyze");
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) environment = g_get_environ ();
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (program == NULL)
    return TRUE;
  g_ptr_array_add (argv, g_strdup (program));
  if (is_users)
    g_ptr_array_add (argv, g_strdup ("--user"));
  g_ptr_array_add (argv, g_strdup ("--man=no"));
  g_ptr_array_add (argv, g_strdup ("verify"));
  for (; *names != NULL; names++)
    g_ptr_array_add (argv, g_build_filename (directory, *names, NULL));
  g_ptr_array_add (argv, NULL);
  /* Without a session a user's manager has no directory of its own: any will do to look. */
  environment = g_environ_setenv (environment, "XDG_RUNTIME_DIR", directory, FALSE);
  if (!g_spawn_sync (NULL, (char **) argv->pdata, environment, G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                     NULL, NULL, NULL, &status, &error))
    {
      ps_verb_complain ("not checked: %s", error->message);
      return TRUE;
    }
  return g_spawn_check_wait_status (status, NULL);
}
