/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Signals that were caught, on their way from the handler to the conductor. Process-wide. */

#include <signal.h>

/* floor 1 */
#include "ps-cause.h"
#include "ps-machine.h"
#include "ps-signums.h"

#define PS_CAUGHT_MAX 64

/* One signal that came. */
typedef struct
{
  int signum;
  PsInput input; /* what it amounts to */
  guint lost;    /* not 0: so many came while there was no room, and nothing else is known */
  int code;      /* si_code */
  pid_t pid;
  uid_t uid;
  gboolean has_value;
  int value; /* of sigqueue() and its like */
  gint64 at_us;
  char comm[20];
  char cgroup[512]; /* lines of /proc/PID/cgroup; see ps-sender.c */
} PsSignal;

/* Async-signal-safe. */
void ps_caught_add (const siginfo_t *info, PsInput input, gint64 now_us);

gboolean ps_caught_has_any (void);
gboolean ps_caught_take (PsSignums of, PsSignal *signal);
void ps_caught_explain (const PsSignal *signal, PsCause *why);
void ps_caught_forget (void);
