/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Finds out what can be known of a crash. Process-wide. */

#include "ps-crash-types.h"

/* floor 1 */
#include "ps-crash-text.h"

void ps_crash_facts_prepare (const void *libc_message, const void *glib_message);
void ps_crash_facts_remember (const char *message, size_t length, int is_fatal);

/* Async-signal-safe. */
void ps_crash_facts_find (int signum, const siginfo_t *info, void *ucontext);
void ps_crash_facts_unwind (void);
void ps_crash_facts_get (const PsCrash **crash, PsCrashNotes *notes);
