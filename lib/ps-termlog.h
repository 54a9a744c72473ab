/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The termination log: one line that says why the process ended, in a file that somebody named.
 * Process-wide. */

int ps_termlog_open (const char *wanted);
void ps_termlog_close (void);
int ps_termlog_is_wanted (void);
void ps_termlog_begin (const char *cause);
void ps_termlog_add_trouble (const char *what);

/* Async-signal-safe. */
int ps_termlog_write (const char *outcome);
