/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A fork makes a second process with the same memory, the same handlers and the same exit hooks,
 * and only one of the two is the one that is watched. The process ID alone does not tell them
 * apart: the first process of a PID namespace has the number 1 like that of the namespace it came
 * from. Three things together do:
 *
 * A page that the kernel wipes in a copy. Where it cannot (before Linux 4.14), and for children
 * that share our memory instead of copying it (vfork() and its like), the process ID still tells;
 * and where both have the number 1, that such a child has no list of robust mutexes, which the C
 * library makes for the first thread of every process and the kernel does not hand on.
 *
 * A page that is shared with all copies says whose turn it is, for a copy may take the watch over
 * (ps_watcher_reattach()). Numbers, and no process IDs, since those mean nothing across namespaces.
 * Whoever is first there has it: a copy that takes over, and the watch is no longer ours; or we,
 * who begin to end, and nobody can take over any more. So no exit is run twice, and none is left
 * out.
 */

#include "ps-self.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define ENDS (1u << 31)

typedef struct
{
  atomic_uint turn; /* the number of the process that is watched; with ENDS when it ends */
  atomic_uint last; /* number given out */
} Shared;

static struct
{
  pid_t pid;
  unsigned number;
  atomic_int *here; /* 0 in a copy */
  Shared *shared;
} self;

static void *
map_page (int flags)
{
  void *page = mmap (NULL, sizeof (Shared), PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

  return page != MAP_FAILED ? page : NULL;
}

static void
settle_here (unsigned number)
{
  self.number = number;
  self.pid = getpid ();
  atomic_store (self.here, 1);
}

static int
has_turn (void)
{
  return (atomic_load (&self.shared->turn) & ~ENDS) == self.number;
}

/* A new watch begins, and it is this process that is watched. Returns 0, or -1 with errno. */
int
ps_self_claim (void)
{
  Shared *fresh;

  if (self.here == NULL)
    {
      self.here = map_page (MAP_PRIVATE);
      if (self.here == NULL)
        return -1;
      (void) madvise (self.here, sizeof (Shared), MADV_WIPEONFORK);
    }
  /* What our parent shares with us, or a child that has taken over, stays theirs. */
  if (!ps_self_is_watched ())
    {
      fresh = map_page (MAP_SHARED);
      if (fresh == NULL)
        return -1;
      if (self.shared != NULL)
        munmap (self.shared, sizeof (Shared));
      self.shared = fresh;
    }
  settle_here (atomic_fetch_add (&self.shared->last, 1) + 1);
  atomic_store (&self.shared->turn, self.number);
  return 0;
}

/* Whether that has neither begun to end, nor been taken over, so far. */
int
ps_self_can_take_over (void)
{
  return self.shared != NULL && atomic_load (&self.shared->turn) == self.number;
}

/* In a copy of the process that is watched: from now on it is this one. Returns 0, or -1 when that
 * has begun to end, or another copy was first. */
int
ps_self_take_over (void)
{
  unsigned expected = self.number, next;

  if (self.here == NULL || self.shared == NULL)
    return -1;
  next = atomic_fetch_add (&self.shared->last, 1) + 1;
  if (!atomic_compare_exchange_strong (&self.shared->turn, &expected, next))
    return -1;
  settle_here (next);
  return 0;
}

/* A child that shares our memory, and is the first of a PID namespace as we are. */
static int
is_child_with_our_number (void)
{
  void *head = NULL;
  size_t length;

  return self.pid == 1 && gettid () == 1 && syscall (SYS_get_robust_list, 0, &head, &length) == 0
         && head == NULL;
}

/* Whether the watch is on, and over this process. Async-signal-safe. */
int
ps_self_is_watched (void)
{
  return ps_self_is_watched_here () && getpid () == self.pid && !is_child_with_our_number ();
}

/* The same question, without a system call: a child that shares our memory is not noticed.
 * Async-signal-safe. */
int
ps_self_is_watched_here (void)
{
  return self.here != NULL && self.shared != NULL && atomic_load (self.here) && has_turn ();
}

/* Whether this is a copy of a process that is or was watched, and has taken nothing over: a lock
 * that another thread held there is held for ever. Without a system call, and so only where the
 * kernel wipes the page. */
int
ps_self_is_copy (void)
{
  return self.here != NULL && !atomic_load (self.here);
}

/* The end of this process begins: nobody can take the watch over any more. 0: somebody has already.
 * Async-signal-safe. */
int
ps_self_begin_end (void)
{
  unsigned expected = self.number;

  return atomic_compare_exchange_strong (&self.shared->turn, &expected, self.number | ENDS)
         || expected == (self.number | ENDS);
}
