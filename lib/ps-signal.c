/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Our handler writes down who sent the signal (ps-caught) and wakes the watcher (ps-waker): going
 * straight to the thread that waits saves the hop over GLib's worker thread. The conductor takes
 * out what was written, in order, and says when GLib is to be told, for others who want it.
 *
 * The order in the handler is: is this our process; is this a timer of ours and no signal at all;
 * is this a call by what we have called ourselves; is GLib to be told already; what does it amount
 * to, after those that came before (a third one by hand ends the process right here); arm the
 * rescue; write down; wake; hand on. Another thread may take out what is written down before the
 * handler is through. Only async-signal-safe calls, nothing waits.
 */

#include "ps-signal.h"
#include "ps-anchor.h"
#include "ps-caught.h"
#include "ps-clock.h"
#include "ps-limit.h"
#include "ps-lock.h"
#include "ps-pipe.h"
#include "ps-press.h"
#include "ps-rescue.h"
#include "ps-self.h"
#include "ps-taken.h"
#include "ps-waker.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct
{
  int carrier; /* the signal by which our timers come */
  atomic_int chain;
  atomic_int hangup_ends; /* SIGHUP is a termination signal */
} well;

/* --- In the handler: async-signal-safe -------------------------------------------------------- */

/* What the signal amounts to. Async-signal-safe. */
static PsInput
weigh (int signum, gint64 now_us)
{
  PsPress what;

  if (signum == SIGHUP && !atomic_load (&well.hangup_ends))
    return PS_INPUT_RELOAD;
  what = ps_press (signum, now_us);
  if (what == PS_PRESS_FORCES)
    ps_rescue_end_for_signal (signum);
  ps_rescue_arm (128 + signum, now_us);
  return what == PS_PRESS_HURRIES ? PS_INPUT_HURRY : PS_INPUT_REQUEST;
}

/* Async-signal-safe. */
static void
note (int signum, const siginfo_t *info)
{
  gint64 now_us = ps_clock_now_us ();

  ps_caught_add (info, weigh (signum, now_us), now_us);
}

/* It is to meet what we met: it is blocked here, so that it comes again, and to the restored
 * disposition, when the handler returns. Async-signal-safe. */
static void
let_through (int signum)
{
  sigaction (signum, ps_taken_get_before (signum), NULL);
  raise (signum);
}

static void
handle (int signum, siginfo_t *info, void *ucontext)
{
  int saved_errno = errno;
  /* A thread that is to be cancelled is not to end here: nobody would be woken. */
  int cancel_state = ps_cancel_forbid ();
  gboolean is_other = FALSE;

  if (!ps_self_is_watched ()) /* a child that fork handlers did not see */
    let_through (signum);
  else if (ps_rescue_owns (info))
    ps_rescue_end_for_time ();
  else if (ps_taken_is_borrowed (signum) && !ps_limit_owns (info))
    let_through (signum);
  else if (!ps_limit_owns (info) && !ps_taken_is_called_back (signum))
    {
      ps_anchor_came (signum, info, ucontext);
      note (signum, info);
      ps_waker_wake ();
      is_other = atomic_load (&well.chain);
    }
  ps_cancel_restore (cancel_state);
  if (is_other)
    ps_taken_call_before (signum, info, ucontext);
  errno = saved_errno;
}

/* --- Opening ---------------------------------------------------------------------------------- */

/* The dispositions first: what comes from here on is to meet them, and not us. */
static void
forget_in_child (void)
{
  if (ps_waker_get_fd () >= 0) /* not in a child of a child */
    {
      ps_pipe_loud ();
      ps_taken_forget ();
      ps_caught_forget ();
      ps_press_forget ();
      well.carrier = 0;
      ps_limit_forget ();
      ps_rescue_forget ();
    }
  ps_waker_part ();
}

/* GLib needs descriptors for its first signal source, and ends the process where it gets none. */
static gboolean
can_open_more (void)
{
  int fds[3];
  guint n = 0;

  while (n < G_N_ELEMENTS (fds) && (fds[n] = eventfd (0, EFD_CLOEXEC)) >= 0)
    n++;
  for (guint i = 0; i < n; i++)
    close (fds[i]);
  return n == G_N_ELEMENTS (fds);
}

/* Returns the file descriptor that wakes the watcher, or -1 with errno. */
int
ps_signal_open (void)
{
  static gsize once;

  if (g_once_init_enter (&once))
    {
      ps_taken_set_handler (handle);
      pthread_atfork (NULL, NULL, forget_in_child);
      g_once_init_leave (&once, 1);
    }
  if (ps_waker_get_fd () < 0)
    {
      if (can_open_more () && ps_self_claim () == 0)
        ps_waker_open ();
      ps_press_relax (PS_NEVER_US);
      /* What the last watcher was told is not for this one. */
      ps_press_set_escalation (PS_ESCALATION_INTERACTIVE);
      ps_signal_set_chain (FALSE);
    }
  return ps_waker_get_fd ();
}

/* Keeps TERM, INT and HUP from killing a process that is not attached yet. */
void
ps_signal_prepare (void)
{
  static const int early[] = { SIGTERM, SIGINT, SIGHUP };

  if (ps_signal_open () < 0)
    return;
  ps_rescue_prepare ();
  for (guint i = 0; i < G_N_ELEMENTS (early); i++)
    ps_taken_prepare (early[i]);
}

/* In a forked child that goes on as what its parent was. What that one had taken is not taken yet.
 */
void
ps_signal_inherit (void)
{
  ps_waker_inherit ();
  ps_press_relax (PS_NEVER_US);
  ps_pipe_quiet ();
}

void
ps_signal_set_chain (gboolean chain)
{
  atomic_store (&well.chain, chain);
}

/* Whether SIGHUP asks for the end. */
void
ps_signal_set_hangup_ends (gboolean ends)
{
  atomic_store (&well.hangup_ends, ends);
}

/* --- The signal that timers come by ----------------------------------------------------------- */

/* Our timers (of ps-rescue and ps-limit) come by the number of a signal that our handler stands on,
 * but not by one that is blocked while we write (ps-write): what they bound is that.
 * stay: those that are taken, and will be. To be called when they change: before those that are
 * given back are, so that there always is one. */
void
ps_signal_carry (PsSignums stay)
{
  const PsSignums blocked = ps_signums_of (SIGPIPE) | ps_signums_of (SIGXFSZ);
  int signum = ps_signums_last (stay & ~blocked), last = well.carrier;

  if (signum == 0)
    signum = last != 0 && ps_taken_is_borrowed (last) ? last : ps_taken_borrow ();
  if (signum == last)
    return;
  well.carrier = signum;
  ps_limit_carry (signum != 0 ? handle : NULL, signum);
  ps_rescue_carry (signum);
  if (last != 0 && ps_taken_is_borrowed (last))
    ps_taken_give_back (last);
}

/* The watch is over: there are no timers any more. */
void
ps_signal_carry_nothing (void)
{
  int last = well.carrier;

  well.carrier = 0;
  ps_limit_carry (NULL, 0);
  if (last != 0 && ps_taken_is_borrowed (last))
    ps_taken_give_back (last);
}

/* --- Taking out ------------------------------------------------------------------------------- */

/* For one that we have caught, and should not have: to what is in force now. */
void
ps_signal_send_again (int signum, gboolean has_value, int value)
{
  union sigval with = { .sival_int = value };

  if (!has_value || sigqueue (getpid (), signum, with) < 0)
    kill (getpid (), signum);
}

/* The next signal that came, in order; FALSE when there is none. GLib is told of it when that is
 * asked for. */
gboolean
ps_signal_next (PsSignal *signal)
{
  do
    if (!ps_caught_take (PS_SIGNUMS_ALL, signal))
      return FALSE;
  /* A handler in another thread may be through only after the signal was given back. */
  while (!ps_taken_is_taken (signal->signum)
         && (ps_signal_send_again (signal->signum, signal->has_value, signal->value), TRUE));
  /* A loop that a callback runs finds it. */
  if (ps_anchor_owe (signal->signum))
    atomic_store (ps_waker_get_mark (), 1);
  return TRUE;
}

/* Tells GLib of those that were taken out, for whoever else wants them. */
void
ps_signal_hand_on (void)
{
  if (!ps_anchor_owes ())
    return;
  /* That of a signal which has just come: it is in the descriptor, too. */
  atomic_store (ps_waker_get_mark (), 0);
  ps_anchor_tell (PS_SIGNUMS_ALL);
}

/* --- The end ---------------------------------------------------------------------------------- */

/* Dies of the signal. Where that is impossible (PID 1 has no default dispositions), with the exit
 * status that a shell would show for it. Does not return. */
void
ps_signal_die_of (int signum)
{
  struct sigaction action = { .sa_handler = SIG_DFL };
  sigset_t set;

  sigaction (signum, &action, NULL);
  sigemptyset (&set);
  sigaddset (&set, signum);
  pthread_sigmask (SIG_UNBLOCK, &set, NULL);
  raise (signum);
  _exit (128 + signum);
}
