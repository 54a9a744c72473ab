/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-signums.h"

#include <signal.h>

PsSignums
ps_signums_of (int signum)
{
  return (PsSignums) 1 << (signum - 1);
}

gboolean
ps_signums_have (PsSignums set, int signum)
{
  return (set & ps_signums_of (signum)) != 0;
}

/* The lowest number; 0 when there is none. */
int
ps_signums_first (PsSignums set)
{
  return __builtin_ffsll ((long long) set);
}

/* Whether the kernel keeps each one that is sent, with its value, instead of one for all: it does
 * so with the realtime signals. */
gboolean
ps_signums_is_queued (int signum)
{
  return signum >= SIGRTMIN;
}
