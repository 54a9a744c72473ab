/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A clause names a file by an absolute path below a directory that was declared; it is kept as the
 * number of that directory and the path from there. The directories are held open: at the end there
 * may be no descriptor left, nor the right to reach them by their paths.
 */

#include "ps-will-places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
ps_will_places_init (PsWillPlaces *places)
{
  *places = (PsWillPlaces){ .n = 0 };
  memset (places->fds, -1, sizeof places->fds);
}

void
ps_will_places_clear (PsWillPlaces *places)
{
  while (places->n > 0)
    ps_will_places_close_last (places);
}

/* --- Declared -------------------------------------------------------------------------------- */

/* A path without slashes at its end. (transfer full) */
char *
ps_will_places_trim (const char *path)
{
  gsize length = strlen (path);

  while (length > 1 && path[length - 1] == '/')
    length--;
  return g_strndup (path, length);
}

/* 0: it is not declared. */
guint
ps_will_places_get_number (const PsWillPlaces *places, const char *path)
{
  for (guint i = 1; i <= places->n; i++)
    if (strcmp (places->paths[i], path) == 0)
      return i;
  return 0;
}

/* Why it cannot be declared; NULL: nothing speaks against it. */
const char *
ps_will_places_get_fault (const PsWillPlaces *places, const char *path)
{
  if (path[0] != '/')
    return "it is not absolute";
  if (places->n == PS_WILL_PLACES)
    return "there are 32 directories already; name one above them";
  return ps_beneath_fault (path + 1);
}

/* One in which there is no fault. Its number is n then. FALSE: errno. */
gboolean
ps_will_places_open (PsWillPlaces *places, const char *path)
{
  guint number = places->n + 1;
  int fd = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return FALSE;
  if (ps_beneath_identify (fd, "", &places->ids[number]) < 0)
    {
      int error = errno;

      close (fd);
      errno = error;
      return FALSE;
    }
  places->paths[number] = g_strdup (path);
  places->fds[number] = fd;
  places->n = number;
  return TRUE;
}

static void
open_listed (PsWillPlaces *places, const char *variable)
{
  const char *list = secure_getenv (variable);
  g_auto (GStrv) paths = g_strsplit (list != NULL ? list : "", ":", -1);

  for (char **path = paths; *path != NULL; path++)
    {
      g_autofree char *trimmed = ps_will_places_trim (*path);

      if (ps_will_places_get_fault (places, trimmed) == NULL
          && ps_will_places_get_number (places, trimmed) == 0)
        (void) ps_will_places_open (places, trimmed);
    }
}

/* Where the service manager says that the unit may write: as good as declared. */
void
ps_will_places_open_granted (PsWillPlaces *places)
{
  open_listed (places, "RUNTIME_DIRECTORY");
  open_listed (places, "STATE_DIRECTORY");
  open_listed (places, "CACHE_DIRECTORY");
  open_listed (places, "LOGS_DIRECTORY");
}

void
ps_will_places_close_last (PsWillPlaces *places)
{
  close (places->fds[places->n]);
  places->fds[places->n] = -1;
  g_clear_pointer (&places->paths[places->n], g_free);
  places->n--;
}

/* --- Below them ------------------------------------------------------------------------------ */

/* The longest of the directories that the path is in, and the path from there. FALSE: it is in
 * none. */
gboolean
ps_will_places_find (const PsWillPlaces *places, const char *path, PsWillTarget *target)
{
  gsize longest = 0;

  *target = (PsWillTarget){ .place = 0 };
  for (guint i = 1; i <= places->n; i++)
    {
      gsize length = strlen (places->paths[i]);

      if (length > longest && strncmp (path, places->paths[i], length) == 0 && path[length] == '/')
        {
          longest = length;
          target->place = i;
          target->path = path + length + 1;
        }
    }
  return target->place != 0;
}

/* What the clause is to be known by. NULL, or why it cannot be; *error: the errno of it, or 0. */
const char *
ps_will_places_look (const PsWillPlaces *places, PsWillVerb verb, PsWillTarget *target, int *error)
{
  const char *leaf;
  int parent = ps_beneath_open_parent (places->fds[target->place], target->path, &leaf);

  *error = parent < 0 ? errno : 0;
  target->is_there = FALSE;
  if (parent >= 0)
    {
      target->is_there = ps_beneath_identify (parent, leaf, &target->id) == 0;
      *error = target->is_there ? 0 : errno;
      close (parent);
    }
  if (*error != 0 && *error != ENOENT)
    return *error == ELOOP   ? "it leads through a symbolic link"
           : *error == EXDEV ? "it leads to another file system: declare a directory there"
                             : g_strerror (*error);
  if (target->is_there && (verb == PS_WILL_RMDIR) != S_ISDIR (target->id.type))
    return verb == PS_WILL_RMDIR ? "it is not a directory" : "it is a directory";
  return NULL;
}
