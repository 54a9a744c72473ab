/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "socket-file.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "failure.h"

/*
 * A daemon that was killed leaves its socket file behind, and bind() refuses a path that exists.
 * Removing it blindly would take the clients away from a daemon that lives. So we knock first:
 * a socket that refuses connections has nobody behind it.
 *
 * Between knocking, removing, binding and listening, another daemon could do the same, and one of
 * the two would remove the other's fresh socket. A lock on the directory keeps them apart; it
 * needs no lock file, and the kernel drops it whatever happens to us.
 *
 * The way out is alike: the path is removed only when it still leads to the very file we made.
 */

#define LOCK_TRIES 40
#define LOCK_WAIT_US (50 * 1000)

static gboolean
set_failure (GError **error, const char *path, int errsv, const char *what)
{
  g_set_error (error, FAILURE, failure_from_errno (errsv), "Socket %s: %s: %s", path, what,
               g_strerror (errsv));
  return FALSE;
}

/* Returns a descriptor to close, which gives the lock back; -1 with error. */
static int
lock_directory (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    {
      set_failure (error, path, errno, "its directory cannot be opened");
      return -1;
    }
  for (int i = 0; i < LOCK_TRIES; i++)
    {
      if (flock (fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
      g_usleep (LOCK_WAIT_US);
    }
  g_set_error (error, FAILURE, EX_TEMPFAIL,
               "Socket %s: another program keeps its directory locked (flock): try again later",
               path);
  close (fd);
  return -1;
}

static gboolean
knock (const char *path, GSocketAddress *address, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GSocket) probe = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, error);

  if (probe == NULL)
    return FALSE;
  g_socket_set_blocking (probe, FALSE);
  if (g_socket_connect (probe, address, NULL, &local)
      || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)
      || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_PENDING))
    g_set_error (error, FAILURE, EX_UNAVAILABLE,
                 "Socket %s: another daemon answers there; stop it, or choose another path", path);
  else if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return TRUE;
  else
    g_set_error (error, FAILURE, EX_UNAVAILABLE,
                 "Socket %s: it cannot be found out whether it is in use: %s", path,
                 local->message);
  return FALSE;
}

static gboolean
remove_stale (const char *path, GSocketAddress *address, GError **error)
{
  struct stat found;

  if (lstat (path, &found) < 0)
    return errno == ENOENT || set_failure (error, path, errno, "cannot be looked at");
  if (!S_ISSOCK (found.st_mode))
    {
      g_set_error (error, FAILURE, EX_CANTCREAT,
                   "Socket %s: something else than a socket is there; remove it, or choose another "
                   "path",
                   path);
      return FALSE;
    }
  if (!knock (path, address, error))
    return FALSE;
  if (g_unlink (path) < 0)
    return set_failure (error, path, errno, "the stale socket cannot be removed");
  g_info ("Removed %s, which a daemon left that is gone", path);
  return TRUE;
}

static SocketFile *
bind_and_listen (const char *path, GSocketAddress *address, GSocket *socket, GError **error)
{
  g_autoptr (SocketFile) self = NULL;
  GError *local = NULL;
  struct stat made;

  if (!g_socket_bind (socket, address, FALSE, &local))
    {
      failure_take (error, path, local);
      return NULL;
    }
  if (lstat (path, &made) < 0)
    {
      set_failure (error, path, errno, "cannot be looked at");
      return NULL;
    }
  self = g_new (SocketFile, 1);
  *self = (SocketFile){ .path = g_strdup (path), .dev = made.st_dev, .ino = made.st_ino };
  if (!g_socket_listen (socket, &local))
    {
      failure_take (error, path, local);
      g_unlink (path);
      return NULL;
    }
  return g_steal_pointer (&self);
}

SocketFile *
socket_file_claim (const char *path, GSocket *socket, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autoptr (GSocketAddress) address = NULL;
  SocketFile *self = NULL;
  int lock;

  if (strlen (absolute) >= sizeof ((struct sockaddr_un *) 0)->sun_path)
    {
      g_set_error (error, FAILURE, EX_USAGE,
                   "Socket %s: the path is too long; the kernel takes %zu bytes", absolute,
                   sizeof ((struct sockaddr_un *) 0)->sun_path - 1);
      return NULL;
    }
  lock = lock_directory (absolute, error);
  if (lock < 0)
    return NULL;
  address = g_unix_socket_address_new (absolute);
  if (remove_stale (absolute, address, error))
    self = bind_and_listen (absolute, address, socket, error);
  close (lock);
  return self;
}

gboolean
socket_file_remove (SocketFile *self, GError **error)
{
  struct stat found;
  int lock = lock_directory (self->path, error);
  gboolean removed;

  if (lock < 0)
    return FALSE;
  removed = lstat (self->path, &found) < 0 || found.st_dev != self->dev || found.st_ino != self->ino
            || g_unlink (self->path) == 0
            || set_failure (error, self->path, errno, "cannot be removed");
  close (lock);
  return removed;
}

void
socket_file_free (SocketFile *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_free (self);
}
