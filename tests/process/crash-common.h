/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the children of group C begin and end with. Each has a second thread: with one alone glibc
 * takes no locks, and what hangs does not show. */

#include "common.h"

/* --- In the child ---------------------------------------------------------------------------- */

/* For functions that do on purpose what sanitizers would stop. */
#define CRASHES __attribute__ ((noinline, no_sanitize ("address", "undefined", "thread")))

/* The seven, 0 after the last. */
extern const int crash_signals[];

/* watch(), with last words on standard error, but not yet of crashes; and with those, too. */
PsWatcher *watch_aloud (void);
PsWatcher *watch_crashes (void);

/* Crashes by the signal: a real fault, or raise(). Does not return, or ends the child with 98. */
void crash_by_fault (int signum);
void crash_by_raise (int signum);

/* The address that a SIGSEGV by fault names. */
#define CRASH_ADDRESS 0x1230

/* Runs the function in a thread called "culprit", until it ends. */
void in_culprit (GThreadFunc func, gpointer data);

/* From now on these system calls fail with EPERM, or the kernel sends SIGSYS. Ends with -1. */
void deny_calls (const int *calls);
void trap_call (int call);

/* Makes stderr a pipe that is full and that nobody reads. */
void fill_stderr (void);

/* --- In the parent --------------------------------------------------------------------------- */

/* Leaves the case out where a handler cannot be interrupted; or where malloc() is another. TRUE:
 * left out. */
gboolean left_out_for_handlers (void);
gboolean left_out_for_jumps (void);
gboolean left_out_for_malloc (void);
gboolean left_out_for_cores (void);

/* The child dies of the signal, and has said on standard error that it crashed exactly so often. */
void expect_crash_at (const char *where, Proc *child, int signum, guint n_accounts);
#define expect_crash(child, signum, n_accounts)                                                    \
  expect_crash_at (G_STRLOC, child, signum, n_accounts)

/* The value of a field of the record taken last, with its line breaks. To be freed. */
char *record_text (Inbox *journal, const char *name);
