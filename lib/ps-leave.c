/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A thread may end by pthread_exit(), or be cancelled: main() for one, or in the middle of a
 * callback. Without us a process ends with its last thread; one that uses GLib has a worker thread
 * besides, which blocks every signal and never ends, and so it lives on for ever and SIGTERM with
 * it. What is done about that, by the threads that had to do with the watch, when they end:
 *
 * - It was in a callback, or ran the loop by ps_watcher_run(): nobody else can run that loop any
 *   more. The process exits, and what is left of the exit is done here; unless another thread is in
 *   exit() and does it, which a second exit() would overtake in the end.
 * - No thread but GLib's own is left: the process exits, as it would without GLib.
 * - The first thread ends (or is gone), and others go on: a thread is made that stays instead, to
 *   take the signals, and conducts the exit if no other thread runs the loop. It looks now and then
 *   whether the others are still there.
 * - Otherwise it just ends.
 *
 * Nothing of this is done while there are a first thread and a loop in order.
 */

#include "ps-leave.h"
#include "ps-caught.h"
#include "ps-exit.h"
#include "ps-taken.h"
#include "ps-threads.h"
#include "ps-watcher-private.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOOK_FIRST_MS 10
#define LOOK_LAST_MS 1000

#define NOBODY 0

static atomic_int stays; /* the number of the thread that does */

static gboolean
is_exiting (PsState state)
{
  return state != PS_STATE_RUNNING && state != PS_STATE_RELOADING && state != PS_STATE_FORKED;
}

/* Whether it left the loop in the lurch; then nothing it was at holds anybody up. */
static gboolean
let_go (PsWatcher *self)
{
  /* The turn is given up last: another thread may be waiting for it. */
  if (ps_turns_is_in_one (&self->turns))
    ps_pass_callback_is_gone (&self->pass);
  return ps_turns_abandon (&self->turns);
}

/* Does what the loop would, if nobody runs it, until life goes on; with signals let in, since they
 * hurry and force an exit. FALSE: somebody runs it. */
static gboolean
attend (PsWatcher *self, const sigset_t *mask)
{
  PsState state;
  sigset_t blocked;

  if (ps_threads_has_other (ps_turns_get_last (&self->turns))
      || !g_main_context_acquire (self->context))
    return FALSE;
  pthread_sigmask (SIG_SETMASK, mask, &blocked);
  ps_watcher_turn (self);
  while (state = ps_watcher_peek_state (self),
         state != PS_STATE_RUNNING && state != PS_STATE_EXITED && state != PS_STATE_FORKED)
    g_main_context_iteration (self->context, TRUE);
  g_main_context_release (self->context);
  if (state == PS_STATE_EXITED)
    exit (ps_watcher_get_exit_status (self));
  pthread_sigmask (SIG_SETMASK, &blocked, NULL);
  return TRUE;
}

/* Sleeps with the signals that we take let in: none is overlooked that comes after the last look. */
static void
sleep_ms (guint ms, const sigset_t *mask)
{
  const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

  ppoll (NULL, 0, &time, mask);
}

static void
hold_signals (sigset_t *mask)
{
  const PsSignums wanted = ps_taken_get_all ();
  sigset_t taken;

  sigemptyset (&taken);
  for (int signum = 1; signum < NSIG; signum++)
    if (ps_signums_have (wanted, signum))
      sigaddset (&taken, signum);
  pthread_sigmask (SIG_BLOCK, &taken, mask);
  for (int signum = 1; signum < NSIG; signum++)
    if (sigismember (&taken, signum))
      sigdelset (mask, signum);
}

static void
end_if_last (PsWatcher *self, const sigset_t *mask)
{
  if (ps_threads_count_others (atomic_load (&stays)) > 0)
    return;
  pthread_sigmask (SIG_SETMASK, mask, NULL);
  exit (ps_watcher_peek_state (self) == PS_STATE_EXITED ? ps_watcher_get_exit_status (self)
                                                        : EXIT_SUCCESS);
}

static void *
stay (void *watcher)
{
  g_autoptr (PsWatcher) self = watcher;
  sigset_t mask;

  atomic_store (&stays, gettid ());
  hold_signals (&mask);
  for (guint ms = LOOK_FIRST_MS; ps_exit_get_data () == self; ms = MIN (2 * ms, LOOK_LAST_MS))
    {
      gboolean attended = attend (self, &mask);

      end_if_last (self, &mask);
      /* What has come since is for the next look; but what others are to take may take its time. */
      if (!attended || !ps_caught_has_any ())
        sleep_ms (ms, &mask);
    }
  atomic_store (&stays, NOBODY);
  return NULL;
}

/* A thread of its own, with a reference, for somebody may be waiting for this one to end; or this
 * one, where there is no other to be had. */
static void
let_somebody_stay (PsWatcher *self)
{
  int nobody = NOBODY;
  pthread_t thread;

  if (!atomic_compare_exchange_strong (&stays, &nobody, gettid ()))
    return;
  ps_watcher_ref (self);
  if (pthread_create (&thread, NULL, stay, self) == 0)
    pthread_detach (thread);
  else
    stay (self);
}

/* In the thread that ends, after whatever else ends with it. */
static void
leave (void)
{
  PsWatcher *self = ps_exit_get_data ();

  if (self == NULL)
    return;
  if (let_go (self))
    exit (is_exiting (ps_watcher_peek_state (self)) ? EXIT_SUCCESS : EXIT_FAILURE);
  end_if_last (self, NULL);
  if (!ps_threads_has_first ())
    let_somebody_stay (self);
}

/* For this thread, and those that conduct. */
void
ps_leave_open (void)
{
  ps_threads_open (leave);
  ps_threads_mind ();
}
