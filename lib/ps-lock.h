/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Locks, and threads that vanish: by a fork the one that held it is not in this process; one that
 * is cancelled while it holds it would never give it back. */

#include <glib.h>
#include <pthread.h>

/* In a process with one thread: nobody holds it. */
static inline gboolean
ps_lock_is_free (GMutex *lock)
{
  if (!g_mutex_trylock (lock))
    return FALSE;
  g_mutex_unlock (lock);
  return TRUE;
}

/* Returns what to restore. To be called before a lock is taken under which there is a cancellation
 * point: in write(), for one, and so in whatever wakes a loop. */
static inline int
ps_cancel_forbid (void)
{
  int before;

  pthread_setcancelstate (PTHREAD_CANCEL_DISABLE, &before);
  return before;
}

static inline void
ps_cancel_restore (int before)
{
  pthread_setcancelstate (before, NULL);
}
