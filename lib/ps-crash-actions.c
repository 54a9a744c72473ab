/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The previous action is put back and the same siginfo is queued once more while the signal is
 * blocked; the return from our handler, which unblocks it, delivers it with the registers as they
 * were. So a core shows the function at fault, and a handler that was there before us is called by
 * the kernel as if we were not. (raise() would show our handler in the core; a plain return runs on
 * after a breakpoint, a denied system call, and everything that was sent.)
 *
 * Where that is not allowed, a fault comes again by itself; everything else is sent by other means,
 * and in the end there is an exit status that says it.
 */

#include "ps-crash-actions.h"
#include "ps-action.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };

#define N_SIGNALS (sizeof signals / sizeof signals[0])

static struct
{
  void (*handler) (int, siginfo_t *, void *);
  struct sigaction before[NSIG];
  atomic_int over[NSIG]; /* that action has had its turn, and may call us */
} well;

/* --- In the handler -------------------------------------------------------------------------- */

/* The first process of a PID namespace has no default actions, but for a fault. */
static int
has_no_default (void)
{
  return getpid () == 1;
}

/* Whether the instruction that failed will fail again. */
static int
refails (int signum, const siginfo_t *info)
{
  return info->si_code > 0
         && (signum == SIGSEGV || signum == SIGBUS || signum == SIGFPE || signum == SIGILL);
}

/* When the handler returns, action is what happens. FALSE: nothing can be made to happen. */
static int
hand_on (const struct sigaction *action, int signum, siginfo_t *info, ucontext_t *ucontext)
{
  sigset_t set;

  sigaction (signum, action, NULL);
  sigemptyset (&set);
  sigaddset (&set, signum);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
  sigdelset (&ucontext->uc_sigmask, signum);
  return syscall (SYS_rt_tgsigqueueinfo, getpid (), gettid (), signum, info) == 0
         || refails (signum, info) || syscall (SYS_tgkill, getpid (), gettid (), signum) == 0
         || kill (getpid (), signum) == 0;
}

/* Not our crash. In a child that shares our memory: nothing is written here. */
void
ps_crash_actions_pass_on (int signum, siginfo_t *info, void *ucontext)
{
  static const struct sigaction nothing = { .sa_handler = SIG_DFL };
  int over = atomic_load (&well.over[signum]);

  if (!hand_on (over ? &nothing : &well.before[signum], signum, info, ucontext))
    _exit (128 + signum);
}

/* Our crash has been told of. Returns to what happens next, if there is something to return to. */
void
ps_crash_actions_end_by (int signum, siginfo_t *info, void *ucontext)
{
  ps_crash_actions_pass_on (signum, info, ucontext);
  atomic_store (&well.over[signum], 1);
  if (ps_crash_actions_is_last (signum) && has_no_default () && !refails (signum, info))
    _exit (128 + signum);
}

/* Whether nobody survives it. */
int
ps_crash_actions_is_last (int signum)
{
  return ps_action_is (&well.before[signum], SIG_DFL);
}

/* Whether the previous action has had its turn: it calls us for want of another. */
int
ps_crash_actions_is_over (int signum)
{
  return atomic_load (&well.over[signum]);
}

/* Whether somebody sends a signal that would have had no effect. */
int
ps_crash_actions_is_ignored (int signum, const siginfo_t *info)
{
  const struct sigaction *before = &well.before[signum];

  return info->si_code <= 0 && info->si_pid != getpid ()
         && (ps_action_is (before, SIG_IGN)
             || (ps_action_is (before, SIG_DFL) && has_no_default ()));
}

/* --- Taking and giving back ------------------------------------------------------------------ */

static int
is_ours (const struct sigaction *action)
{
  return well.handler != NULL && (action->sa_flags & SA_SIGINFO)
         && action->sa_sigaction == well.handler;
}

/* Keeps what is there. A child that no fork handler saw finds ours there. */
static void
keep (void)
{
  for (size_t i = 0; i < N_SIGNALS; i++)
    {
      struct sigaction now;

      if (sigaction (signals[i], NULL, &now) == 0 && !is_ours (&now))
        well.before[signals[i]] = now;
      atomic_store (&well.over[signals[i]], 0);
    }
}

void
ps_crash_actions_take (void (*handler) (int, siginfo_t *, void *))
{
  struct sigaction action = { .sa_sigaction = handler,
                              .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART };

  keep ();
  well.handler = handler;
  /* Nothing else is to come between; a crash in the handler is to be seen. */
  sigfillset (&action.sa_mask);
  for (size_t i = 0; i < N_SIGNALS; i++)
    sigdelset (&action.sa_mask, signals[i]);
  for (size_t i = 0; i < N_SIGNALS; i++)
    sigaction (signals[i], &action, NULL);
}

/* What somebody has put over ours stays. It may call our handler, which then puts back what was
 * there before us. */
void
ps_crash_actions_give_back (void)
{
  for (size_t i = 0; i < N_SIGNALS; i++)
    {
      struct sigaction now;

      if (sigaction (signals[i], NULL, &now) == 0 && is_ours (&now))
        sigaction (signals[i], &well.before[signals[i]], NULL);
    }
}
