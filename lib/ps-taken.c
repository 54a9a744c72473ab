/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A signal that GLib takes gets an anchor first (ps-anchor), by which GLib's handler is there and
 * stays; then our handler goes on top of it, and what stood there before both is remembered. A
 * signal that GLib does not take needs none. When it is given back, it is to whoever has it then.
 */

#include "ps-taken.h"
#include "ps-action.h"
#include "ps-anchor.h"
#include "ps-pipe.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

typedef struct
{
  gboolean installed; /* our handler is there */
  gboolean taken;     /* and the conductor wants what it catches */
  gboolean borrowed;  /* and it is there for our timers only */
  gboolean was_blocked;
  struct sigaction before;
} Taken;

static PsTakenHandler handler;

/* By number. What is all zero is neither in the file nor in memory. */
static Taken table[NSIG];

/* By number: the thread that is in the handler of before. */
static _Atomic pid_t calling[NSIG];

/* Before anything else; ever the same. */
void
ps_taken_set_handler (PsTakenHandler ours)
{
  handler = ours;
}

static gboolean
is_ours (const struct sigaction *action)
{
  return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == handler;
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
  struct sigaction action = { .sa_sigaction = handler,
                              .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };

  sigemptyset (&action.sa_mask);
  table[signum].installed = sigaction (signum, &action, NULL) == 0;
  return table[signum].installed;
}

/* --- Taking ----------------------------------------------------------------------------------- */

/* Whether our handler is there; since ps_prepare() the program may have set another. */
static gboolean
is_in_force (int signum)
{
  struct sigaction now;

  return table[signum].installed && sigaction (signum, NULL, &now) == 0 && is_ours (&now);
}

/* What nohup, or a shell that starts a job in the background, has set up. */
static gboolean
is_politely_ignored (int signum, const struct sigaction *found)
{
  return (signum == SIGHUP || signum == SIGINT || signum == SIGQUIT)
         && ps_action_is (found, SIG_IGN);
}

/* It is not to kill a process that is not attached yet. */
void
ps_taken_prepare (int signum)
{
  Taken *taken = &table[signum];

  if (taken->installed)
    return;
  sigaction (signum, NULL, &taken->before);
  if (!is_politely_ignored (signum, &taken->before))
    install (signum);
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
ps_taken_take (int signum, PsTake how)
{
  Taken *taken = &table[signum];
  gboolean was_blocked;

  if (taken->taken)
    return TRUE;
  was_blocked = block (SIG_BLOCK, signum);
  if (!taken->borrowed)
    taken->was_blocked = was_blocked;
  if (!is_in_force (signum))
    find_before (signum);
  if (how == PS_TAKE_POLITE && is_politely_ignored (signum, &taken->before))
    {
      block (taken->was_blocked ? SIG_BLOCK : SIG_UNBLOCK, signum);
      *taken = (Taken){ .installed = FALSE };
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

/* Where no signal is taken: a realtime one that nobody uses. 0: there is none. */
int
ps_taken_borrow (void)
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

/* --- Giving back ------------------------------------------------------------------------------ */

void
ps_taken_give_back (int signum)
{
  if (!table[signum].installed)
    return;
  block (SIG_BLOCK, signum);
  put_back (signum);
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
void
ps_taken_forget (void)
{
  for (int signum = 1; signum < NSIG; signum++)
    if (table[signum].installed)
      forget_signal (signum);
}

/* --- Who asks --------------------------------------------------------------------------------- */

PsSignums
ps_taken_get_all (void)
{
  PsSignums set = PS_SIGNUMS_NONE;

  for (int signum = 1; signum < NSIG; signum++)
    if (table[signum].taken)
      set |= ps_signums_of (signum);
  return set;
}

/* NULL: our handler is not there. */
const struct sigaction *
ps_taken_get_previous_action (int signum)
{
  return table[signum].installed ? &table[signum].before : NULL;
}

/* Async-signal-safe. */
gboolean
ps_taken_is_taken (int signum)
{
  return table[signum].taken;
}

/* Async-signal-safe. */
gboolean
ps_taken_is_borrowed (int signum)
{
  return table[signum].borrowed;
}

/* Async-signal-safe. */
const struct sigaction *
ps_taken_get_before (int signum)
{
  return &table[signum].before;
}

/* The handler that was there. It may be one that the program has put over ours since ps_prepare(),
 * and call ours in turn. Async-signal-safe. */
void
ps_taken_call_before (int signum, siginfo_t *info, void *ucontext)
{
  atomic_store (&calling[signum], gettid ());
  ps_action_call (&table[signum].before, signum, info, ucontext);
  atomic_store (&calling[signum], 0);
}

/* Whether this is such a call. It is asked once: a handler may have left by siglongjmp().
 * Async-signal-safe. */
gboolean
ps_taken_is_called_back (int signum)
{
  pid_t tid = atomic_load (&calling[signum]);

  return tid != 0 && tid == gettid () && atomic_compare_exchange_strong (&calling[signum], &tid, 0);
}
