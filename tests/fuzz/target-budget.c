/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PS_DEADLINE_SEC as an administrator may write it, and the sums that are made of it. */

#include "target.h"

#include "ps-budget.h"
#include "ps-clock.h"
#include "ps-error.h"

static gint64
positive (gint64 value)
{
  return value == G_MININT64 ? 0 : ABS (value);
}

static void
share_out (gint64 now_us, gint64 limit_us, gint64 until_us)
{
  PsBudget budget;
  gint64 end_us, last_us;

  ps_budget_begin (&budget, now_us, limit_us);
  end_us = ps_budget_get_end_us (&budget, TRUE);
  last_us = ps_budget_get_last_us (&budget);
  g_assert_cmpint (end_us, >=, now_us);
  g_assert_cmpint (ps_budget_get_end_us (&budget, FALSE), >=, now_us);
  g_assert_cmpint (ps_budget_get_end_us (&budget, FALSE), <=, end_us);
  g_assert_cmpint (last_us, >=, end_us);
  g_assert_cmpint (ps_budget_get_timeout_us (&budget, now_us), >=, 0);

  if (ps_budget_extend (&budget, until_us))
    g_assert_cmpint (ps_budget_get_end_us (&budget, TRUE), >, end_us);
  else
    g_assert_cmpint (ps_budget_get_end_us (&budget, TRUE), ==, end_us);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n)
{
  Feed feed = { bytes, n };
  g_autofree char *text = feed_text (&feed, 4096);
  g_autoptr (GError) error = NULL;
  gint64 limit_us = -1, now_us;

  if (ps_budget_parse (text, &limit_us, &error))
    {
      g_assert_no_error (error);
      g_assert_cmpint (limit_us, >, 0);
      now_us = positive (feed_int64 (&feed));
      share_out (now_us, limit_us, positive (feed_int64 (&feed)));
    }
  else
    {
      g_assert_error (error, PS_ERROR, PS_ERROR_INVALID);
      g_assert_cmpint (limit_us, ==, -1);
    }
  return 0;
}
