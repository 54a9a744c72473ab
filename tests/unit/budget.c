/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* T06: what a deadline of nothing, of all the time there is and of nonsense comes to. */

#include "ps-budget.h"
#include "ps-clock.h"
#include "ps-error.h"

#define S(seconds) ((gint64) (seconds) *PS_US_PER_SEC)
#define NOW_US S (1000)

/* The loop's own end comes before the one by force, and that one not after the time given. */
static void
test_shares (void)
{
  static const struct
  {
    gint64 limit_us, reserve_us, grace_us;
  } cases[] = {
    { S (60), S (5), 25000 },
    { S (50), S (5), 25000 },
    { S (10), S (1), 25000 },
    { S (1), 100000, 25000 },
    { 300000, 30000, 15000 },
    { 20, 2, 1 },
    { 10, 1, 0 },
    { 9, 0, 0 },
    { 0, 0, 0 },
    { S (3600), S (5), 25000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 last_us = NOW_US + cases[i].limit_us;
      PsBudget budget;

      ps_budget_begin (&budget, NOW_US, cases[i].limit_us);
      g_assert_cmpint (ps_budget_get_last_us (&budget), ==, last_us);
      g_assert_cmpint (ps_budget_get_end_us (&budget, TRUE), ==, last_us - cases[i].grace_us);
      g_assert_cmpint (ps_budget_get_end_us (&budget, FALSE), ==, last_us - cases[i].reserve_us);
    }
}

static void
test_for_ever (void)
{
  PsBudget budget;

  ps_budget_begin (&budget, NOW_US, PS_NEVER_US);
  g_assert_cmpint (ps_budget_get_end_us (&budget, FALSE), ==, PS_NEVER_US);
  g_assert_cmpint (ps_budget_get_end_us (&budget, TRUE), ==, PS_NEVER_US);
  g_assert_cmpint (ps_budget_get_last_us (&budget), ==, PS_NEVER_US);
  g_assert_cmpint (ps_budget_get_timeout_us (&budget, NOW_US), ==, 0);
  g_assert_false (ps_budget_extend (&budget, NOW_US + S (10)));
  g_assert_false (ps_budget_extend (&budget, PS_NEVER_US));
  g_assert_cmpint (ps_budget_get_end_us (&budget, TRUE), ==, PS_NEVER_US);
}

/* The manager is asked for more than we need: its SIGKILL is not to come before our own end. */
static void
test_what_the_manager_is_told (void)
{
  PsBudget budget;

  ps_budget_begin (&budget, NOW_US, S (60));
  g_assert_cmpint (ps_budget_get_timeout_us (&budget, NOW_US), ==, S (75));
  g_assert_cmpint (ps_budget_get_timeout_us (&budget, NOW_US + S (59)), ==, S (16));
  g_assert_cmpint (ps_budget_get_timeout_us (&budget, NOW_US + S (60)), ==, S (15));
  g_assert_cmpint (ps_budget_get_timeout_us (&budget, NOW_US + S (600)), ==, S (15));
}

static void
test_extend (void)
{
  PsBudget budget;

  ps_budget_begin (&budget, NOW_US, S (60));
  g_assert_false (ps_budget_extend (&budget, NOW_US + S (20)));
  g_assert_false (ps_budget_extend (&budget, NOW_US + S (55)));
  g_assert_cmpint (ps_budget_get_last_us (&budget), ==, NOW_US + S (60));

  /* The finish callbacks keep their share: whoever extends, extends his own time. */
  g_assert_true (ps_budget_extend (&budget, NOW_US + S (55) + 1));
  g_assert_cmpint (ps_budget_get_end_us (&budget, FALSE), ==, NOW_US + S (55) + 1);
  g_assert_cmpint (ps_budget_get_last_us (&budget), ==, NOW_US + S (60) + 1);
  g_assert_cmpint (ps_budget_get_timeout_us (&budget, NOW_US), ==, S (75) + 1);
}

static void
test_saturates (void)
{
  PsBudget budget;

  ps_budget_begin (&budget, NOW_US, PS_NEVER_US - 1);
  g_assert_cmpint (ps_budget_get_end_us (&budget, FALSE), ==, PS_NEVER_US);
  g_assert_cmpint (ps_budget_get_timeout_us (&budget, NOW_US), ==, 0);

  ps_budget_begin (&budget, PS_NEVER_US - 1, S (60));
  g_assert_cmpint (ps_budget_get_end_us (&budget, TRUE), ==, PS_NEVER_US);

  ps_budget_begin (&budget, NOW_US, S (60));
  g_assert_true (ps_budget_extend (&budget, PS_NEVER_US));
  g_assert_cmpint (ps_budget_get_end_us (&budget, FALSE), ==, PS_NEVER_US);

  budget = (PsBudget){ .end_us = PS_NEVER_US - 1, .reserve_us = 0 };
  g_assert_cmpint (ps_budget_get_timeout_us (&budget, 0), ==, PS_NEVER_US);
}

/* Whatever comes in which order: the end only ever moves to a later time, the share stays. */
static void
test_random (void)
{
  PsBudget budget;
  gint64 end_us;

  for (guint i = 0; i < 2000; i++)
    {
      gint64 limit_us = g_test_rand_int_range (1, G_MAXINT32);

      ps_budget_begin (&budget, NOW_US, limit_us);
      end_us = ps_budget_get_last_us (&budget);
      for (guint j = 0; j < 10; j++)
        {
          gint64 until_us = NOW_US + 2 * (gint64) g_test_rand_int_range (0, G_MAXINT32);
          gboolean moved = ps_budget_extend (&budget, until_us);

          g_assert_cmpint (moved, ==, ps_budget_get_last_us (&budget) > end_us);
          g_assert_cmpint (ps_budget_get_last_us (&budget), >=, end_us);
          g_assert_cmpint (ps_budget_get_end_us (&budget, TRUE), >=, until_us);
          g_assert_cmpint (ps_budget_get_end_us (&budget, FALSE), >=, until_us);
          end_us = ps_budget_get_last_us (&budget);
          g_assert_cmpint (end_us - ps_budget_get_end_us (&budget, FALSE), ==,
                           MIN (limit_us / 10, S (5)));
        }
    }
}

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    gint64 limit_us;
  } cases[] = {
    { "60", S (60) },
    { "2.5", 2500000 },
    { " 7 \n", S (7) },
    { "1e2", S (100) },
    { "0.000001", 1 },
    { "0.0000001", 1 }, /* some time, though too little to be told: not "for ever" */
    { "infinity", PS_NEVER_US },
    { "\tinfinity ", PS_NEVER_US },
    { "0", PS_NEVER_US },
    { "-0", PS_NEVER_US },
    { "0.0", PS_NEVER_US },
    { "9000000000000", G_GINT64_CONSTANT (9000000000000000000) },
    { "9223372036855", PS_NEVER_US },
    { "18446744073709551615", PS_NEVER_US },
    { "1e300", PS_NEVER_US },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 limit_us = -1;

      g_test_message ("“%s”", cases[i].text);
      g_assert_true (ps_budget_parse (cases[i].text, &limit_us, &error));
      g_assert_no_error (error);
      g_assert_cmpint (limit_us, ==, cases[i].limit_us);
    }
}

static void
test_parse_nonsense (void)
{
  static const struct
  {
    const char *text, *shown;
  } cases[] = {
    { "", "" },           { "  ", "" },       { "60s", "60s" },           { " 1 min", "1 min" },
    { "-1", "-1" },       { "1,5", "1,5" },   { "5 6", "5 6" },           { "soon", "soon" },
    { "nan", "nan" },     { "inf", "inf" },   { "Infinity", "Infinity" }, { "1e999", "1e999" },
    { "-1e-9", "-1e-9" }, { "60%n", "60%n" }, { "--5", "--5" },           { ".", "." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *message = g_strdup_printf (
          "“%s” is not a number of seconds, such as 60 or 2.5, or “infinity”", cases[i].shown);
      gint64 limit_us = 4711;

      g_assert_false (ps_budget_parse (cases[i].text, &limit_us, &error));
      g_assert_error (error, PS_ERROR, PS_ERROR_INVALID);
      g_assert_cmpstr (error->message, ==, message);
      g_assert_cmpint (limit_us, ==, 4711);
    }
}

static void
test_default (void)
{
  g_assert_cmpint (PS_BUDGET_DEFAULT_US, ==, S (60));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/budget/shares", test_shares);
  g_test_add_func ("/budget/for-ever", test_for_ever);
  g_test_add_func ("/budget/what-the-manager-is-told", test_what_the_manager_is_told);
  g_test_add_func ("/budget/extend", test_extend);
  g_test_add_func ("/budget/saturates", test_saturates);
  g_test_add_func ("/budget/random", test_random);
  g_test_add_func ("/budget/parse", test_parse);
  g_test_add_func ("/budget/parse-nonsense", test_parse_nonsense);
  g_test_add_func ("/budget/default", test_default);
  return g_test_run ();
}
