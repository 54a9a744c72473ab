/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is written here is acted upon later, by a process that may have more rights, so nobody else
 * may have had a hand in it: the directory and the file belong to this user (the directory may be
 * root's), nobody else can write to them, and the file is a regular one, of mode 0600, with one
 * name and no symbolic link in its place. Everything is done relative to the directory's
 * descriptor. The directory itself may be reached by a symbolic link: systemd makes one for the
 * StateDirectory= of a unit with DynamicUser=.
 *
 * A record is written by one write() with O_APPEND. What was written in part is taken away again;
 * where that cannot be done either, nothing more is written: a torn line is harmless at the end,
 * and only there. After an error of fdatasync() the same: the kernel may have dropped the pages,
 * and a second try that succeeds would prove nothing.
 *
 * The lock is fcntl()'s. Those of flock() and open file descriptions stay with a child that was
 * forked when we have been killed, and would tell that we are alive. This one is lost when any
 * descriptor of the file is closed in the process, so the file is opened once.
 *
 * To replace the file: a new one, whole and on the disk, then the name, then the directory. It is
 * locked before it has the name.
 */

#include "ps-store.h"

/* floor 0 */
#include "ps-write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

/* Whether nobody else can write to it. 0, or -1. */
int
ps_store_check_directory (int fd, const char **why)
{
  struct stat st;

  *why = NULL;
  if (fstat (fd, &st) < 0)
    return -1;
  if (st.st_uid != geteuid () && st.st_uid != 0)
    *why = "the directory belongs to another user";
  else if ((st.st_mode & OTHERS_WRITE) != 0)
    *why = "other users can write to the directory; give it mode 0755 or 0700";
  else
    return 0;
  errno = EPERM;
  return -1;
}

/* Returns a descriptor of a directory that nobody else can write to; -1. */
int
ps_store_open_directory (const char *path, const char **why)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;

  *why = NULL;
  if (fd < 0 || ps_store_check_directory (fd, why) == 0)
    return fd;
  error = errno;
  close (fd);
  errno = error;
  return -1;
}

/* NULL: the file is as we made it. */
static const char *
find_fault (const struct stat *st)
{
  if (!S_ISREG (st->st_mode))
    return "it is not a regular file";
  if (st->st_uid != geteuid ())
    return "it belongs to another user";
  if ((st->st_mode & 07777 & ~(mode_t) (S_IRUSR | S_IWUSR)) != 0)
    return "its mode is not 0600";
  if (st->st_nlink > 1)
    return "it has a second name (a hard link)";
  return NULL;
}

static int
sync_directory (const PsStore *store)
{
  return store->is_synced ? fsync (store->dir) : 0;
}

static int
open_file (int dir, const char *name, PsStoreFlags flags)
{
  int common = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  int fd;

  if (flags & (PS_STORE_CREATE | PS_STORE_NEW))
    {
      fd = openat (dir, name, common | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
      if (fd >= 0 || errno != EEXIST || (flags & PS_STORE_NEW))
        return fd;
    }
  return openat (dir, name, common);
}

/* What fd is, is now what the store is. */
static int
adopt (PsStore *store, int fd)
{
  struct stat st;

  if (fstat (fd, &st) < 0)
    return -1;
  store->fd = fd;
  store->dev = st.st_dev;
  store->ino = st.st_ino;
  store->length = st.st_size;
  return 0;
}

static int
check (PsStore *store, const char **why)
{
  struct stat st;

  if (fstat (store->fd, &st) < 0)
    return -1;
  *why = find_fault (&st);
  if (*why == NULL)
    return 0;
  errno = EPERM;
  return -1;
}

/* dir stays the caller's. */
int
ps_store_open (PsStore *store, int dir, const char *name, PsStoreFlags flags, const char **why)
{
  int fd;

  *why = NULL;
  *store = (PsStore) PS_STORE_CLOSED;
  if (strlen (name) >= sizeof store->name || strchr (name, '/') != NULL)
    {
      errno = ENAMETOOLONG;
      return -1;
    }
  memcpy (store->name, name, strlen (name) + 1);
  store->is_synced = (flags & PS_STORE_SYNC) != 0;
  store->dir = fcntl (dir, F_DUPFD_CLOEXEC, 3);
  if (store->dir < 0)
    return -1;
  fd = open_file (dir, name, flags);
  if (fd >= 0 && adopt (store, fd) < 0)
    close (fd);
  if (store->fd >= 0 && check (store, why) == 0
      && ((flags & (PS_STORE_CREATE | PS_STORE_NEW)) == 0 || sync_directory (store) == 0))
    return 0;
  fd = errno;
  if (fd == ELOOP)
    *why = "it is a symbolic link";
  ps_store_close (store);
  errno = fd;
  return -1;
}

/* Whether the descriptor is still that of our file: a program that closes those it does not know
 * may have given the number to another. Async-signal-safe. */
int
ps_store_is_ours (const PsStore *store)
{
  struct stat st;

  return store->fd >= 0 && fstat (store->fd, &st) == 0 && st.st_dev == store->dev
         && st.st_ino == store->ino;
}

void
ps_store_close (PsStore *store)
{
  if (ps_store_is_ours (store))
    close (store->fd);
  if (store->dir >= 0)
    close (store->dir);
  store->dir = store->fd = -1;
}

static int
set_lock (int fd, pid_t *holder)
{
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

  if (fcntl (fd, F_SETLK, &lock) == 0)
    return 0;
  if (errno == EACCES)
    errno = EAGAIN;
  if (errno == EAGAIN && holder != NULL)
    {
      *holder = fcntl (fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
      errno = EAGAIN;
    }
  return -1;
}

/* Does not wait: EAGAIN, when another process has it; its ID is put into *holder (0: not known).
 * ESTALE: it was replaced or removed in the meantime; to be opened anew. */
int
ps_store_lock (PsStore *store, pid_t *holder)
{
  struct stat st;

  if (set_lock (store->fd, holder) < 0)
    return -1;
  if (fstatat (store->dir, store->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == store->dev
      && st.st_ino == store->ino)
    return adopt (store, store->fd);
  errno = ESTALE;
  return -1;
}

/* The first size bytes. */
ssize_t
ps_store_read (PsStore *store, char *buffer, size_t size)
{
  size_t have = 0;

  while (have < size)
    {
      ssize_t n = pread (store->fd, buffer + have, size - have, (off_t) have);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      have += (size_t) n;
    }
  return (ssize_t) have;
}

static int
fail (PsStore *store, int error)
{
  store->failure = error;
  errno = error;
  return -1;
}

/* All of it or nothing. Async-signal-safe. */
int
ps_store_append (PsStore *store, const char *bytes, size_t n)
{
  ssize_t written;
  int error;

  if (store->failure != 0 || !ps_store_is_ours (store))
    {
      errno = store->failure != 0 ? store->failure : EBADF;
      return -1;
    }
  do
    written = ps_write (store->fd, bytes, n);
  while (written < 0 && errno == EINTR);
  if (written != (ssize_t) n)
    {
      error = written < 0 ? errno : ENOSPC;
      if (written > 0 && ftruncate (store->fd, store->length) < 0)
        return fail (store, error);
      errno = error;
      return -1;
    }
  if (store->is_synced && fdatasync (store->fd) < 0)
    {
      error = errno;
      /* It may be there or not; not to be taken for written, it had better not be. */
      if (ftruncate (store->fd, store->length) < 0)
        store->failure = error;
      return fail (store, error);
    }
  store->length += (off_t) n;
  return 0;
}

/* Takes a torn end away. */
int
ps_store_cut (PsStore *store, off_t length)
{
  if (ftruncate (store->fd, length) < 0 || (store->is_synced && fdatasync (store->fd) < 0))
    return -1;
  store->length = length;
  return 0;
}

static int
write_all (int fd, const char *bytes, size_t n)
{
  while (n > 0)
    {
      ssize_t written = ps_write (fd, bytes, n);

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        {
          errno = written < 0 ? errno : ENOSPC;
          return -1;
        }
      bytes += written;
      n -= (size_t) written;
    }
  return 0;
}

/* Everything is new: on the disk, whatever the flags, since a name without its bytes is worse than
 * no name. */
int
ps_store_replace (PsStore *store, const char *bytes, size_t n)
{
  char fresh[NAME_MAX + 16];
  int fd, error;

  snprintf (fresh, sizeof fresh, "%s.new", store->name);
  (void) unlinkat (store->dir, fresh, 0);
  fd = open_file (store->dir, fresh, PS_STORE_NEW);
  if (fd < 0)
    return -1;
  if (write_all (fd, bytes, n) == 0 && fsync (fd) == 0 && set_lock (fd, NULL) == 0
      && renameat (store->dir, fresh, store->dir, store->name) == 0)
    {
      if (ps_store_is_ours (store))
        close (store->fd);
      if (adopt (store, fd) == 0 && fsync (store->dir) == 0)
        return 0;
      return fail (store, errno);
    }
  error = errno;
  (void) unlinkat (store->dir, fresh, 0);
  close (fd);
  errno = error;
  return -1;
}

/* The name goes, and with it what a replacement has left that did not come to its end; the lock
 * stays until the store is closed. */
int
ps_store_remove (PsStore *store)
{
  char fresh[NAME_MAX + 16];

  snprintf (fresh, sizeof fresh, "%s.new", store->name);
  (void) unlinkat (store->dir, fresh, 0);
  return unlinkat (store->dir, store->name, 0) == 0 ? sync_directory (store) : -1;
}

int
ps_store_rename (PsStore *store, const char *name)
{
  return renameat (store->dir, store->name, store->dir, name) == 0 ? sync_directory (store) : -1;
}
