/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lock-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"

/*
 * One daemon for one database. SQLite keeps two of them from tearing it, but each would answer with
 * line numbers of its own, and wait for the other.
 *
 * The lock is the kernel's (fcntl), which goes with its process; the file is what it hangs on, and
 * tells people the process ID. A file that was left behind is therefore no lock. It is not used
 * again, but replaced: it is in a dead daemon's will, which is for that file and no other. Whoever
 * has locked a file looks whether the path still leads to it: it may have been removed in between.
 */

#define TRIES 16

static gboolean
set_failure (GError **error, const char *path, int errsv, const char *what)
{
  g_set_error (error, FAILURE, failure_from_errno (errsv), "Lock %s: %s: %s", path, what,
               g_strerror (errsv));
  return FALSE;
}

/* FALSE with error: somebody else has it. */
static gboolean
lock (int fd, const char *path, GError **error)
{
  struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

  if (fcntl (fd, F_SETLK, &whole) == 0)
    return TRUE;
  if (errno != EACCES && errno != EAGAIN)
    return set_failure (error, path, errno, "it cannot be locked");
  if (fcntl (fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK && whole.l_pid > 0)
    g_set_error (error, FAILURE, EX_UNAVAILABLE,
                 "Lock %s: process %d has this database: stop it, or use another one", path,
                 (int) whole.l_pid);
  else
    g_set_error (error, FAILURE, EX_UNAVAILABLE,
                 "Lock %s: another process has this database: stop it, or use another one", path);
  return FALSE;
}

static gboolean
leads_to (const char *path, int fd)
{
  struct stat there, ours;

  return lstat (path, &there) == 0 && fstat (fd, &ours) == 0 && there.st_dev == ours.st_dev
         && there.st_ino == ours.st_ino;
}

static gboolean
is_left_behind (int fd)
{
  struct stat st;

  return fstat (fd, &st) == 0 && st.st_size > 0;
}

static gboolean
write_pid (int fd, const char *path, GError **error)
{
  char text[16];
  int n = snprintf (text, sizeof text, "%d\n", (int) getpid ());

  if (ftruncate (fd, 0) == 0 && pwrite (fd, text, (size_t) n, 0) == n)
    return TRUE;
  return set_failure (error, path, errno, "it cannot be written");
}

/* Returns a descriptor that has the lock; -1 with error. */
static int
open_locked (const char *path, GError **error)
{
  for (int i = 0; i < TRIES; i++)
    {
      int fd = open (path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

      if (fd < 0)
        {
          set_failure (error, path, errno, "it cannot be opened");
          return -1;
        }
      if (!lock (fd, path, error))
        {
          close (fd);
          return -1;
        }
      if (leads_to (path, fd) && !is_left_behind (fd))
        return fd;
      if (leads_to (path, fd))
        unlink (path);
      close (fd);
    }
  g_set_error (error, FAILURE, EX_TEMPFAIL, "Lock %s: it is replaced again and again", path);
  return -1;
}

LockFile *
lock_file_take (const char *path, GError **error)
{
  int fd = open_locked (path, error);
  LockFile *self;

  if (fd < 0)
    return NULL;
  self = g_new (LockFile, 1);
  self->path = g_strdup (path);
  self->fd = fd;
  if (write_pid (fd, path, error))
    return self;
  lock_file_release (self);
  return NULL;
}

/* The file goes first: whoever has opened it meanwhile finds that it is another one now. */
void
lock_file_release (LockFile *self)
{
  if (self == NULL)
    return;
  if (leads_to (self->path, self->fd))
    unlink (self->path);
  close (self->fd);
  g_free (self->path);
  g_free (self);
}
