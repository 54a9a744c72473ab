/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What runs in a crash may hang: a callback that loops, a write to a pipe that nobody reads. Two
 * timers bound it. The first one sends the thread the signal that it is handling already: so the
 * handler is entered once more, on top of what hangs, and lets the process die of what it died of.
 * The second one kills: some time later, for the case that the first signal was blocked, and soon
 * when that has come or the rest is short. They are far apart, since a machine that stands still
 * for some seconds lets both come at once if they are near, and SIGKILL wins.
 *
 * The second is made in good times, since timers may run out; where none could be had, alarm(2)
 * takes its place. Timers do not come along into a forked child.
 *
 * The kernel's own calls are used: timer_create() is not on the list of what may be called in a
 * signal handler, though timer_settime() is.
 */

#include "ps-backstop.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SIGNAL_AFTER_MS 700
#define KILL_AFTER_MS 10000
#define KILL_SOON_MS 1500

typedef struct
{
  int exists;
  int id;
} Timer;

static Timer signalling, killing;

static void
create (Timer *timer, struct sigevent *event)
{
  timer->exists = syscall (SYS_timer_create, CLOCK_MONOTONIC, event, &timer->id) == 0;
}

static void
set (const Timer *timer, int ms)
{
  struct itimerspec times = { .it_value = { .tv_sec = ms / 1000,
                                            .tv_nsec = (long) (ms % 1000) * 1000000 } };

  if (timer->exists)
    syscall (SYS_timer_settime, timer->id, 0, &times, NULL);
}

void
ps_backstop_prepare (void)
{
  struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };

  create (&killing, &event);
}

void
ps_backstop_close (void)
{
  if (killing.exists)
    syscall (SYS_timer_delete, killing.id);
  killing.exists = 0;
}

/* In a forked child, where there are none. */
void
ps_backstop_forget (void)
{
  killing.exists = 0;
  signalling.exists = 0;
}

static void
prepare_alarm (void)
{
  struct sigaction action = { .sa_handler = SIG_DFL };
  sigset_t set;

  sigaction (SIGALRM, &action, NULL);
  sigemptyset (&set);
  sigaddset (&set, SIGALRM);
  pthread_sigmask (SIG_UNBLOCK, &set, NULL);
}

static void
kill_after (int ms)
{
  set (&killing, ms);
  if (!killing.exists)
    alarm ((unsigned) (ms + 999) / 1000);
}

/* In the thread that handles signum. */
void
ps_backstop_start (int signum)
{
  struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signum };

  event.sigev_value.sival_ptr = &signalling;
  event._sigev_un._tid = gettid ();
  create (&signalling, &event);
  set (&signalling, SIGNAL_AFTER_MS);
  if (!killing.exists)
    prepare_alarm ();
  kill_after (KILL_AFTER_MS);
}

/* Whether it is the first timer that has sent this signal. */
int
ps_backstop_is (const siginfo_t *info)
{
  return info->si_code == SI_TIMER && info->si_value.sival_ptr == &signalling;
}

/* What is left to be done is short. */
void
ps_backstop_hasten (void)
{
  kill_after (KILL_SOON_MS);
}

void
ps_backstop_stop_signal (void)
{
  if (signalling.exists)
    syscall (SYS_timer_delete, signalling.id);
  signalling.exists = 0;
}

/* Before the core is written: that may take longer. */
void
ps_backstop_stop (void)
{
  kill_after (0);
}
