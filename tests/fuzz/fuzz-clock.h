/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A clock that stands still until it is moved, for a whole process: the library, GLib and their
 * signal handlers read it where they ask for CLOCK_MONOTONIC. So a deadline passes when a sequence
 * says so, and on the busiest machine not a moment earlier. It begins an hour ahead, by which the
 * kernel's own timers are never due.
 */

#include <stdint.h>

void fuzz_clock_stop (void);
void fuzz_clock_advance_us (int64_t us);

/* Since it was stopped. Async-signal-safe. */
int64_t fuzz_clock_us (void);
