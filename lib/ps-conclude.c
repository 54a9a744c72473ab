/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The end of the loop, and of the process: where ps_watcher_run() and the exit hook make turns
 * until the exit is complete, and what the process ends with then.
 *
 * One thread at a time works here. That is the one that runs the loop, until another calls exit():
 * then that one conducts the rest, and the loop's thread leaves after the callback it is in.
 */

#include "ps-watcher-private.h"
#include "ps-clock.h"
#include "ps-exit.h"
#include "ps-lock.h"
#include "ps-run-log.h"
#include "ps-signal.h"
#include "ps-threads.h"

#include <stdlib.h>

#define NO_CODE G_MININT

/* Until something has come. Holds may need the loop to be released: it is run where we can. Where
 * we surely cannot, GLib is not asked: it takes memory for each thread it meets. */
static void
wait_for_work (PsWatcher *self)
{
  if (!ps_turns_is_run_elsewhere (&self->turns) && g_main_context_acquire (self->context))
    {
      g_main_context_iteration (self->context, TRUE);
      g_main_context_release (self->context);
    }
  else
    ps_source_wait (self->source, ps_clock_now_us () + PS_US_PER_SEC);
}

/* Nothing can stop the end any more: does all that is left to be done, in this thread. A callback
 * that runs in another is waited for, but no longer than an exit may take; FALSE where it has ended
 * the watch. code: what somebody said the exit code is to be, or NO_CODE. */
static gboolean
conclude (PsWatcher *self, PsCause *why, int code)
{
  ps_turns_take_over (&self->turns, ps_clock_add_us (ps_clock_now_us (), self->limit_us),
                      ps_pass_give_up, &self->pass);
  ps_pass_callback_is_gone (&self->pass);
  if (self->detached)
    return FALSE;
  /* What was asked for first is the cause. */
  ps_watcher_take_asked (self);
  if (!ps_watcher_catch_up (self, why))
    ps_watcher_input (self, PS_INPUT_EXIT, why);
  if (code != NO_CODE)
    {
      self->pass.code_given = TRUE;
      self->pass.code = code;
      ps_watcher_settle_status (self);
    }
  for (;;)
    {
      ps_watcher_turn (self);
      if (self->detached || self->state == PS_STATE_EXITED || self->state == PS_STATE_FORKED)
        return TRUE;
      wait_for_work (self);
    }
}

static gboolean
has_exited (gpointer data)
{
  PsWatcher *self = data;

  return g_atomic_int_get (&self->is_closed);
}

/* A forked child may run the loop, too, and waits for no lock that a thread of its parent's has. */
static void
set_runs (PsWatcher *self, gboolean runs)
{
  if (!ps_watcher_is_forked (self) || ps_lock_is_free (&self->turns.lock))
    ps_turns_set_runs (&self->turns, runs);
}

int
ps_watcher_run (PsWatcher *self)
{
  g_autoptr (PsWatcher) alive = NULL;
  PsCause why = { .kind = PS_CAUSE_LOOP };

  g_return_val_if_fail (self != NULL, EXIT_FAILURE);

  alive = ps_watcher_ref (self);
  ps_watcher_prepare_thread_for_crashes ();
  ps_threads_mind ();
  set_runs (self, TRUE);
  if (!has_exited (self))
    g_main_loop_run (self->loop);
  set_runs (self, FALSE);
  /* Another thread that called exit() ends the process, and this one has nothing left to do. */
  if (!self->detached && !ps_watcher_is_forked (self)
      && !ps_turns_wait_for_conductor (&self->turns, has_exited, self) && !has_exited (self))
    conclude (self, &why, NO_CODE);
  return ps_watcher_get_exit_status (self);
}

/* What the process is to end with, where exit() was given this status: the kernel keeps its low
 * byte only, but a code that is no success stays none. */
static int
honest (int status)
{
  return status != 0 && (status & 0xff) == 0 ? 255 : status & 0xff;
}

int
ps_watcher_at_exit (int status, void *data)
{
  /* A callback may end the watch. */
  g_autoptr (PsWatcher) self = ps_watcher_ref (data);
  gboolean known = status != PS_EXIT_STATUS_UNKNOWN;
  gboolean in_callback = ps_turns_is_in_one (&self->turns);
  PsCause why = { .kind = PS_CAUSE_EXIT, .code = known ? honest (status) : 0 };
  /* A plain return from main(), after a signal, is no word on how that exit should end. */
  gboolean explicit = known && (in_callback || status != 0);

  /* For good: a thread that is cancelled on its way out would leave the process behind. */
  ps_cancel_forbid ();
  if (!has_exited (self))
    {
      if (!conclude (self, &why, explicit ? honest (status) : NO_CODE))
        return known ? honest (status) : status;
      status = ps_watcher_get_status_now (self);
    }
  /* main() may have returned something else than what it was told to. */
  ps_run_log_end (known ? honest (status) : status);
  if (self->policy == PS_EXIT_POLICY_RERAISE && self->cause.kind == PS_CAUSE_SIGNAL
      && !self->pass.code_given && status == ps_watcher_get_status_now (self))
    {
      /* quick_exit() runs no destructors. */
      if (!known)
        ps_signal_die_of (self->cause.signum);
      ps_exit_then (ps_signal_die_of, self->cause.signum);
    }
  return known ? honest (status) : status;
}

int
ps_watcher_get_exit_status (PsWatcher *self)
{
  g_return_val_if_fail (self != NULL, EXIT_FAILURE);

  /* What a reload's callbacks answered is no status of an exit. */
  return self->cause.kind != PS_CAUSE_NONE ? ps_watcher_get_status_now (self) : 0;
}
