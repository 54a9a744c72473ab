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

/* The cheap clock is a little behind, and says that something is to come only when it is. */
static void
test_ticks (void)
{
  gint64 tick_us = ps_clock_last_tick_us (), now_us = ps_clock_now_us ();

  g_assert_cmpint (tick_us, <=, now_us);
  g_assert_cmpint (tick_us, >, now_us - 60 * (gint64) G_USEC_PER_SEC);
  g_assert_true (ps_clock_is_well_before (PS_NEVER_US));
  g_assert_true (ps_clock_is_well_before (now_us + 3600 * (gint64) G_USEC_PER_SEC));
  g_assert_false (ps_clock_is_well_before (now_us));
  g_assert_false (ps_clock_is_well_before (0));
  for (guint i = 0; i < 100000; i++)
    {
      gint64 soon_us = ps_clock_now_us () + i % 30000;

      if (ps_clock_is_well_before (soon_us))
        g_assert_cmpint (tick_us, <=, soon_us);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clock/sums-saturate", test_sums_saturate);
  g_test_add_func ("/clock/milliseconds", test_milliseconds);
  g_test_add_func ("/clock/is-monotonic", test_is_monotonic);
  g_test_add_func ("/clock/ticks", test_ticks);
  return g_test_run ();
}
