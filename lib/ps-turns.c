/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One thread at a time works for the watcher: the one that runs the loop, until another one takes
 * over for good, since it called exit(). Within a turn there may be another of the same thread,
 * while a callback runs a loop of its own.
 *
 * Threads are told apart by pthread_t, and not by GLib's number, which changes while one ends.
 */

#include "ps-turns.h"
#include "ps-lock.h"

#include <unistd.h>

#define NO_THREAD ((pthread_t) 0)

/* For what a turn does between two callbacks: a record or two. */
#define A_MOMENT_US (2 * G_USEC_PER_SEC)

void
ps_turns_init (PsTurns *turns)
{
  g_mutex_init (&turns->lock);
  g_cond_init (&turns->idle);
}

void
ps_turns_clear (PsTurns *turns)
{
  g_cond_clear (&turns->idle);
  g_mutex_clear (&turns->lock);
}

/* Returns how many turns this is within, itself included; 0: another thread works here. */
guint
ps_turns_enter (PsTurns *turns)
{
  const pthread_t me = pthread_self ();
  guint depth = 0;

  g_mutex_lock (&turns->lock);
  if ((turns->conductor == NO_THREAD || turns->conductor == me)
      && (turns->depth == 0 || turns->turning == me))
    depth = ++turns->depth;
  if (depth == 1)
    {
      turns->turning = me;
      g_atomic_int_set (&turns->turner, gettid ());
    }
  g_mutex_unlock (&turns->lock);
  return depth;
}

/* Each wake-up is a system call, and hardly ever is there anybody to wake. */
static void
is_idle (PsTurns *turns)
{
  turns->turning = NO_THREAD;
  if (turns->n_waiting > 0)
    g_cond_broadcast (&turns->idle);
}

void
ps_turns_leave (PsTurns *turns)
{
  g_mutex_lock (&turns->lock);
  if (turns->turning == pthread_self () && --turns->depth == 0)
    is_idle (turns);
  g_mutex_unlock (&turns->lock);
}

/* In a turn: whether nobody has taken over meanwhile. Asked after each callback, and so without the
 * lock: who takes over says so first, and for good. */
gboolean
ps_turns_may_go_on (PsTurns *turns)
{
  const pthread_t me = pthread_self ();
  pthread_t conductor;

  if (atomic_load (&turns->turning) != me)
    return FALSE;
  conductor = atomic_load (&turns->conductor);
  return conductor == NO_THREAD || conductor == me;
}

/* Whether this thread is in a turn. */
gboolean
ps_turns_is_in_one (PsTurns *turns)
{
  gboolean is;

  g_mutex_lock (&turns->lock);
  is = turns->turning == pthread_self ();
  g_mutex_unlock (&turns->lock);
  return is;
}

/* Under the lock. FALSE: the time was over. */
static gboolean
wait_for_turn (PsTurns *turns, gint64 end_us)
{
  while (turns->depth > 0 && turns->turning != pthread_self ())
    if (!g_cond_wait_until (&turns->idle, &turns->lock, end_us))
      return FALSE;
  return TRUE;
}

/* Makes this thread the one that works from here on. The turn of another is waited for, but no
 * longer than till then; one of this thread's own is over. seize (data): whether the turn can be
 * taken from a thread that is late; where it is about to end by itself, it gets a moment for that.
 */
void
ps_turns_take_over (PsTurns *turns, gint64 end_us, gboolean (*seize) (gpointer data), gpointer data)
{
  g_mutex_lock (&turns->lock);
  turns->conductor = pthread_self ();
  turns->n_waiting++;
  if (!wait_for_turn (turns, end_us) && !seize (data))
    wait_for_turn (turns, g_get_monotonic_time () + A_MOMENT_US);
  turns->n_waiting--;
  turns->depth = 0;
  turns->turning = NO_THREAD;
  g_mutex_unlock (&turns->lock);
}

/* FALSE: no other thread has taken over. is_over: whether there is no need to wait for it. */
gboolean
ps_turns_wait_for_conductor (PsTurns *turns, gboolean (*is_over) (gpointer data), gpointer data)
{
  gboolean waited = FALSE;

  g_mutex_lock (&turns->lock);
  turns->n_waiting++;
  while (turns->conductor != NO_THREAD && turns->conductor != pthread_self () && !is_over (data))
    {
      waited = TRUE;
      g_cond_wait (&turns->idle, &turns->lock);
    }
  turns->n_waiting--;
  g_mutex_unlock (&turns->lock);
  return waited;
}

/* Whether this thread runs the loop. */
void
ps_turns_set_runs (PsTurns *turns, gboolean runs)
{
  g_mutex_lock (&turns->lock);
  turns->runner = runs ? pthread_self () : NO_THREAD;
  g_mutex_unlock (&turns->lock);
}

/* Whether another thread runs it. */
gboolean
ps_turns_is_run_elsewhere (PsTurns *turns)
{
  gboolean is;

  g_mutex_lock (&turns->lock);
  is = turns->runner != NO_THREAD && turns->runner != pthread_self ();
  g_mutex_unlock (&turns->lock);
  return is;
}

/* This thread ends; a turn of its holds nobody up. Returns whether it leaves something behind that
 * nobody else sees to: a turn, or the loop, where no other thread has taken over. */
gboolean
ps_turns_abandon (PsTurns *turns)
{
  const pthread_t me = pthread_self ();
  gboolean in_turn, in_loop, behind;

  g_mutex_lock (&turns->lock);
  in_turn = turns->turning == me;
  in_loop = turns->runner == me;
  behind = (in_turn || in_loop) && (turns->conductor == NO_THREAD || turns->conductor == me);
  if (in_turn)
    {
      turns->depth = 0;
      is_idle (turns);
    }
  if (in_loop)
    turns->runner = NO_THREAD;
  g_mutex_unlock (&turns->lock);
  return behind;
}

/* The number of the thread that had the last turn, as the kernel counts; 0: none. */
int
ps_turns_get_last (PsTurns *turns)
{
  return g_atomic_int_get (&turns->turner);
}

/* In a forked child: whether no thread of the parent was at work here. */
gboolean
ps_turns_is_at_rest (PsTurns *turns)
{
  return ps_lock_is_free (&turns->lock) && turns->depth == 0 && turns->conductor == NO_THREAD;
}
