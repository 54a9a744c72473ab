/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hold-common.h"

static GSourceFuncs no_funcs = { NULL };
static GSource *source; /* what is woken */
guint hold_woken;

static void
wake (GSource *which)
{
  g_assert_true (which == source);
  hold_woken++;
}

void
hold_set_up (HoldFixture *f, gconstpointer unused)
{
  source = g_source_new (&no_funcs, sizeof (GSource));
  hold_woken = 0;
  f->set = ps_hold_set_new (wake, source);
  f->step = ps_hold_set_begin_step (f->set, "flush_queue", PS_EVENT_TERMINATE, 3, fake_now_us);
}

void
hold_tear_down (HoldFixture *f, gconstpointer unused)
{
  g_clear_pointer (&f->set, ps_hold_set_unref);
  g_clear_pointer (&source, g_source_unref);
}

PsHold *
hold_add (HoldFixture *f, const char *why, gint64 deadline_us)
{
  return ps_hold_set_add (f->set, f->step, why, fake_now_us, deadline_us);
}

void
hold_callback_returns (HoldFixture *f)
{
  ps_hold_set_return_step (f->set, g_steal_pointer (&f->step));
}

void
assert_dropped (HoldFixture *f, gint64 now_us, const char *why)
{
  PsHold *hold = ps_hold_set_drop (f->set, now_us);

  g_assert_nonnull (hold);
  g_assert_cmpstr (ps_hold_get_why (hold), ==, why);
  g_assert_false (ps_hold_is_active (hold));
  ps_hold_put (hold);
}
