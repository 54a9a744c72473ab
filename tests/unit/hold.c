/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Holds, who owns them, and the steps they belong to. See hold-deadlines.c for the time they have,
 * and hold-threads.c for releases from elsewhere. */

#include "hold-common.h"

static void
assert_step_through (HoldFixture *f, gint64 ended_us)
{
  PsStep *step = ps_hold_set_take_step (f->set);

  g_assert_nonnull (step);
  g_assert_cmpint (step->ended_us, ==, ended_us);
  ps_hold_set_free_step (f->set, step);
  g_assert_null (ps_hold_set_take_step (f->set));
}

static void
test_what_it_knows (HoldFixture *f, gconstpointer unused)
{
  char why[] = "writing 812 lines";
  PsHold *hold = hold_add (f, why, PS_NEVER_US);

  why[0] = 'X';
  g_assert_cmpstr (ps_hold_get_why (hold), ==, "writing 812 lines");
  g_assert_cmpint (ps_hold_get_since_us (hold), ==, fake_now_us);
  g_assert_true (ps_hold_is_active (hold));
  g_assert_cmpstr (ps_hold_get_step (hold)->name, ==, "flush_queue");
  g_assert_cmpint (ps_hold_get_step (hold)->event, ==, PS_EVENT_TERMINATE);
  g_assert_cmpuint (ps_hold_get_step (hold)->number, ==, 3);
  ps_hold_release (hold);
  hold_callback_returns (f);
}

static void
test_release (HoldFixture *f, gconstpointer unused)
{
  PsHold *a = hold_add (f, "a", PS_NEVER_US), *b = hold_add (f, "b", PS_NEVER_US);

  g_assert_cmpuint (ps_hold_set_count (f->set), ==, 2);
  ps_hold_release (a);
  g_assert_cmpuint (ps_hold_set_count (f->set), ==, 1);
  g_assert_cmpuint (hold_woken, ==, 1);
  ps_hold_release (b);
  g_assert_cmpuint (ps_hold_set_count (f->set), ==, 0);
  g_assert_cmpuint (hold_woken, ==, 2);
  ps_hold_release (NULL);
  g_assert_cmpuint (hold_woken, ==, 2);
  hold_callback_returns (f);
}

/* Two owners may both release it: it counts once, and is gone with the second. */
static void
test_released_by_two (HoldFixture *f, gconstpointer unused)
{
  PsHold *hold = hold_add (f, "a", PS_NEVER_US), *other = ps_hold_ref (hold);

  g_assert_true (other == hold);
  ps_hold_release (hold);
  g_assert_false (ps_hold_is_active (other));
  g_assert_cmpuint (ps_hold_set_count (f->set), ==, 0);
  ps_hold_release (other);
  g_assert_cmpuint (hold_woken, ==, 1);
  hold_callback_returns (f);
}

static void
test_last_unref_releases (HoldFixture *f, gconstpointer unused)
{
  PsHold *hold = hold_add (f, "a", PS_NEVER_US);

  ps_hold_ref (hold);
  ps_hold_unref (hold);
  g_assert_true (ps_hold_is_active (hold));
  g_assert_cmpuint (ps_hold_set_count (f->set), ==, 1);
  ps_hold_unref (hold);
  g_assert_cmpuint (ps_hold_set_count (f->set), ==, 0);
  g_assert_cmpuint (hold_woken, ==, 1);
  hold_callback_returns (f);
}

static void
test_scope (HoldFixture *f, gconstpointer unused)
{
  {
    g_autoptr (PsHold) hold = hold_add (f, "a", PS_NEVER_US);

    g_assert_true (ps_hold_is_active (hold));
  }
  g_assert_cmpuint (ps_hold_set_count (f->set), ==, 0);
  hold_callback_returns (f);
}

/* --- Steps ------------------------------------------------------------------------------------ */

static void
test_step_ends_with_its_callback (HoldFixture *f, gconstpointer unused)
{
  PsHold *hold = hold_add (f, "a", PS_NEVER_US);

  ps_hold_release (hold);
  g_assert_null (ps_hold_set_take_step (f->set));
  fake_now_us += MS (7);
  hold_callback_returns (f);
  assert_step_through (f, fake_now_us);
}

static void
test_step_ends_with_its_last_hold (HoldFixture *f, gconstpointer unused)
{
  PsHold *a = hold_add (f, "a", PS_NEVER_US), *b = hold_add (f, "b", fake_now_us + MS (10));

  hold_callback_returns (f);
  ps_hold_release (a);
  g_assert_null (ps_hold_set_take_step (f->set));
  fake_now_us += MS (10);
  assert_dropped (f, fake_now_us, "b");
  assert_step_through (f, fake_now_us);
  ps_hold_release (b);
  g_assert_null (ps_hold_set_take_step (f->set));
}

static void
test_steps_in_the_order_they_end (HoldFixture *f, gconstpointer unused)
{
  PsStep *second = ps_hold_set_begin_step (f->set, "second", PS_EVENT_FINISH, 4, fake_now_us);
  PsHold *a = hold_add (f, "a", PS_NEVER_US);
  PsHold *b = ps_hold_set_add (f->set, second, "b", fake_now_us, PS_NEVER_US);
  PsStep *step;

  hold_callback_returns (f);
  ps_hold_set_return_step (f->set, second);
  ps_hold_release (b);
  ps_hold_release (a);
  step = ps_hold_set_take_step (f->set);
  g_assert_cmpstr (step->name, ==, "second");
  g_assert_cmpint (step->event, ==, PS_EVENT_FINISH);
  ps_hold_set_free_step (f->set, step);
  step = ps_hold_set_take_step (f->set);
  g_assert_cmpstr (step->name, ==, "flush_queue");
  ps_hold_set_free_step (f->set, step);
  g_assert_null (ps_hold_set_take_step (f->set));
}

static void
test_steps_nobody_takes (HoldFixture *f, gconstpointer unused)
{
  ps_hold_release (hold_add (f, "a", PS_NEVER_US));
  hold_callback_returns (f);
  /* hold_tear_down frees the set, and what is through in it; a leak checker looks on. */
}

/* --- The end of a set ------------------------------------------------------------------------- */

static void
test_hold_outlives_its_set (HoldFixture *f, gconstpointer unused)
{
  PsHold *dropped = hold_add (f, "dropped", fake_now_us), *kept = hold_add (f, "kept", PS_NEVER_US);

  hold_callback_returns (f);
  assert_dropped (f, fake_now_us, "dropped");
  g_clear_pointer (&f->set, ps_hold_set_unref);
  g_assert_cmpstr (ps_hold_get_why (dropped), ==, "dropped");
  g_assert_false (ps_hold_is_active (dropped));
  g_assert_true (ps_hold_is_active (kept));
  ps_hold_release (dropped);
  ps_hold_release (kept);
  g_assert_cmpuint (hold_woken, ==, 1);
}

static void
test_boxed (HoldFixture *f, gconstpointer unused)
{
  PsHold *hold = hold_add (f, "a", PS_NEVER_US);
  PsHold *copy = g_boxed_copy (PS_TYPE_HOLD, hold);

  g_assert_cmpstr (g_type_name (PS_TYPE_HOLD), ==, "PsHold");
  g_assert_true (copy == hold);
  g_boxed_free (PS_TYPE_HOLD, copy);
  g_assert_true (ps_hold_is_active (hold));
  g_boxed_free (PS_TYPE_HOLD, hold);
  g_assert_cmpuint (ps_hold_set_count (f->set), ==, 0);
  hold_callback_returns (f);
}

static void
test_nothing (HoldFixture *f, gconstpointer unused)
{
  for (guint i = 0; i < 6; i++)
    g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*hold != NULL*");
  g_assert_null (ps_hold_ref (NULL));
  ps_hold_unref (NULL);
  ps_hold_set_deadline (NULL, 1);
  ps_hold_extend (NULL, 1);
  g_assert_false (ps_hold_is_active (NULL));
  g_assert_null (ps_hold_get_why (NULL));
  g_test_assert_expected_messages ();
  hold_callback_returns (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  hold_test ("/hold/what-it-knows", test_what_it_knows);
  hold_test ("/hold/release", test_release);
  hold_test ("/hold/released-by-two", test_released_by_two);
  hold_test ("/hold/last-unref-releases", test_last_unref_releases);
  hold_test ("/hold/scope", test_scope);
  hold_test ("/hold/step-ends-with-its-callback", test_step_ends_with_its_callback);
  hold_test ("/hold/step-ends-with-its-last-hold", test_step_ends_with_its_last_hold);
  hold_test ("/hold/steps-in-the-order-they-end", test_steps_in_the_order_they_end);
  hold_test ("/hold/steps-nobody-takes", test_steps_nobody_takes);
  hold_test ("/hold/hold-outlives-its-set", test_hold_outlives_its_set);
  hold_test ("/hold/boxed", test_boxed);
  hold_test ("/hold/nothing", test_nothing);
  return g_test_run ();
}
