/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * NAME.RUNID.will is there as long as something in it is to be done. Which of them belongs to the
 * life that goes on is written in NAME.run, whose last "begin" has its id. Nothing is changed here,
 * and nothing locked.
 */

#include "ps-unit-wills.h"

#include <errno.h>
#include <string.h>

#define SUFFIX ".will"
#define ID_LENGTH 32

/* The id of the life that began last; NULL: not known. */
static char *
find_last_id (const char *directory, const char *unit)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.run", directory, unit), *text = NULL;
  const char *at;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  at = g_strrstr (text, " begin id=");
  return at != NULL ? g_strndup (at + strlen (" begin id="), ID_LENGTH) : NULL;
}

/* NULL: a file of another name. */
static char *
id_of_will (const char *file, const char *unit)
{
  gsize length = strlen (unit);

  if (!g_str_has_prefix (file, unit) || file[length] != '.'
      || strlen (file) != length + 1 + ID_LENGTH + strlen (SUFFIX)
      || !g_str_has_suffix (file, SUFFIX))
    return NULL;
  return g_strndup (file + length + 1, ID_LENGTH);
}

static void
look_into (PsUnitWills *self, const char *directory, const char *unit, gboolean is_up)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (directory, 0, &error);
  g_autofree char *last = is_up ? find_last_id (directory, unit) : NULL;
  const char *file;

  if (dir == NULL)
    {
      self->is_denied |= g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_ACCES);
      return;
    }
  while ((file = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *id = id_of_will (file, unit);

      if (id == NULL)
        continue;
      if (g_strcmp0 (id, last) == 0)
        self->n_in_force++;
      else
        g_ptr_array_add (self->paths, g_build_filename (directory, file, NULL));
    }
}

void
ps_unit_wills_init (PsUnitWills *self, char **directories, const char *unit, gboolean is_up)
{
  *self = (PsUnitWills){ .paths = g_ptr_array_new_with_free_func (g_free) };
  for (gsize i = 0; directories[i] != NULL; i++)
    look_into (self, directories[i], unit, is_up);
}

void
ps_unit_wills_clear (PsUnitWills *self)
{
  g_clear_pointer (&self->paths, g_ptr_array_unref);
}
