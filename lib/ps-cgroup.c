/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * systemd gives each unit a cgroup below those of its slices. What is further below is the unit's
 * own affair: a service with Delegate=, and every user in the subtree of user@UID.service, names
 * cgroups there as they like, units that are none of theirs among them. So the first unit below the
 * slices is the one that counts, as it does for journald, and not the innermost. Below a user's
 * manager the same is told once more, apart: that is what the user says.
 *
 * Where the first thing below the slices is no unit, as in the cgroups of some container runtimes,
 * nothing is known, and nothing is guessed.
 */

#include "ps-cgroup.h"

#include <string.h>

/* Of the kinds that have processes. */
static gboolean
is_unit (const char *name)
{
  static const char *const kinds[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (name[0] != '.' && g_str_has_suffix (name, kinds[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_slice (const char *name)
{
  return name[0] != '.' && g_str_has_suffix (name, ".slice");
}

/* "user@1000.service" */
static gboolean
is_user_manager (const char *name)
{
  const char *digits = name + strlen ("user@");
  gsize n;

  if (!g_str_has_prefix (name, "user@"))
    return FALSE;
  n = strspn (digits, "0123456789");
  return n > 0 && strcmp (digits + n, ".service") == 0;
}

/* systemd escapes a name that the kernel would take for one of its own files by "_". */
static const char *
unescape (const char *component)
{
  return component[0] == '_' ? component + 1 : component;
}

/* The unit below the slices, or NULL; *components then begins behind it. */
static const char *
next_unit (char ***components)
{
  for (; **components != NULL; (*components)++)
    {
      const char *name = unescape (**components);

      /* Up and out of our cgroup namespace is "..". */
      if (*name == '\0' || strcmp (name, "..") == 0 || is_slice (name))
        continue;
      if (!is_unit (name))
        return NULL;
      (*components)++;
      return name;
    }
  return NULL;
}

/* The path of a line that tells of units, or NULL. */
static const char *
path_of (const char *line)
{
  const char *named = strstr (line, ":name=systemd:");

  if (g_str_has_prefix (line, "0::"))
    return line + strlen ("0::");
  return named != NULL ? named + strlen (":name=systemd:") : NULL;
}

/* The units in the text of /proc/PID/cgroup: that of the system's manager and, where that one is a
 * user's manager, the one that this has. (transfer full): each NULL when there is none. */
void
ps_cgroup_get_units (const char *proc_cgroup, char **unit, char **user_unit)
{
  g_auto (GStrv) lines = g_strsplit (proc_cgroup, "\n", -1);

  *unit = NULL;
  *user_unit = NULL;
  for (guint i = 0; lines[i] != NULL && *unit == NULL; i++)
    {
      const char *path = path_of (lines[i]);
      g_auto (GStrv) parts = g_strsplit (path != NULL ? path : "", "/", -1);
      char **rest = parts;

      *unit = g_strdup (next_unit (&rest));
      if (*unit != NULL && is_user_manager (*unit))
        *user_unit = g_strdup (next_unit (&rest));
    }
}
