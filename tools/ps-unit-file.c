/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Written beside its place and moved there, so that the manager never reads half a unit. link()
 * does what rename() cannot everywhere: it fails where something is, whoever put it there
 * meanwhile.
 */

#include "ps-unit-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define UNIT_MODE 0644

static gboolean
fail (GError **error, const char *path)
{
  int number = errno;

  g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (number), "%s: %s", path,
               g_strerror (number));
  return FALSE;
}

static gboolean
fill (int fd, const char *text)
{
  gsize left = strlen (text);

  while (left > 0)
    {
      gssize written = write (fd, text, left);

      if (written < 0 && errno != EINTR)
        return FALSE;
      if (written > 0)
        {
          text += written;
          left -= (gsize) written;
        }
    }
  return fchmod (fd, UNIT_MODE) == 0 && fsync (fd) == 0;
}

static gboolean
put_in_place (const char *from, const char *path, gboolean replaces)
{
  if (replaces)
    return g_rename (from, path) == 0;
  return link (from, path) == 0 && g_unlink (from) == 0;
}

gboolean
ps_unit_file_write (const char *path, const char *text, gboolean replaces, GError **error)
{
  g_autofree char *beside = g_strconcat (path, ".XXXXXX", NULL);
  int fd = g_mkstemp_full (beside, O_WRONLY | O_CLOEXEC, 0600);
  gboolean good;

  if (fd < 0)
    return fail (error, path);
  good = fill (fd, text);
  if (close (fd) != 0)
    good = FALSE;
  if (good && put_in_place (beside, path, replaces))
    return TRUE;
  fail (error, path);
  g_unlink (beside);
  return FALSE;
}
