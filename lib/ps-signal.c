/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A signal that GLib takes gets an anchor first (ps-anchor), by which GLib's handler is there and
 * stays; then our handler goes on top of it, and what stood there before both is remembered. A
 * signal that GLib does not take needs none.
 *
 * Our handler writes down who sent the signal (ps-caught) and wakes the watcher by an eventfd:
 * going straight to the thread that waits saves the hop over GLib's worker thread. The conductor
 * takes out what was written, in order, and says when GLib is to be told, for others who want it.
 *
 * The order in the handler is: is this our process; is this a timer of ours and no signal at all;
 * is GLib to be told already; what does it amount to, after those that came before (a third one by
 * hand ends the process right here); arm the rescue; write down; wake; hand on. Another thread may
 * take out what is written down before the handler is through. Only async-signal-safe calls,
 * nothing waits.
 */

#include "ps-signal.h"
#include "ps-action.h"
#include "ps-anchor.h"
#include "ps-caught.h"
#include "ps-clock.h"
#include "ps-fd.h"
#include "ps-limit.h"
#include "ps-pipe.h"
#include "ps-rescue.h"
#include "ps-self.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct
{
  gboolean installed; /* our handler is there */
  gboolean taken;     /* and the conductor wants what it catches */
  gboolean borrowed;  /* and it is there for our timers only */
  gboolean was_blocked;
  struct sigaction before;
} Taken;

static struct
{
  PsFd fd;         /* none: nothing is taken */
  PsFd inherited;  /* in a copy: at its number, a descriptor of our own; or none */
  int carrier;     /* the signal by which our timers come */
  atomic_int mark; /* the descriptor was written to, or GLib is owed something */
  atomic_int chain;
  atomic_int escalation;
  atomic_int hangup_ends; /* SIGHUP is a termination signal */
  atomic_flag pressing;
  PsPressure pressure;
} well = { .fd = { .fd = -1 }, .inherited = { .fd = -1 } };

/* By number. By itself, since what is all zero is neither in the file nor in memory. */
static Taken table[NSIG];

/* --- In the handler: async-signal-safe ------------------------------------------------------- */

/* Async-signal-safe. */
static gboolean
is_reload (int signum)
{
  return signum == SIGHUP && !atomic_load (&well.hangup_ends);
}

/* What the signal amounts to, after those before it. Another thread's handler may be at it just
 * now: two at once are one wish. Async-signal-safe. */
static PsInput
press (int signum, gint64 now_us)
{
  PsPress what = PS_PRESS_ASKS;

  if (is_reload (signum))
    return PS_INPUT_RELOAD;
  if (!atomic_flag_test_and_set (&well.pressing))
    {
      what = ps_machine_press (&well.pressure, atomic_load (&well.escalation), signum, now_us);
      atomic_flag_clear (&well.pressing);
    }
  if (what == PS_PRESS_FORCES)
    ps_rescue_end_for_signal (signum);
  ps_rescue_arm (signum, now_us);
  return what == PS_PRESS_HURRIES ? PS_INPUT_HURRY : PS_INPUT_REQUEST;
}

/* Async-signal-safe. */
static void
note (int signum, const siginfo_t *info)
{
  gint64 now_us = ps_clock_now_us ();

  ps_caught_add (info, press (signum, now_us), now_us);
}

/* Async-signal-safe. */
static void
wake (void)
{
  static const guint64 one = 1;
  ssize_t ignored;
  int fd;

  atomic_store (&well.mark, 1);
  fd = ps_fd_get_hopefully (&well.fd);
  if (fd < 0)
    return;
  /* It fails when the counter is at its limit; then the loop is awake already. */
  ignored = write (fd, &one, sizeof one);
  (void) ignored;
}

/* It is to meet what we met: it is blocked here, so that it comes again, and to the restored
 * disposition, when the handler returns. Async-signal-safe. */
static void
let_through (int signum)
{
  sigaction (signum, &table[signum].before, NULL);
  raise (signum);
}

static void
handle (int signum, siginfo_t *info, void *ucontext)
{
  Taken *taken = &table[signum];
  int saved_errno = errno;

  if (!ps_self_is_watched ()) /* a child that fork handlers did not see */
    let_through (signum);
  else if (ps_rescue_owns (info))
    ps_rescue_end_for_time ();
  else if (taken->borrowed && !ps_limit_owns (info))
    let_through (signum);
  else if (!ps_limit_owns (info))
    {
      ps_anchor_came (signum, info, ucontext);
      note (signum, info);
      wake ();
      if (atomic_load (&well.chain))
        ps_action_call (&taken->before, signum, info, ucontext);
    }
  errno = saved_errno;
}

/* --- Taking and giving back ------------------------------------------------------------------ */

static gboolean
is_ours (const struct sigaction *action)
{
  return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == handle;
}

static struct sigaction
our_action (int more_flags)
{
  struct sigaction action = { .sa_sigaction = handle,
                              .sa_flags = SA_SIGINFO | SA_ONSTACK | more_flags };

  sigemptyset (&action.sa_mask);
  return action;
}

/* Whether it was blocked before. */
static gboolean
block (int how, int signum)
{
  sigset_t set, old;

  sigemptyset (&set);
  sigaddset (&set, signum);
  pthread_sigmask (how, &set, &old);
  return sigismember (&old, signum) == 1;
}

static gboolean
install (int signum)
{
  struct sigaction action = our_action (SA_RESTART);

  table[signum].installed = sigaction (signum, &action, NULL) == 0;
  return table[signum].installed;
}

/* The descriptor is shared with the parent, and a loop in this child may still watch it: it gets
 * one that nobody writes to. */
static void
part_from_parent (const PsFd *shared)
{
  int number = ps_fd_get_hopefully (shared), fd = -1, parted = -1;

  if (number >= 0)
    fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd >= 0)
    {
      parted = dup3 (fd, number, O_CLOEXEC);
      close (fd);
    }
  well.inherited.fd = -1;
  ps_fd_keep (&well.inherited, parted);
}

static void
forget_signal (int signum)
{
  Taken *taken = &table[signum];
  struct sigaction now;

  if (sigaction (signum, NULL, &now) == 0 && is_ours (&now))
    sigaction (signum, &taken->before, NULL);
  if (taken->was_blocked)
    block (SIG_BLOCK, signum);
  ps_anchor_forget (signum);
  *taken = (Taken){ .installed = FALSE };
}

/* In a forked child: the dispositions and the mask are as if we had never been there. */
static void
forget_in_child (void)
{
  if (well.fd.fd < 0)
    {
      /* A child of a child. */
      part_from_parent (&well.inherited);
      return;
    }
  ps_pipe_loud ();
  for (int signum = 1; signum < NSIG; signum++)
    if (table[signum].installed)
      forget_signal (signum);
  ps_caught_forget ();
  atomic_store (&well.mark, 0);
  part_from_parent (&well.fd);
  well.fd.fd = -1;
  well.carrier = 0;
  ps_limit_forget ();
  ps_rescue_forget ();
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
      pthread_atfork (NULL, NULL, forget_in_child);
      g_once_init_leave (&once, 1);
    }
  if (well.fd.fd < 0)
    {
      ps_fd_keep (&well.fd, can_open_more () && ps_self_claim () == 0
                                ? eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK)
                                : -1);
      ps_signal_relax (PS_NEVER_US);
      /* What the last watcher was told is not for this one. */
      ps_signal_set_escalation (PS_ESCALATION_INTERACTIVE);
      ps_signal_set_chain (FALSE);
    }
  return well.fd.fd;
}

/* Set before the descriptor is written to. */
atomic_int *
ps_signal_get_mark (void)
{
  return &well.mark;
}

void
ps_signal_close (void)
{
  int fd = ps_fd_get_hopefully (&well.fd);

  if (fd >= 0)
    close (fd);
  well.fd.fd = -1;
}

/* What nohup, or a shell that starts a job in the background, has set up. */
static gboolean
is_politely_ignored (int signum, const struct sigaction *found)
{
  return (signum == SIGHUP || signum == SIGINT || signum == SIGQUIT)
         && ps_action_is (found, SIG_IGN);
}

/* Keeps TERM, INT and HUP from killing a process that is not attached yet. */
void
ps_signal_prepare (void)
{
  static const int early[] = { SIGTERM, SIGINT, SIGHUP };

  if (ps_signal_open () < 0)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (early); i++)
    {
      Taken *taken = &table[early[i]];

      if (taken->installed)
        continue;
      sigaction (early[i], NULL, &taken->before);
      if (!is_politely_ignored (early[i], &taken->before))
        install (early[i]);
    }
}

/* After an anchor was dropped: finds out which is GLib's handler, and what stood there before it.
 */
static void
find_glibs (int signum)
{
  static const struct sigaction no_action = { .sa_handler = SIG_DFL };
  Taken *taken = &table[signum];
  struct sigaction now;

  sigaction (signum, NULL, &now);
  if (is_ours (&now))
    {
      /* GLib's was there when ps_prepare() came: GLib saw no reason to install it again. */
      ps_anchor_set_action (signum, &taken->before);
      taken->before = no_action;
      return;
    }
  ps_anchor_set_action (signum, &now);
  /* It was there before: putting it back after GLib's last source is gone would leave a handler
   * that does nothing, and a process that no signal ends. */
  if (ps_action_is (&taken->before, now.sa_handler))
    taken->before = no_action;
}

/* What stood there before us; a SIGPIPE that we have made quiet had its default. */
static void
find_before (int signum)
{
  Taken *taken = &table[signum];

  sigaction (signum, NULL, &taken->before);
  if (signum == SIGPIPE && ps_pipe_is_quiet (&taken->before))
    taken->before = (struct sigaction){ .sa_handler = SIG_DFL };
}

/* The signal is blocked in this thread. */
static void
put_back (int signum)
{
  Taken *taken = &table[signum];
  const struct sigaction *glibs = ps_anchor_get_action (signum);
  struct sigaction last, now, left = taken->before;

  ps_pipe_leave_behind (signum, &left);
  sigaction (signum, NULL, &last);
  ps_anchor_weigh (signum);

  sigaction (signum, NULL, &now);
  if (!is_ours (&last) && !(glibs != NULL && ps_action_is (&last, glibs->sa_handler)))
    /* Somebody came after us, and it is theirs. */
    sigaction (signum, &last, NULL);
  else if (glibs != NULL && !ps_action_is (&now, SIG_DFL))
    /* GLib has other sources for it, or it would have put SIG_DFL here. */
    sigaction (signum, glibs, NULL);
  else
    sigaction (signum, &left, NULL);

  block (taken->was_blocked ? SIG_BLOCK : SIG_UNBLOCK, signum);
  ps_anchor_clear (signum);
  *taken = (Taken){ .installed = FALSE };
}

/* FALSE: it was ignored when the process started, and is left so; or, with errno, the system does
 * not let us. */
gboolean
ps_signal_take (int signum, PsSignalTake how)
{
  Taken *taken = &table[signum];
  gboolean was_blocked;

  if (taken->taken)
    return TRUE;
  was_blocked = block (SIG_BLOCK, signum);
  if (!taken->borrowed)
    taken->was_blocked = was_blocked;
  if (!taken->installed)
    find_before (signum);
  if (how == PS_SIGNAL_TAKE_POLITE && is_politely_ignored (signum, &taken->before))
    {
      block (taken->was_blocked ? SIG_BLOCK : SIG_UNBLOCK, signum);
      return FALSE;
    }

  if (ps_anchor_is_glibs (signum) && ps_anchor_drop (signum))
    find_glibs (signum);
  taken->borrowed = FALSE;
  if (!install (signum))
    {
      int saved_errno = errno;

      put_back (signum);
      errno = saved_errno;
      return FALSE;
    }
  taken->taken = TRUE;
  block (SIG_UNBLOCK, signum);
  return TRUE;
}

/* Whether a forked child still has the descriptor. */
gboolean
ps_signal_can_inherit (void)
{
  return well.fd.fd < 0 && ps_fd_get_hopefully (&well.inherited) >= 0;
}

/* In a forked child that goes on as what its parent was. What that one had taken is not taken yet.
 */
void
ps_signal_inherit (void)
{
  well.fd = well.inherited;
  well.inherited.fd = -1;
  ps_signal_relax (PS_NEVER_US);
  ps_pipe_quiet ();
}

PsSignums
ps_signal_get_taken (void)
{
  PsSignums set = PS_SIGNUMS_NONE;

  for (int signum = 1; signum < NSIG; signum++)
    if (table[signum].taken)
      set |= ps_signums_of (signum);
  return set;
}

void
ps_signal_give_back (int signum)
{
  if (!table[signum].installed)
    return;
  block (SIG_BLOCK, signum);
  put_back (signum);
}

/* Where no signal is taken: a realtime one that nobody uses. 0: there is none. */
static int
borrow (void)
{
  for (int signum = SIGRTMAX; signum >= SIGRTMIN; signum--)
    {
      Taken *taken = &table[signum];

      if (taken->installed || sigaction (signum, NULL, &taken->before) < 0
          || !ps_action_is (&taken->before, SIG_DFL))
        continue;
      taken->borrowed = TRUE;
      if (install (signum))
        {
          taken->was_blocked = block (SIG_UNBLOCK, signum);
          return signum;
        }
      taken->borrowed = FALSE;
    }
  return 0;
}

/* Our timers (of ps-rescue and ps-limit) come by the number of a signal that our handler stands on.
 * stay: those that are taken, and will be. To be called when they change: before those that are
 * given back are, so that there always is one. */
void
ps_signal_carry (PsSignums stay)
{
  int signum = ps_signums_last (stay), last = well.carrier;

  if (signum == 0)
    signum = last != 0 && table[last].borrowed ? last : borrow ();
  if (signum == last)
    return;
  well.carrier = signum;
  ps_limit_carry (signum != 0 ? handle : NULL, signum);
  ps_rescue_carry (signum);
  if (last != 0 && table[last].borrowed)
    ps_signal_give_back (last);
}

/* The watch is over: there are no timers any more. */
void
ps_signal_carry_nothing (void)
{
  int last = well.carrier;

  well.carrier = 0;
  ps_limit_carry (NULL, 0);
  if (last != 0 && table[last].borrowed)
    ps_signal_give_back (last);
}

const struct sigaction *
ps_signal_get_previous_action (int signum)
{
  return table[signum].installed ? &table[signum].before : NULL;
}

void
ps_signal_set_chain (gboolean chain)
{
  atomic_store (&well.chain, chain);
}

void
ps_signal_set_escalation (PsEscalation escalation)
{
  atomic_store (&well.escalation, escalation);
}

/* Whether SIGHUP asks for the end. */
void
ps_signal_set_hangup_ends (gboolean ends)
{
  atomic_store (&well.hangup_ends, ends);
}

/* Life goes on: the next signal is a first one again, or has come already, since then. */
void
ps_signal_relax (gint64 since_us)
{
  sigset_t all, old;

  /* One that came in between would not be counted. */
  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, &old);
  while (atomic_flag_test_and_set (&well.pressing))
    ;
  ps_machine_relax (&well.pressure, since_us);
  atomic_flag_clear (&well.pressing);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
}

/* --- Taking out ------------------------------------------------------------------------------ */

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
  while (!table[signal->signum].taken
         && (ps_signal_send_again (signal->signum, signal->has_value, signal->value), TRUE));
  /* A loop that a callback runs finds it. */
  if (ps_anchor_owe (signal->signum))
    atomic_store (&well.mark, 1);
  return TRUE;
}

/* Tells GLib of those that were taken out, for whoever else wants them. */
void
ps_signal_hand_on (void)
{
  if (!ps_anchor_owes ())
    return;
  /* That of a signal which has just come: it is in the descriptor, too. */
  atomic_store (&well.mark, 0);
  ps_anchor_tell (PS_SIGNUMS_ALL);
}

/* --- The end --------------------------------------------------------------------------------- */

/* Dies of the signal. Where that is impossible (PID 1 has no default dispositions), with the exit
 * status that a shell would show for it. Does not return. */
void
ps_signal_die_of (int signum)
{
  struct sigaction action = { .sa_handler = SIG_DFL };

  sigaction (signum, &action, NULL);
  block (SIG_UNBLOCK, signum);
  raise (signum);
  _exit (128 + signum);
}
