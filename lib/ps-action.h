/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is done about a signal. Async-signal-safe. */

#include <signal.h>

/* Whether it is this handler, or SIG_DFL or SIG_IGN. */
static inline int
ps_action_is (const struct sigaction *action, void (*handler) (int))
{
  return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == handler;
}

static inline void
ps_action_call (const struct sigaction *action, int signum, siginfo_t *info, void *ucontext)
{
  if (action->sa_flags & SA_SIGINFO)
    action->sa_sigaction (signum, info, ucontext);
  else if (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN)
    action->sa_handler (signum);
}
