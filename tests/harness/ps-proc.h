/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parent's side of a case: a child in a process group of its own, what it says, how it ends.
 * All of it gives up when the case has failed; a child is freed with its case. */

#include "ps-tap.h"

#include <sys/types.h>

typedef struct _Proc Proc;

/* What the child does; its return value is that of the child's main(). */
typedef int (*ProcMain) (gconstpointer data);

/* Starts a child that runs child_main (data) and exits. Its environment has no service manager,
 * its signals are as in a fresh process, its standard output and error are kept. */
Proc *proc_start (ProcMain child_main, gconstpointer data);

/* The same, with a descriptor as its standard input. */
Proc *proc_start_with (ProcMain child_main, gconstpointer data, int input);

pid_t proc_pid (Proc *self);

/* Sends a signal to the child, or to its whole process group. */
void proc_kill (Proc *self, int signum);
void proc_kill_group (Proc *self, int signum);

/* Stops the child for that time: its clocks go on, and it does not. */
void proc_stand_still (Proc *self, int ms);

/* Sends a line; the child takes it with child_await(). */
void proc_tell (Proc *self, const char *line);

/* How long a step may take: a minute unless set, more where everything is slow. */
void proc_set_patience (Proc *self, int ms);

/* The next line that the child says is exactly this one. The strings end with NULL. */
void proc_expect_at (const char *where, Proc *self, const char *line);
void proc_expect_lines_at (const char *where, Proc *self, const char *const *lines);

/* The next line, whatever it is; "" when the case has failed. Owned by the child's object. */
const char *proc_next_at (const char *where, Proc *self);

/* The child ends, in exactly this way, and has said nothing more; all the processes it started
 * have ended, too. */
void proc_expect_exit_at (const char *where, Proc *self, int code);
void proc_expect_signal_at (const char *where, Proc *self, int signum);

/* Waits for the end whatever it is, and returns the wait status. For comparisons. */
int proc_wait_at (const char *where, Proc *self);

/* The child is stopped by a signal of the kind of SIGSTOP. */
void proc_expect_stopped_at (const char *where, Proc *self);

/* What the child has written to its standard output and error so far. */
const char *proc_output (Proc *self);
void proc_expect_output_at (const char *where, Proc *self, const char *part);
void proc_expect_no_output_at (const char *where, Proc *self, const char *part);

/* "exit status 3", "signal 15 (Terminated)": to be freed. */
char *proc_describe (int wait_status);

#define proc_expect(self, line) proc_expect_at (G_STRLOC, self, line)
#define proc_expect_lines(self, ...)                                                               \
  proc_expect_lines_at (G_STRLOC, self, (const char *const[]){ __VA_ARGS__, NULL })
#define proc_next(self) proc_next_at (G_STRLOC, self)
#define proc_expect_exit(self, code) proc_expect_exit_at (G_STRLOC, self, code)
#define proc_expect_signal(self, signum) proc_expect_signal_at (G_STRLOC, self, signum)
#define proc_wait(self) proc_wait_at (G_STRLOC, self)
#define proc_expect_stopped(self) proc_expect_stopped_at (G_STRLOC, self)
#define proc_expect_output(self, part) proc_expect_output_at (G_STRLOC, self, part)
#define proc_expect_no_output(self, part) proc_expect_no_output_at (G_STRLOC, self, part)
