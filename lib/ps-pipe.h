/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SIGPIPE, where nobody has asked for it. Process-wide. */

#include <signal.h>

void ps_pipe_quiet (void);
void ps_pipe_loud (void);
int ps_pipe_is_quiet (const struct sigaction *action);
void ps_pipe_leave_behind (int signum, struct sigaction *action);
