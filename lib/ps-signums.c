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

/* The highest number; 0 when there is none. */
int
ps_signums_last (PsSignums set)
{
  return set != 0 ? 64 - __builtin_clzll (set) : 0;
}

/* Whether the kernel keeps each one that is sent, with its value, instead of one for all: it does
 * so with the realtime signals. */
gboolean
ps_signums_is_queued (int signum)
{
  return signum >= SIGRTMIN;
}
