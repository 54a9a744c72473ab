/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a watcher needs at the end is opened at the beginning: a daemon that has run out of
 * descriptors is just the one that is going to be stopped. But a program that closes descriptors it
 * does not know (closefrom(), a loop over all of them) may have given the number to a file of its
 * own since. So device and inode are compared before each use: each socket has an inode of its own,
 * and as long as ours is open no other file gets it. Where the number is no longer ours it is
 * neither used nor closed, and whoever needs the thing opens it anew.
 */

#include "ps-fd.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* Takes the descriptor over, closing the one from before. Returns it; -1: there is none. Where
 * fstat() is forbidden it cannot be known again: whoever has opened it can use it, and nobody later
 * will. errno stays. */
int
ps_fd_keep (PsFd *self, int fd)
{
  int error = errno;
  struct stat st = { .st_ino = 0 };

  ps_fd_close (self);
  if (fd >= 0)
    fstat (fd, &st);
  *self = (PsFd){ .fd = fd, .dev = st.st_dev, .ino = st.st_ino };
  errno = error;
  return fd;
}

typedef enum
{
  OURS,
  LOST,
  UNKNOWN, /* fstat() is forbidden, or was */
} Look;

/* errno stays. */
static Look
look_at (const PsFd *self)
{
  int error = errno;
  struct stat st;
  Look look = LOST;

  if (self->fd >= 0 && fstat (self->fd, &st) < 0)
    look = errno == EBADF ? LOST : UNKNOWN;
  else if (self->fd >= 0 && self->ino == 0)
    look = UNKNOWN;
  else if (self->fd >= 0 && st.st_dev == self->dev && st.st_ino == self->ino)
    look = OURS;
  errno = error;
  return look;
}

/* -1: there is none, or its number is somebody else's now, or may be. errno stays. */
int
ps_fd_get (const PsFd *self)
{
  return look_at (self) == OURS ? self->fd : -1;
}

/* The same, but where fstat() is forbidden it is taken for ours: for what signals come by. An
 * eventfd's inode is that of every anonymous file; so a program's own eventfd, or epoll instance,
 * at that number is not told apart. */
int
ps_fd_get_hopefully (const PsFd *self)
{
  return look_at (self) != LOST ? self->fd : -1;
}

/* errno stays. */
void
ps_fd_close (PsFd *self)
{
  int error = errno, fd = ps_fd_get (self);

  if (fd >= 0)
    close (fd);
  self->fd = -1;
  errno = error;
}
