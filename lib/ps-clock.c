/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-clock.h"

#include <time.h>

/* As g_get_monotonic_time(), but that it may be called in a signal handler. */
int64_t
ps_clock_now_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * PS_US_PER_SEC + now.tv_nsec / 1000;
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
