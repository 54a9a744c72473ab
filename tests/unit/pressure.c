/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What repeated signals amount to: for each escalation, and at the edges of the debounce time. */

#include "ps-machine.h"
#include "ps-clock.h"

#define MS(ms) ((gint64) (ms) *PS_US_PER_MS)
#define BOOT_US G_GINT64_CONSTANT (86400000000)

typedef struct
{
  int signum;
  gint64 at_us; /* after the first */
  PsPress is;
} Press;

static void
press_all_from (gint64 base_us, PsEscalation escalation, const Press *presses, gsize n)
{
  PsPressure pressure = { .count = 0 };

  for (gsize i = 0; i < n; i++)
    {
      PsPress is =
          ps_machine_press (&pressure, escalation, presses[i].signum, base_us + presses[i].at_us);

      g_test_message ("press %" G_GSIZE_FORMAT, i);
      g_assert_cmpint (is, ==, presses[i].is);
    }
}

#define press_all(escalation, ...)                                                                 \
  G_STMT_START                                                                                     \
  {                                                                                                \
    const Press presses_[] = { __VA_ARGS__ };                                                      \
    press_all_from (BOOT_US, escalation, presses_, G_N_ELEMENTS (presses_));                       \
    press_all_from (0, escalation, presses_, G_N_ELEMENTS (presses_));                             \
  }                                                                                                \
  G_STMT_END

static void
test_three_by_hand (void)
{
  press_all (PS_ESCALATION_INTERACTIVE, { SIGINT, 0, PS_PRESS_ASKS },
             { SIGINT, MS (300), PS_PRESS_HURRIES }, { SIGINT, MS (600), PS_PRESS_FORCES },
             { SIGINT, MS (900), PS_PRESS_FORCES });
  press_all (PS_ESCALATION_INTERACTIVE, { SIGQUIT, 0, PS_PRESS_ASKS },
             { SIGINT, MS (300), PS_PRESS_HURRIES }, { SIGQUIT, MS (600), PS_PRESS_FORCES });
}

/* A service manager's SIGTERM is the first wish; what it repeats is none. */
static void
test_managers_repeat_themselves (void)
{
  press_all (PS_ESCALATION_INTERACTIVE, { SIGTERM, 0, PS_PRESS_ASKS },
             { SIGTERM, MS (300), PS_PRESS_ASKS }, { SIGHUP, MS (600), PS_PRESS_ASKS },
             { SIGTERM, MS (60000), PS_PRESS_ASKS }, { SIGINT, MS (60001), PS_PRESS_HURRIES },
             { SIGTERM, MS (70000), PS_PRESS_ASKS }, { SIGINT, MS (70001), PS_PRESS_FORCES });
}

static void
test_any (void)
{
  press_all (PS_ESCALATION_ANY, { SIGTERM, 0, PS_PRESS_ASKS },
             { SIGHUP, MS (300), PS_PRESS_HURRIES }, { SIGTERM, MS (600), PS_PRESS_FORCES });
  press_all (PS_ESCALATION_ANY, { SIGINT, 0, PS_PRESS_ASKS }, { SIGUSR1, MS (199), PS_PRESS_ASKS },
             { SIGUSR1, MS (200), PS_PRESS_HURRIES });
}

static void
test_none (void)
{
  press_all (PS_ESCALATION_NONE, { SIGINT, 0, PS_PRESS_ASKS }, { SIGINT, MS (1000), PS_PRESS_ASKS },
             { SIGQUIT, MS (2000), PS_PRESS_ASKS }, { SIGTERM, MS (3000), PS_PRESS_ASKS });
}

static void
test_debounce (void)
{
  press_all (PS_ESCALATION_INTERACTIVE, { SIGINT, 0, PS_PRESS_ASKS }, { SIGINT, 0, PS_PRESS_ASKS },
             { SIGINT, MS (199), PS_PRESS_ASKS }, { SIGINT, MS (200) - 1, PS_PRESS_ASKS },
             { SIGINT, MS (200), PS_PRESS_HURRIES }, { SIGINT, MS (399), PS_PRESS_ASKS },
             { SIGINT, MS (400) - 1, PS_PRESS_ASKS }, { SIGINT, MS (400), PS_PRESS_FORCES });
}

/* Measured from the last that counted: a key held down is not one wish for ever. */
static void
test_debounce_does_not_slide (void)
{
  press_all (PS_ESCALATION_INTERACTIVE, { SIGINT, 0, PS_PRESS_ASKS },
             { SIGINT, MS (80), PS_PRESS_ASKS }, { SIGINT, MS (160), PS_PRESS_ASKS },
             { SIGINT, MS (240), PS_PRESS_HURRIES }, { SIGINT, MS (320), PS_PRESS_ASKS },
             { SIGINT, MS (400), PS_PRESS_ASKS }, { SIGINT, MS (480), PS_PRESS_FORCES });
}

/* A storm is one wish, and the count does not run over. */
static void
test_storm (void)
{
  PsPressure pressure = { .count = 0 };

  for (guint i = 0; i < 100000; i++)
    g_assert_cmpint (ps_machine_press (&pressure, PS_ESCALATION_ANY, SIGTERM, BOOT_US + i % 200000),
                     ==, PS_PRESS_ASKS);
  g_assert_cmpuint (pressure.count, ==, 1);
}

/* Of the next exit one that came later than what was looked at is the first. */
static void
test_relax (void)
{
  PsPressure pressure = { .count = 0 };
  gint64 first_us = BOOT_US, second_us = first_us + MS (300), third_us = second_us + MS (300);

  ps_machine_relax (&pressure, first_us);
  g_assert_cmpuint (pressure.count, ==, 0);
  ps_machine_press (&pressure, PS_ESCALATION_INTERACTIVE, SIGINT, first_us);
  ps_machine_relax (&pressure, first_us);
  g_assert_cmpuint (pressure.count, ==, 0);

  ps_machine_press (&pressure, PS_ESCALATION_INTERACTIVE, SIGINT, first_us);
  ps_machine_press (&pressure, PS_ESCALATION_INTERACTIVE, SIGINT, second_us);
  ps_machine_relax (&pressure, first_us);
  g_assert_cmpint (ps_machine_press (&pressure, PS_ESCALATION_INTERACTIVE, SIGINT, third_us), ==,
                   PS_PRESS_HURRIES);
  ps_machine_relax (&pressure, PS_NEVER_US);
  g_assert_cmpuint (pressure.count, ==, 0);

  /* One that did not count, since it came too soon. */
  ps_machine_press (&pressure, PS_ESCALATION_INTERACTIVE, SIGINT, first_us);
  ps_machine_press (&pressure, PS_ESCALATION_INTERACTIVE, SIGINT, first_us + MS (10));
  ps_machine_relax (&pressure, first_us);
  g_assert_cmpint (
      ps_machine_press (&pressure, PS_ESCALATION_INTERACTIVE, SIGINT, first_us + MS (209)), ==,
      PS_PRESS_ASKS);
  g_assert_cmpint (
      ps_machine_press (&pressure, PS_ESCALATION_INTERACTIVE, SIGINT, first_us + MS (210)), ==,
      PS_PRESS_HURRIES);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pressure/three-by-hand", test_three_by_hand);
  g_test_add_func ("/pressure/managers-repeat-themselves", test_managers_repeat_themselves);
  g_test_add_func ("/pressure/any", test_any);
  g_test_add_func ("/pressure/none", test_none);
  g_test_add_func ("/pressure/debounce", test_debounce);
  g_test_add_func ("/pressure/debounce-does-not-slide", test_debounce_does_not_slide);
  g_test_add_func ("/pressure/storm", test_storm);
  g_test_add_func ("/pressure/relax", test_relax);
  return g_test_run ();
}
