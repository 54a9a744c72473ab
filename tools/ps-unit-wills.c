/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * NAME.RUNID.will is there as long as something in it is to be done. Which of them belongs to the
 * life that goes on is written in NAME.run, whose last "begin" has its id. Nothing is changed here,
 * and nothing locked.
 */

#include "ps-unit-wills.h"

#include "ps-run-lives.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".will"
#define ID_LENGTH (PS_RUN_LIFE_ID - 1)

/* A record is far smaller. */
#define READ_MAX (16 * 1024 * 1024)

/* NULL: it is no file, or cannot be read. Whoever it belongs to may have put anything in its place:
 * what would never end is not waited for. */
static char *
read_file (const char *path, gsize *length)
{
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat st;
  char *text = NULL;
  gssize n = -1;

  if (fd >= 0 && fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && st.st_size <= READ_MAX)
    {
      text = g_malloc ((gsize) st.st_size + 1);
      n = read (fd, text, (gsize) st.st_size);
    }
  if (fd >= 0)
    close (fd);
  if (n < 0)
    g_clear_pointer (&text, g_free);
  *length = n < 0 ? 0 : (gsize) n;
  return text;
}

/* The id of the life that began last; NULL: not known. */
static char *
find_last_id (const char *directory, const char *unit)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.run", directory, unit);
  gsize length;
  g_autofree char *text = read_file (path, &length);
  PsRunLives record;

  if (text == NULL)
    return NULL;
  ps_run_lives_read (&record, text, length);
  return record.n_lives > 0 ? g_strdup (record.last.who.id) : NULL;
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
