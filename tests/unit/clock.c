/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-clock.h"

#include <glib.h>

static void
test_sums_saturate (void)
{
  g_assert_cmpint (ps_clock_add_us (2, 3), ==, 5);
  g_assert_cmpint (ps_clock_add_us (0, 0), ==, 0);
  g_assert_cmpint (ps_clock_add_us (PS_NEVER_US, 0), ==, PS_NEVER_US);
  g_assert_cmpint (ps_clock_add_us (0, PS_NEVER_US), ==, PS_NEVER_US);
  g_assert_cmpint (ps_clock_add_us (PS_NEVER_US, 1), ==, PS_NEVER_US);
  g_assert_cmpint (ps_clock_add_us (PS_NEVER_US, PS_NEVER_US), ==, PS_NEVER_US);
  g_assert_cmpint (ps_clock_add_us (PS_NEVER_US - 1, 1), ==, PS_NEVER_US);
  g_assert_cmpint (ps_clock_add_us (PS_NEVER_US - 2, 1), ==, PS_NEVER_US - 1);
}

/* G_MAXUINT milliseconds are 49 days, and no 32-bit number of microseconds. */
static void
test_milliseconds (void)
{
  g_assert_cmpint (ps_clock_from_ms (0), ==, 0);
  g_assert_cmpint (ps_clock_from_ms (1), ==, 1000);
  g_assert_cmpint (ps_clock_from_ms (G_MAXUINT), ==, G_GINT64_CONSTANT (4294967295000));
}

/* Durations are differences of this clock: setting the machine's time must not show in it. */
static void
test_is_monotonic (void)
{
  gint64 before_us = g_get_monotonic_time ();
  gint64 now_us = ps_clock_now_us ();

  g_assert_cmpint (now_us, >=, before_us);
  g_assert_cmpint (ps_clock_now_us (), >=, now_us);
  g_assert_cmpint (g_get_monotonic_time (), >=, now_us);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clock/sums-saturate", test_sums_saturate);
  g_test_add_func ("/clock/milliseconds", test_milliseconds);
  g_test_add_func ("/clock/is-monotonic", test_is_monotonic);
  return g_test_run ();
}
