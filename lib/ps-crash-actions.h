/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a crash would have led to without us: the actions that we have found, which get their turn
 * after us. Process-wide; async-signal-safe. */

#include <signal.h>

void ps_crash_actions_take (void (*handler) (int, siginfo_t *, void *));
void ps_crash_actions_give_back (void);

int ps_crash_actions_is_last (int signum);
int ps_crash_actions_is_over (int signum);
int ps_crash_actions_is_ignored (int signum, const siginfo_t *info);
void ps_crash_actions_end_by (int signum, siginfo_t *info, void *ucontext);
void ps_crash_actions_pass_on (int signum, siginfo_t *info, void *ucontext);
