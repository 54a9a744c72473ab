/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Signals that ask for the end are counted where they are handled, and not where they are taken
 * out: the loop may be the very thing that hangs. Handlers of several threads may be at it at once,
 * and two signals in one moment are one wish, so that nobody waits: who finds another one counting
 * has asked, and no more.
 */

#include "ps-press.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

static struct
{
  atomic_int escalation;
  atomic_flag counting;
  PsPressure pressure;
} well;

void
ps_press_set_escalation (PsEscalation escalation)
{
  atomic_store (&well.escalation, escalation);
}

/* In a forked child: another thread of the parent may have been counting. */
void
ps_press_forget (void)
{
  atomic_flag_clear (&well.counting);
}

/* Async-signal-safe. */
PsPress
ps_press (int signum, gint64 now_us)
{
  PsPress what = PS_PRESS_ASKS;

  if (!atomic_flag_test_and_set (&well.counting))
    {
      what = ps_machine_press (&well.pressure, atomic_load (&well.escalation), signum, now_us);
      atomic_flag_clear (&well.counting);
    }
  return what;
}

/* Life goes on: the next signal is a first one again, or has come already, since then. Not for a
 * handler. */
void
ps_press_relax (gint64 since_us)
{
  sigset_t all, old;

  /* One that came in between would not be counted. */
  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, &old);
  while (atomic_flag_test_and_set (&well.counting))
    ;
  ps_machine_relax (&well.pressure, since_us);
  atomic_flag_clear (&well.counting);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
}
