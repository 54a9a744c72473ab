/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * systemctl asks the manager, over whichever bus there is, in the same way for users and for the
 * system; what it prints of a property is stable.
 */

#include "ps-unit-state.h"

#include <string.h>

static const char properties[] = "--property=Id,LoadState,ActiveState,SubState,MainPID,StatusText,"
                                 "Result,NRestarts,ActiveEnterTimestamp,StateDirectory,"
                                 "RuntimeDirectory,InvocationID";

static void
take_line (PsUnitState *self, const char *line)
{
  const char *equals = strchr (line, '=');

  if (equals != NULL)
    g_hash_table_replace (self->properties, g_strndup (line, (gsize) (equals - line)),
                          g_strdup (equals + 1));
}

/* The first line of what it complained of, without the name of the program. */
static void
set_failure (GError **error, char *complaint)
{
  g_strdelimit (g_strstrip (complaint), "\n", '\0');
  g_set_error (error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "systemctl: %s",
               *complaint != '\0' ? complaint : "it failed");
}

gboolean
ps_unit_state_init (PsUnitState *self, const char *unit, gboolean is_users, GError **error)
{
  const char *const argv[] = {
    "systemctl", is_users ? "--user" : "--system", "show", properties, "--", unit, NULL
  };
  g_autofree char *text = NULL, *complaint = NULL;
  g_auto (GStrv) lines = NULL;
  int status = 0;

  if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &text, &complaint,
                     &status, error))
    return FALSE;
  if (!g_spawn_check_wait_status (status, NULL))
    {
      set_failure (error, complaint);
      return FALSE;
    }
  self->properties = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  lines = g_strsplit (text, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++)
    take_line (self, lines[i]);
  return TRUE;
}

void
ps_unit_state_clear (PsUnitState *self)
{
  g_clear_pointer (&self->properties, g_hash_table_unref);
}

const char *
ps_unit_state_get (const PsUnitState *self, const char *name)
{
  const char *value =
      self->properties != NULL ? g_hash_table_lookup (self->properties, name) : NULL;

  return value != NULL ? value : "";
}

static void
add_directories (GStrvBuilder *to, const char *base, const char *names)
{
  g_auto (GStrv) words = g_strsplit (names, " ", -1);

  for (gsize i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      {
        g_autofree char *path = g_build_filename (base, words[i], NULL);

        g_strv_builder_add (to, path);
      }
}

/* A user's state was in the place of configuration until systemd 254. */
char **
ps_unit_state_directories (const PsUnitState *self, gboolean is_users)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *state = ps_unit_state_get (self, "StateDirectory");

  add_directories (builder, is_users ? g_get_user_state_dir () : "/var/lib", state);
  if (is_users)
    add_directories (builder, g_get_user_config_dir (), state);
  add_directories (builder, is_users ? g_get_user_runtime_dir () : "/run",
                   ps_unit_state_get (self, "RuntimeDirectory"));
  return g_strv_builder_end (builder);
}
