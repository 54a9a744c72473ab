/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A write to standard error waits for ever when that is a pipe that nobody reads, or a terminal
 * that was stopped; and it is shared with other processes, so that it cannot be made one that does
 * not wait. Between begin and end a system call of this thread that waits for longer than the limit
 * fails with EINTR: a timer sends this thread a signal that our handler knows to be none, and for
 * that time the handler does not ask for calls to be restarted. It is sent again and again, since
 * the first may come before the call is entered.
 *
 * The number it comes by is one that our handler stands on anyway (ps-signal chooses it). A real
 * one of that number is seen as ever in that time; only that some other thread's call may be
 * interrupted by it, too. Without a timer (RLIMIT_SIGPENDING) there is no limit.
 *
 * What is between begin and end is a call of ours, so a SIGPIPE that it raises is ours as well, and
 * no word of anybody that this process should end.
 */

#include "ps-limit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AGAIN_US (10 * 1000)

static struct
{
  GMutex lock;
  PsLimitHandler handler; /* NULL: there is no limit */
  int signum;             /* what the handler stands on */
  atomic_int tid;         /* of the thread between begin and end; 0: none is */
  gboolean armed;
  timer_t timer;
  struct sigaction saved;
  sigset_t mask;
} well;

/* handler: ours for the signal, which asks ps_limit_owns() first; NULL: there is no limit. When
 * this returns the signal from before is not used any more. */
void
ps_limit_carry (PsLimitHandler handler, int signum)
{
  g_mutex_lock (&well.lock);
  well.handler = handler;
  well.signum = signum;
  g_mutex_unlock (&well.lock);
}

/* In a forked child, where some thread of the parent may have held the lock. */
void
ps_limit_forget (void)
{
  atomic_store (&well.tid, 0);
  well.handler = NULL;
  g_mutex_init (&well.lock);
}

/* The kernel shows who made the call as the sender. Async-signal-safe. */
static gboolean
is_raised_by_us (const siginfo_t *info)
{
  return (info->si_signo == SIGPIPE || info->si_signo == SIGXFSZ) && info->si_code == SI_USER
         && info->si_pid == getpid () && atomic_load (&well.tid) == gettid ();
}

/* Whether it is no signal to anybody else. Async-signal-safe. */
gboolean
ps_limit_owns (const siginfo_t *info)
{
  if (is_raised_by_us (info))
    return TRUE;
  return info->si_code == SI_TIMER && info->si_value.sival_ptr == &well;
}

static struct timespec
timespec_of (gint64 us)
{
  return (struct timespec){ .tv_sec = us / G_USEC_PER_SEC, .tv_nsec = us % G_USEC_PER_SEC * 1000 };
}

void
ps_limit_begin (gint64 limit_us)
{
  struct itimerspec times = { .it_value = timespec_of (limit_us),
                              .it_interval = timespec_of (AGAIN_US) };
  struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK };
  struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID };
  sigset_t set;

  g_mutex_lock (&well.lock);
  atomic_store (&well.tid, gettid ());
  action.sa_sigaction = well.handler;
  event.sigev_signo = well.signum;
  event.sigev_value.sival_ptr = &well;
  event._sigev_un._tid = gettid ();
  well.armed = well.handler != NULL && timer_create (CLOCK_MONOTONIC, &event, &well.timer) == 0;
  if (!well.armed)
    return;
  sigaction (well.signum, &action, &well.saved);
  sigemptyset (&set);
  sigaddset (&set, well.signum);
  pthread_sigmask (SIG_UNBLOCK, &set, &well.mask);
  timer_settime (well.timer, 0, &times, NULL);
}

void
ps_limit_end (void)
{
  if (well.armed)
    {
      /* One that is under way comes on the return from this call, while it is still not blocked. */
      timer_delete (well.timer);
      pthread_sigmask (SIG_SETMASK, &well.mask, NULL);
      sigaction (well.signum, &well.saved, NULL);
      well.armed = FALSE;
    }
  atomic_store (&well.tid, 0);
  g_mutex_unlock (&well.lock);
}
