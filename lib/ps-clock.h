/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Time: microseconds of CLOCK_MONOTONIC in an int64_t, called something_us. A point in time that
 * never comes is PS_NEVER_US. Sums saturate there instead of wrapping round. Async-signal-safe. */

#include <stdint.h>

#define PS_NEVER_US INT64_MAX
#define PS_US_PER_MS ((int64_t) 1000)
#define PS_US_PER_SEC ((int64_t) 1000000)

int64_t ps_clock_now_us (void);
int64_t ps_clock_last_tick_us (void);
int ps_clock_is_well_before (int64_t when_us);
int64_t ps_clock_add_us (int64_t a_us, int64_t b_us);
int64_t ps_clock_from_ms (unsigned ms);
