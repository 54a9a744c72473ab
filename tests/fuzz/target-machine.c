/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Signals at any times, and whatever follows from them, in any order. */

#include "target.h"

#include "ps-machine.h"

#define DEBOUNCE_US 200000

/* How far on the way to the end. */
static int
rank (PsState state)
{
  return state < PS_STATE_TERMINATING ? 0 : (int) state;
}

static void
walk (Feed *feed)
{
  PsState state = PS_STATE_RUNNING;

  for (guint8 byte = feed_byte (feed); byte != 0xff && feed->n > 0; byte = feed_byte (feed))
    {
      PsTransition to = ps_machine_next (state, byte % PS_N_INPUTS);

      g_assert_cmpint (to.action, >, PS_ACTION_UNSET);
      g_assert_cmpint (to.action, <=, PS_ACTION_FORGET);
      g_assert_cmpint (to.next, <, PS_N_STATES);
      g_assert_cmpint (rank (to.next), >=, rank (state));
      g_assert_nonnull (ps_machine_state_name (to.next));
      g_assert_nonnull (ps_machine_action_name (to.action));
      state = to.next;
    }
}

static void
press (Feed *feed)
{
  static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
  PsPressure pressure = { .count = 0 };
  PsEscalation escalation = feed_byte (feed) % 3;
  gint64 now_us = feed_int64 (feed) & G_MAXINT32;

  while (feed->n > 0)
    {
      int signum = signals[feed_byte (feed) % 4];
      PsPressure before = pressure;
      PsPress what;

      now_us += feed_byte (feed) * (gint64) 2000;
      what = ps_machine_press (&pressure, escalation, signum, now_us);
      g_assert_cmpuint (pressure.count - before.count, <=, 1);
      if (pressure.count == before.count)
        g_assert_cmpint (what, ==, PS_PRESS_ASKS);
      else if (before.count > 0)
        {
          g_assert_cmpint (what, ==, before.count == 1 ? PS_PRESS_HURRIES : PS_PRESS_FORCES);
          g_assert_cmpint (now_us - before.last_us, >=, DEBOUNCE_US);
          g_assert_true (escalation == PS_ESCALATION_ANY || signum == SIGINT || signum == SIGQUIT);
          g_assert_cmpint (escalation, !=, PS_ESCALATION_NONE);
        }
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n)
{
  Feed feed = { bytes, n };

  walk (&feed);
  press (&feed);
  return 0;
}
