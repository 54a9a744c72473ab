/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Time: microseconds of CLOCK_MONOTONIC in a gint64, called something_us. A point in time that
 * never comes is PS_NEVER_US. Sums saturate there instead of wrapping round. */

#include <glib.h>

#define PS_NEVER_US G_MAXINT64
#define PS_US_PER_MS ((gint64) 1000)
#define PS_US_PER_SEC ((gint64) 1000000)

gint64 ps_clock_now_us (void);
gint64 ps_clock_add_us (gint64 a_us, gint64 b_us);
gint64 ps_clock_from_ms (guint ms);
