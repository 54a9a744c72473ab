/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The time that holds have: who is given up on when, and who may ask for more. */

#include "hold-common.h"

static void
test_order_of_deadlines (HoldFixture *f, gconstpointer unused)
{
  gint64 base_us = fake_now_us;
  PsHold *never = hold_add (f, "never", PS_NEVER_US);
  PsHold *second = hold_add (f, "second", base_us + MS (20));
  PsHold *first = hold_add (f, "first", base_us + MS (10));
  PsHold *also_second = hold_add (f, "also second", base_us + MS (20));

  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, base_us + MS (10));
  g_assert_null (ps_hold_set_drop (f->set, base_us + MS (10) - 1));
  assert_dropped (f, base_us + MS (10), "first");
  g_assert_null (ps_hold_set_drop (f->set, base_us + MS (10)));
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, base_us + MS (20));
  /* Of the same time the one that was taken first. */
  assert_dropped (f, base_us + MS (20), "second");
  assert_dropped (f, base_us + MS (20), "also second");
  g_assert_null (ps_hold_set_drop (f->set, PS_NEVER_US - 1));
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, PS_NEVER_US);
  assert_dropped (f, PS_NEVER_US, "never");
  g_assert_null (ps_hold_set_drop (f->set, PS_NEVER_US));
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, PS_NEVER_US);

  /* Giving up is the watcher's own doing, which need not be told. */
  g_assert_cmpuint (hold_woken, ==, 0);
  ps_hold_release (never);
  ps_hold_release (first);
  ps_hold_release (second);
  ps_hold_release (also_second);
  g_assert_cmpuint (hold_woken, ==, 0);
  hold_callback_returns (f);
}

/* In any order, with many, and some of them leaving from the middle. */
static void
test_order_of_many (HoldFixture *f, gconstpointer unused)
{
  enum
  {
    N = 500
  };
  PsHold *holds[N];
  gint64 last_us = 0;
  guint left = N;

  for (guint i = 0; i < N; i++)
    holds[i] = hold_add (f, "one of many", fake_now_us + g_test_rand_int_range (0, 100));
  for (guint i = 0; i < N; i += 3, left--)
    ps_hold_release (g_steal_pointer (&holds[i]));
  g_assert_cmpuint (ps_hold_set_count (f->set), ==, left);
  for (; left > 0; left--)
    {
      gint64 next_us = ps_hold_set_get_deadline_us (f->set);

      g_assert_cmpint (next_us, >=, last_us);
      last_us = next_us;
      assert_dropped (f, next_us, "one of many");
    }
  g_assert_cmpuint (ps_hold_set_count (f->set), ==, 0);
  for (guint i = 0; i < N; i++)
    ps_hold_release (holds[i]);
  hold_callback_returns (f);
}

static void
test_set_deadline (HoldFixture *f, gconstpointer unused)
{
  PsHold *hold = hold_add (f, "a", fake_now_us + MS (1000));
  PsHold *other = hold_add (f, "b", fake_now_us + MS (50));

  ps_hold_set_deadline (hold, 20);
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, fake_now_us + MS (20));
  g_assert_cmpuint (hold_woken, ==, 1);
  fake_now_us += MS (5);
  ps_hold_set_deadline (hold, 100); /* also to a later time */
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, fake_now_us + MS (45));
  ps_hold_set_deadline (other, 0);
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, fake_now_us + MS (100));
  ps_hold_set_deadline (hold, 0);
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, PS_NEVER_US);
  ps_hold_set_deadline (hold, G_MAXUINT);
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, fake_now_us + MS (G_MAXUINT));
  g_assert_cmpuint (hold_woken, ==, 5);

  /* The exit as a whole is not asked to wait for longer. */
  g_assert_cmpint (ps_hold_set_take_extension_us (f->set), ==, 0);
  ps_hold_release (hold);
  ps_hold_release (other);
  hold_callback_returns (f);
}

static void
test_extend (HoldFixture *f, gconstpointer unused)
{
  gint64 base_us = fake_now_us;
  PsHold *hold = hold_add (f, "a", base_us + MS (100));

  ps_hold_extend (hold, 200);
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, base_us + MS (200));
  g_assert_cmpuint (hold_woken, ==, 1);
  /* Only ever to a later time. */
  ps_hold_extend (hold, 50);
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, base_us + MS (200));
  g_assert_cmpint (ps_hold_set_take_extension_us (f->set), ==, base_us + MS (200));
  g_assert_cmpint (ps_hold_set_take_extension_us (f->set), ==, 0);

  fake_now_us += MS (150);
  ps_hold_extend (hold, 10);
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, base_us + MS (200));
  ps_hold_extend (hold, 100);
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, base_us + MS (250));
  g_assert_cmpint (ps_hold_set_take_extension_us (f->set), ==, base_us + MS (250));
  ps_hold_release (hold);
  hold_callback_returns (f);
}

static void
test_extend_one_without_deadline (HoldFixture *f, gconstpointer unused)
{
  PsHold *hold = hold_add (f, "a", PS_NEVER_US);

  ps_hold_extend (hold, 100);
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, PS_NEVER_US);
  g_assert_cmpint (ps_hold_set_take_extension_us (f->set), ==, fake_now_us + MS (100));
  ps_hold_release (hold);
  hold_callback_returns (f);
}

/* Once it was given up on, its worker cannot move anything any more. */
static void
test_too_late (HoldFixture *f, gconstpointer unused)
{
  PsHold *hold = hold_add (f, "a", fake_now_us), *other = hold_add (f, "b", fake_now_us + MS (10));

  assert_dropped (f, fake_now_us, "a");
  ps_hold_extend (hold, 1000);
  ps_hold_set_deadline (hold, 5);
  g_assert_cmpint (ps_hold_set_get_deadline_us (f->set), ==, fake_now_us + MS (10));
  g_assert_cmpint (ps_hold_set_take_extension_us (f->set), ==, 0);
  g_assert_cmpuint (hold_woken, ==, 0);
  g_assert_cmpstr (ps_hold_get_why (hold), ==, "a");
  ps_hold_release (hold);
  ps_hold_release (other);
  hold_callback_returns (f);
}

static void
test_peek (HoldFixture *f, gconstpointer unused)
{
  PsHold *hold, *late, *seen;

  g_assert_null (ps_hold_set_peek (f->set));
  late = hold_add (f, "late", PS_NEVER_US);
  hold = hold_add (f, "soon", fake_now_us + MS (10));
  seen = ps_hold_set_peek (f->set);
  g_assert_true (seen == hold);
  ps_hold_release (hold);
  g_assert_cmpstr (ps_hold_get_why (seen), ==, "soon"); /* its memory is kept, not the hold */
  g_assert_cmpuint (ps_hold_set_count (f->set), ==, 1);
  ps_hold_put (seen);
  ps_hold_release (late);
  hold_callback_returns (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  hold_test ("/hold-deadlines/order-of-deadlines", test_order_of_deadlines);
  hold_test ("/hold-deadlines/order-of-many", test_order_of_many);
  hold_test ("/hold-deadlines/set-deadline", test_set_deadline);
  hold_test ("/hold-deadlines/extend", test_extend);
  hold_test ("/hold-deadlines/extend-one-without-deadline", test_extend_one_without_deadline);
  hold_test ("/hold-deadlines/too-late", test_too_late);
  hold_test ("/hold-deadlines/peek", test_peek);
  return g_test_run ();
}
