/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A handler may run in several threads at once, and interrupts the very code that takes out what it
 * has written. So there are slots, each claimed by one handler with a compare-and-swap, filled, and
 * handed over by its state; a number shared by all of them keeps the order.
 *
 * When every slot is full, signals are counted by number, and the most pressing wish among them is
 * kept. Nothing is lost by that of a signal which the kernel itself merges; of a realtime signal
 * the values are, and the count is handed on.
 *
 * The conductor asks after each callback, of which there may be a million, whether something came.
 * So a mark says whether there is anything to look for: set when all is written down, and taken
 * away before a look around.
 *
 * Who sent the signal is looked up here and not later, since the sender may be gone by then.
 */

#include "ps-caught.h"
#include "ps-cgroup.h"
#include "ps-clock.h"
#include "ps-sender.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Looking a sender up costs some microseconds; in a storm only the first are of interest. */
#define LOOKUPS_MAX 64

enum
{
  SLOT_FREE,
  SLOT_CLAIMED,
  SLOT_FULL,
};

static struct
{
  atomic_int any; /* there may be something to take */
  atomic_uint sequence;
  atomic_int lookups;
  /* Of each slot. What a look around reads is together: most slots are never used, and memory that
   * nobody has touched costs nothing. */
  atomic_int state[PS_CAUGHT_MAX];
  unsigned number[PS_CAUGHT_MAX]; /* its place in the sequence */
  PsSignal signal[PS_CAUGHT_MAX];
  /* Of those that came when no slot was free. */
  atomic_uint lost[NSIG];
  atomic_int amount[NSIG]; /* to: the most pressing PsInput, plus one */
} caught;

/* --- In the handler: async-signal-safe ------------------------------------------------------- */

/* Returns a slot, or -1. Async-signal-safe. */
static int
claim (void)
{
  for (int i = 0; i < PS_CAUGHT_MAX; i++)
    {
      int expected = SLOT_FREE;

      if (atomic_compare_exchange_strong (&caught.state[i], &expected, SLOT_CLAIMED))
        return i;
    }
  return -1;
}

/* Async-signal-safe. */
static void
add_sender (PsSignal *signal, const siginfo_t *info)
{
  signal->pid = info->si_pid;
  signal->uid = info->si_uid;
  if (signal->pid > 0 && atomic_fetch_add (&caught.lookups, 1) < LOOKUPS_MAX)
    {
      ps_sender_read_comm (signal->pid, signal->comm, sizeof signal->comm);
      ps_sender_read_cgroup (signal->pid, signal->cgroup, sizeof signal->cgroup);
    }
}

/* There is no slot for it. Async-signal-safe. */
static void
sum_up (int signum, PsInput input)
{
  atomic_int *amount = &caught.amount[signum];
  int before = atomic_load (amount);

  while (before <= (int) input && !atomic_compare_exchange_weak (amount, &before, 1 + (int) input))
    ;
  atomic_fetch_add (&caught.lost[signum], 1);
  atomic_store (&caught.any, TRUE);
}

/* Writes it down. Async-signal-safe. */
void
ps_caught_add (const siginfo_t *info, PsInput input, gint64 now_us)
{
  int code = info->si_code, slot = claim ();
  PsSignal *signal;

  if (slot < 0)
    {
      sum_up (info->si_signo, input);
      return;
    }
  caught.number[slot] = atomic_fetch_add (&caught.sequence, 1);
  signal = &caught.signal[slot];
  *signal = (PsSignal){ .signum = info->si_signo, .input = input, .code = code, .at_us = now_us };
  /* So comes one that is sent from outside our PID namespace, and one for which the kernel's queue
   * (RLIMIT_SIGPENDING) had no room. With the others kill() always says who it was. */
  if (code == SI_USER && info->si_pid == 0 && ps_signums_is_queued (info->si_signo))
    signal->code = G_MININT;
  else if (code == SI_USER || code == SI_QUEUE || code == SI_TKILL)
    add_sender (signal, info);
  if (code == SI_QUEUE || code == SI_TIMER || code == SI_MESGQ || code == SI_ASYNCIO)
    {
      signal->has_value = TRUE;
      signal->value = info->si_value.sival_int;
    }
  atomic_store (&caught.state[slot], SLOT_FULL);
  atomic_store (&caught.any, TRUE);
}

/* --- Taking out ------------------------------------------------------------------------------ */

/* What was not there when a slot was looked at may be there, and a younger one in a later slot,
 * too, before the look around is over. So it ends when none older was found. */
static int
oldest_slot (PsSignums of)
{
  int oldest = -1, before;

  do
    {
      before = oldest;
      for (int i = 0; i < PS_CAUGHT_MAX; i++)
        if (atomic_load (&caught.state[i]) == SLOT_FULL
            && ps_signums_have (of, caught.signal[i].signum)
            && (oldest < 0 || (int) (caught.number[i] - caught.number[oldest]) < 0))
          oldest = i;
    }
  while (oldest != before);
  return oldest;
}

/* Those for which there was no slot, of one number at a time. */
static gboolean
take_lost (PsSignums of, PsSignal *signal)
{
  for (int signum = 1; signum < NSIG; signum++)
    {
      unsigned lost = ps_signums_have (of, signum) && atomic_load (&caught.lost[signum]) > 0
                          ? atomic_exchange (&caught.lost[signum], 0)
                          : 0;
      int amount;

      if (lost == 0)
        continue;
      /* 0: what it came to was taken with the one before, a moment ago. */
      amount = atomic_exchange (&caught.amount[signum], 0);
      *signal = (PsSignal){ .signum = signum,
                            .input = amount > 0 ? (PsInput) (amount - 1) : PS_INPUT_REQUEST,
                            .lost = lost,
                            .code = G_MININT,
                            .at_us = ps_clock_now_us () };
      return TRUE;
    }
  return FALSE;
}

/* Whether it is worth while to look. */
gboolean
ps_caught_has_any (void)
{
  return atomic_load (&caught.any);
}

/* The next of these signals, in the order they came; FALSE when there is none. Those that came
 * while no slot was free come last, and count as one. For one thread at a time. */
gboolean
ps_caught_take (PsSignums of, PsSignal *signal)
{
  int slot;
  gboolean found = TRUE;

  if (!ps_caught_has_any ())
    return FALSE;
  atomic_store (&caught.any, FALSE);
  slot = oldest_slot (of);
  if (slot >= 0)
    {
      *signal = caught.signal[slot];
      atomic_store (&caught.state[slot], SLOT_FREE);
    }
  else
    {
      atomic_store (&caught.lookups, 0);
      found = take_lost (of, signal);
    }
  /* There may be more, or some that were not asked for. */
  if (found || of != PS_SIGNUMS_ALL)
    atomic_store (&caught.any, TRUE);
  return found;
}

/* The same as the cause of something. */
void
ps_caught_explain (const PsSignal *signal, PsCause *why)
{
  char unit[PS_CGROUP_UNIT_MAX + 1], user_unit[PS_CGROUP_UNIT_MAX + 1];
  PsSender sender = { .pid = signal->pid, .uid = signal->uid };

  ps_cgroup_get_units (signal->cgroup, NULL, unit, user_unit, sizeof unit);
  sender.comm = signal->comm[0] != '\0' ? signal->comm : NULL;
  sender.unit = unit[0] != '\0' ? unit : NULL;
  sender.user_unit = user_unit[0] != '\0' ? user_unit : NULL;
  ps_cause_set_signal (why, signal->signum, ps_cause_origin (signal->code, signal->pid, getpid ()),
                       &sender);
  why->has_value = signal->has_value;
  why->value = signal->value;
}

/* In a forked child: they were the parent's. */
void
ps_caught_forget (void)
{
  atomic_store (&caught.any, FALSE);
  atomic_store (&caught.lookups, 0);
  for (int i = 0; i < PS_CAUGHT_MAX; i++)
    atomic_store (&caught.state[i], SLOT_FREE);
  for (int signum = 1; signum < NSIG; signum++)
    {
      atomic_store (&caught.lost[signum], 0);
      atomic_store (&caught.amount[signum], 0);
    }
}
