/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-clock.h"

#include <time.h>

/* Two ticks, where they are slowest. */
#define TICKS_US (20 * PS_US_PER_MS)

/* As g_get_monotonic_time(), but that it may be called in a signal handler. */
int64_t
ps_clock_now_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * PS_US_PER_SEC + now.tv_nsec / 1000;
}

/* When the kernel last looked at its clock: a few milliseconds ago at most, and never later than
 * now. A fifth of the cost. */
int64_t
ps_clock_last_tick_us (void)
{
  struct timespec tick;

  clock_gettime (CLOCK_MONOTONIC_COARSE, &tick);
  return tick.tv_sec * PS_US_PER_SEC + tick.tv_nsec / 1000;
}

/* Whether it is surely not as late as that yet; somewhat before, that is not said any more. */
int
ps_clock_is_well_before (int64_t when_us)
{
  return ps_clock_last_tick_us () < when_us - TICKS_US;
}

/* For two times that are not negative: the sum, or never. */
int64_t
ps_clock_add_us (int64_t a_us, int64_t b_us)
{
  return a_us > PS_NEVER_US - b_us ? PS_NEVER_US : a_us + b_us;
}

int64_t
ps_clock_from_ms (unsigned ms)
{
  return ms * PS_US_PER_MS;
}
