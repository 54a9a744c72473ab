/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A limit on system calls that wait. Process-wide. */

#include <glib.h>
#include <signal.h>

typedef void (*PsLimitHandler) (int signum, siginfo_t *info, void *ucontext);

void ps_limit_carry (PsLimitHandler handler, int signum);
void ps_limit_forget (void);
void ps_limit_begin (gint64 limit_us);
void ps_limit_end (void);

/* Async-signal-safe. */
gboolean ps_limit_owns (const siginfo_t *info);
