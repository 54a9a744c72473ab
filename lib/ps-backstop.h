/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bounds the time that a crashed process goes on. Process-wide. */

#include <signal.h>

void ps_backstop_prepare (void);
void ps_backstop_close (void);
void ps_backstop_forget (void);

/* Async-signal-safe. */
void ps_backstop_start (int signum);
int ps_backstop_is (const siginfo_t *info);
void ps_backstop_hasten (void);
void ps_backstop_stop_signal (void);
void ps_backstop_stop (void);
