/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-clock.h"

gint64
ps_clock_now_us (void)
{
  return g_get_monotonic_time ();
}

/* For two times that are not negative: the sum, or never. */
gint64
ps_clock_add_us (gint64 a_us, gint64 b_us)
{
  return a_us > PS_NEVER_US - b_us ? PS_NEVER_US : a_us + b_us;
}

gint64
ps_clock_from_ms (guint ms)
{
  return ms * PS_US_PER_MS;
}
