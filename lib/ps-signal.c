/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * GLib takes a signal with a handler of its own, which keeps nothing of the sender, and puts
 * SIG_DFL in its place when the last source is gone, whatever it had found. So GLib's source is
 * made first, as an anchor that keeps GLib from installing its handler again later; then our
 * handler goes on top of GLib's, and what stood there before both is remembered. The anchor is
 * attached to no context: it only has to exist, wakes nobody, and is gone the moment it is given
 * up, which one that is being dispatched would not be. A signal that GLib does not take needs none.
 *
 * Our handler writes down who sent the signal (ps-caught) and wakes the watcher by an eventfd. The
 * conductor takes out what was written, in order, and calls GLib's handler later, for other users
 * of g_unix_signal_add(): going straight to the thread that waits saves the hop over GLib's worker
 * thread. When a second signal comes before GLib was told of the first, the loop is not keeping up,
 * and the handler calls GLib's at once.
 *
 * The order in the handler is: is this our process; is this a timer of ours and no signal at all;
 * what does it amount to, after those that came before (a third one by hand ends the process right
 * here); arm the rescue; write down; wake; hand on. Only async-signal-safe calls, nothing waits.
 */

#include "ps-signal.h"
#include "ps-action.h"
#include "ps-caught.h"
#include "ps-cgroup.h"
#include "ps-clock.h"
#include "ps-limit.h"
#include "ps-rescue.h"
#include "ps-self.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  gboolean installed; /* our handler is there */
  gboolean taken;     /* and the conductor wants what it catches */
  gboolean borrowed;  /* and it is there for our timers only */
  gboolean was_blocked;
  GSource *anchor;
  GSource *inherited_anchor; /* of the process that we are a copy of */
  gboolean has_glib;
  struct sigaction before;
  struct sigaction glib; /* or what somebody has put on top of it */
  gboolean at_once;      /* that wants to know more than the number */
} Taken;

static struct
{
  int fd;                 /* -1: nothing is taken */
  int inherited_fd;       /* in a copy: its number, now of a descriptor of our own; or -1 */
  int carrier;            /* the signal by which our timers come */
  atomic_int mark;        /* the descriptor was written to, or GLib is owed something */
  _Atomic PsSignums came; /* and were not taken out: GLib is not told of them yet */
  _Atomic PsSignums owed; /* were taken out, and GLib is not told of them yet */
  gboolean quiet_pipe;
  atomic_int chain;
  atomic_int escalation;
  atomic_int hangup_ends; /* SIGHUP is a termination signal */
  atomic_flag pressing;
  PsPressure pressure;
} well = { .fd = -1, .inherited_fd = -1 };

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

  atomic_store (&well.mark, 1);
  /* It fails when the counter is at its limit; then the loop is awake already. */
  ignored = write (well.fd, &one, sizeof one);
  (void) ignored;
}

/* Async-signal-safe. */
static void
call_action (const struct sigaction *action, int signum, siginfo_t *info, void *ucontext)
{
  if (action->sa_flags & SA_SIGINFO)
    action->sa_sigaction (signum, info, ucontext);
  else if (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN)
    action->sa_handler (signum);
}

/* It is to meet what we met: it is blocked here, so that it comes again, and to the restored
 * disposition, when the handler returns. Async-signal-safe. */
static void
let_through (int signum)
{
  sigaction (signum, &table[signum].before, NULL);
  raise (signum);
}

/* FALSE: GLib is to be told at once. Async-signal-safe. */
static gboolean
tell_later (const Taken *taken, int signum)
{
  PsSignums one = ps_signums_of (signum);

  return !taken->at_once
         && ((atomic_fetch_or (&well.came, one) | atomic_load (&well.owed)) & one) == 0;
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
      note (signum, info);
      wake ();
      if (taken->has_glib && !tell_later (taken, signum))
        call_action (&taken->glib, signum, info, ucontext);
      if (atomic_load (&well.chain))
        call_action (&taken->before, signum, info, ucontext);
    }
  errno = saved_errno;
}

/* --- Handing on to GLib ---------------------------------------------------------------------- */

static void
hand_on (PsSignums of)
{
  PsSignums owed = atomic_fetch_and (&well.owed, ~of) & of;

  for (int signum; (signum = ps_signums_last (owed)) != 0; owed &= ~ps_signums_of (signum))
    table[signum].glib.sa_handler (signum);
}

/* Tells GLib of those that were taken out, for whoever else wants them. */
void
ps_signal_hand_on (void)
{
  if (atomic_load (&well.owed) == PS_SIGNUMS_NONE)
    return;
  /* That of a signal which has just come: it is in the descriptor, too. */
  atomic_store (&well.mark, 0);
  hand_on (PS_SIGNUMS_ALL);
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
static int
part_from_parent (int shared)
{
  int fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  int parted = fd >= 0 ? dup3 (fd, shared, O_CLOEXEC) : -1;

  if (fd >= 0)
    close (fd);
  return parted;
}

/* The child may go on as what its parent was: what it needs for that is remembered. GLib counts the
 * anchor as its own for ever; its lock may be held by a thread that is not in this process. */
static void
forget_signal (int signum)
{
  Taken *taken = &table[signum];
  GSource *anchor = taken->anchor != NULL ? taken->anchor : taken->inherited_anchor;
  struct sigaction now;

  if (sigaction (signum, NULL, &now) == 0 && is_ours (&now))
    sigaction (signum, &taken->before, NULL);
  if (taken->was_blocked)
    block (SIG_BLOCK, signum);
  *taken = (Taken){ .inherited_anchor = anchor };
}

static void
do_nothing (int signum)
{
}

/* A handler that does nothing, and not SIG_IGN, since programs that are executed would inherit
 * that. */
static struct sigaction
quiet_action (void)
{
  return (struct sigaction){ .sa_handler = do_nothing, .sa_flags = SA_RESTART };
}

/* In a forked child: the dispositions and the mask are as if we had never been there. */
static void
forget_in_child (void)
{
  if (well.fd < 0)
    {
      /* A child of a child. */
      if (well.inherited_fd >= 0)
        well.inherited_fd = part_from_parent (well.inherited_fd);
      return;
    }
  ps_signal_loud_pipe ();
  for (int signum = 1; signum < NSIG; signum++)
    if (table[signum].installed)
      forget_signal (signum);
  ps_caught_forget ();
  atomic_store (&well.mark, 0);
  atomic_store (&well.came, PS_SIGNUMS_NONE);
  atomic_store (&well.owed, PS_SIGNUMS_NONE);
  well.inherited_fd = part_from_parent (well.fd);
  well.fd = -1;
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
  if (well.fd < 0)
    {
      well.fd =
          can_open_more () && ps_self_claim () == 0 ? eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
      ps_signal_relax ();
      /* What the last watcher was told is not for this one. */
      ps_signal_set_escalation (PS_ESCALATION_INTERACTIVE);
      ps_signal_set_chain (FALSE);
    }
  return well.fd;
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
  if (well.fd >= 0)
    close (well.fd);
  well.fd = -1;
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

/* Makes GLib install its handler, finds out which that is, and what stood there before it. */
static void
drop_anchor (int signum)
{
  Taken *taken = &table[signum];
  struct sigaction now;

  if (taken->inherited_anchor != NULL)
    {
      /* GLib delivers nothing in a copy: its thread is not there. */
      taken->anchor = g_steal_pointer (&taken->inherited_anchor);
      return;
    }
  taken->anchor = g_unix_signal_source_new (signum);
  g_source_set_static_name (taken->anchor, "[libpostscriptum] anchor");
  taken->has_glib = TRUE;

  sigaction (signum, NULL, &now);
  if (is_ours (&now))
    {
      /* GLib's was there when ps_prepare() came: GLib saw no reason to install it again. */
      taken->glib = taken->before;
      taken->before = (struct sigaction){ .sa_handler = SIG_DFL };
    }
  else
    {
      taken->glib = now;
      /* It was there before: putting it back after GLib's last source is gone would leave a handler
       * that does nothing, and a process that no signal ends. */
      if (ps_action_is (&taken->before, now.sa_handler))
        taken->before = (struct sigaction){ .sa_handler = SIG_DFL };
    }
  taken->at_once = (taken->glib.sa_flags & SA_SIGINFO) != 0;
}

/* What stood there before us; a SIGPIPE that we have made quiet had its default. */
static void
find_before (int signum)
{
  Taken *taken = &table[signum];

  sigaction (signum, NULL, &taken->before);
  if (signum == SIGPIPE && ps_action_is (&taken->before, do_nothing))
    taken->before = (struct sigaction){ .sa_handler = SIG_DFL };
}

/* What is to stand there without us. */
static struct sigaction
left_behind (int signum)
{
  const struct sigaction *before = &table[signum].before;

  return signum == SIGPIPE && well.quiet_pipe && ps_action_is (before, SIG_DFL) ? quiet_action ()
                                                                                : *before;
}

/* The signal is blocked in this thread. */
static void
put_back (int signum)
{
  Taken *taken = &table[signum];
  struct sigaction last, now, left = left_behind (signum);

  /* What was not taken out is sent again, and comes to GLib by itself. */
  atomic_fetch_and (&well.came, ~ps_signums_of (signum));
  hand_on (ps_signums_of (signum));
  sigaction (signum, NULL, &last);
  if (taken->anchor != NULL)
    {
      g_source_destroy (taken->anchor);
      g_source_unref (taken->anchor);
    }

  sigaction (signum, NULL, &now);
  if (!is_ours (&last) && !(taken->has_glib && ps_action_is (&last, taken->glib.sa_handler)))
    /* Somebody came after us, and it is theirs. */
    sigaction (signum, &last, NULL);
  else if (taken->has_glib && !ps_action_is (&now, SIG_DFL))
    /* GLib has other sources for it, or it would have put SIG_DFL here. */
    sigaction (signum, &taken->glib, NULL);
  else
    sigaction (signum, &left, NULL);

  block (taken->was_blocked ? SIG_BLOCK : SIG_UNBLOCK, signum);
  *taken = (Taken){ .installed = FALSE };
}

/* What g_unix_signal_source_new() has taken since 2.54, and to this day. */
static gboolean
is_glibs (int signum)
{
  return signum == SIGHUP || signum == SIGINT || signum == SIGTERM || signum == SIGUSR1
         || signum == SIGUSR2 || signum == SIGWINCH;
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

  if (is_glibs (signum))
    drop_anchor (signum);
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

/* Whether a forked child still has the descriptor. Where the program has closed it the number may
 * be that of something else, which is hardly an anonymous inode. */
gboolean
ps_signal_can_inherit (void)
{
  struct stat st;

  return well.fd < 0 && well.inherited_fd >= 0 && fstat (well.inherited_fd, &st) == 0
         && (st.st_mode & S_IFMT) == 0;
}

/* In a forked child that goes on as what its parent was. What that one had taken is not taken yet.
 */
void
ps_signal_inherit (void)
{
  well.fd = well.inherited_fd;
  well.inherited_fd = -1;
  ps_signal_relax ();
  ps_signal_quiet_pipe ();
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

/* Life goes on: the next signal is a first one again. */
void
ps_signal_relax (void)
{
  while (atomic_flag_test_and_set (&well.pressing))
    ;
  well.pressure = (PsPressure){ .count = 0 };
  atomic_flag_clear (&well.pressing);
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

static void
owe (int signum)
{
  PsSignums one = ps_signums_of (signum);

  atomic_fetch_and (&well.came, ~one);
  if (!table[signum].has_glib || table[signum].at_once)
    return;
  atomic_fetch_or (&well.owed, one);
  /* A loop that a callback runs finds it. */
  atomic_store (&well.mark, 1);
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
  owe (signal->signum);
  return TRUE;
}

/* The same as the cause of something. */
void
ps_signal_explain (const PsSignal *signal, PsCause *why)
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

/* --- SIGPIPE --------------------------------------------------------------------------------- */

/* Writing to someone who is gone is an error of that call, not the end of the daemon. Where SIGPIPE
 * is taken our handler stands on it already, and this is what it leaves behind. */
void
ps_signal_quiet_pipe (void)
{
  struct sigaction found, action = quiet_action ();

  well.quiet_pipe = TRUE;
  if (sigaction (SIGPIPE, NULL, &found) == 0 && ps_action_is (&found, SIG_DFL))
    sigaction (SIGPIPE, &action, NULL);
}

void
ps_signal_loud_pipe (void)
{
  struct sigaction found, action = { .sa_handler = SIG_DFL };

  well.quiet_pipe = FALSE;
  if (sigaction (SIGPIPE, NULL, &found) == 0 && ps_action_is (&found, do_nothing))
    sigaction (SIGPIPE, &action, NULL);
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
