/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A lock after a fork: the thread that held it may not be in this process. */

#include <glib.h>

/* In a process with one thread: nobody holds it. */
static inline gboolean
ps_lock_is_free (GMutex *lock)
{
  if (!g_mutex_trylock (lock))
    return FALSE;
  g_mutex_unlock (lock);
  return TRUE;
}
