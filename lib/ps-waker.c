/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An eventfd, and a mark in memory. The descriptor ends a poll() that is waiting; the mark is found
 * without one, before the next poll() and after one that the signal has interrupted.
 *
 * A forked child shares the descriptor with its parent, and a loop in it may still watch it: the
 * child gets one of its own at that number, which nobody writes to, until the child goes on as what
 * its parent was.
 */

#include "ps-waker.h"
#include "ps-fd.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct
{
  PsFd fd;        /* none: nobody is watched */
  PsFd inherited; /* in a copy: at its number, a descriptor of our own; or none */
  atomic_int mark;
} well = { .fd = { .fd = -1 }, .inherited = { .fd = -1 } };

/* Returns the descriptor, or -1 with errno. */
int
ps_waker_open (void)
{
  return ps_fd_keep (&well.fd, eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK));
}

/* The program has closed the descriptor: another one; -1: nobody is watched here. What comes in
 * between leaves the mark. */
int
ps_waker_reopen (void)
{
  if (well.fd.fd < 0)
    return -1;
  well.fd.fd = -1;
  return ps_waker_open ();
}

void
ps_waker_close (void)
{
  int fd = ps_fd_get_hopefully (&well.fd);

  if (fd >= 0)
    close (fd);
  well.fd.fd = -1;
}

/* -1: there is none. */
int
ps_waker_get_fd (void)
{
  return well.fd.fd;
}

/* Set before the descriptor is written to; or by itself, for a loop that this thread comes back to.
 */
atomic_int *
ps_waker_get_mark (void)
{
  return &well.mark;
}

/* Async-signal-safe. */
void
ps_waker_wake (void)
{
  static const guint64 one = 1;
  ssize_t ignored;
  int fd;

  atomic_store (&well.mark, 1);
  fd = ps_fd_get_hopefully (&well.fd);
  if (fd < 0)
    return;
  /* It fails when the counter is at its limit; then the loop is awake already. */
  ignored = write (fd, &one, sizeof one);
  (void) ignored;
}

/* --- In a forked child ------------------------------------------------------------------------ */

/* In a child, or in a child of one. */
void
ps_waker_part (void)
{
  PsFd *shared = well.fd.fd >= 0 ? &well.fd : &well.inherited;
  int number = ps_fd_get_hopefully (shared), fd = -1, parted = -1;

  if (number >= 0)
    fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd >= 0)
    {
      parted = dup3 (fd, number, O_CLOEXEC);
      close (fd);
    }
  well.fd.fd = well.inherited.fd = -1;
  ps_fd_keep (&well.inherited, parted);
  atomic_store (&well.mark, 0);
}

/* Whether the child still has the descriptor. */
gboolean
ps_waker_can_inherit (void)
{
  return well.fd.fd < 0 && ps_fd_get_hopefully (&well.inherited) >= 0;
}

void
ps_waker_inherit (void)
{
  well.fd = well.inherited;
  well.inherited.fd = -1;
}
