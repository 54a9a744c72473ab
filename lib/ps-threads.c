/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * GLib starts a thread of its own with its first signal source, and ends the process where it gets
 * none (RLIMIT_NPROC, TasksMax=). So one is started for a trial. It counts until the kernel has
 * done with it, which is later than pthread_join() returns: where only one was to be had, GLib
 * would not get it otherwise.
 */

#include "ps-threads.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* Far more than it takes; a number that another thread has by now is not waited for. */
#define YIELDS_MAX 100000

static atomic_int enough;

static void *
tell_number (void *number)
{
  atomic_store ((atomic_int *) number, gettid ());
  return NULL;
}

static void
await_end_of (pid_t tid)
{
  for (guint i = 0; i < YIELDS_MAX && tgkill (getpid (), tid, 0) == 0; i++)
    sched_yield ();
}

/* Returns 0 or an error number. */
static int
start_one (void)
{
  atomic_int number = 0;
  sigset_t all, before;
  pthread_t thread;
  int r;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  r = pthread_create (&thread, NULL, tell_number, &number);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  if (r != 0)
    return r;
  pthread_join (thread, NULL);
  await_end_of (atomic_load (&number));
  return 0;
}

/* Whether GLib gets the thread it needs, or has it; otherwise FALSE with errno. */
gboolean
ps_threads_can_start (void)
{
  if (atomic_load (&enough))
    return TRUE;
  errno = start_one ();
  if (errno != 0)
    return FALSE;
  /* It will be there, and stays. */
  atomic_store (&enough, 1);
  return TRUE;
}
