/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The end of a process whose loop does not turn any more. Process-wide; what is marked so may be
 * called in a signal handler. */

#include <signal.h>
#include <stdint.h>

/* floor 0 */
#include "ps-words.h"

void ps_rescue_carry (int signum);
void ps_rescue_prepare (void);
int ps_rescue_open (void);
void ps_rescue_close (void);
void ps_rescue_forget (void);
void ps_rescue_set_limit (int64_t limit_us);
void ps_rescue_set_end (int64_t end_us, int status);
void ps_rescue_disarm (void);

/* Async-signal-safe. */
void ps_rescue_compose (PsWords *record, PsWords *message, int status, const char *reason);
void ps_rescue_arm (int status, int64_t now_us);
int ps_rescue_owns (const siginfo_t *info);
void ps_rescue_end_for_time (void);
_Noreturn void ps_rescue_end_for_signal (int signum);
