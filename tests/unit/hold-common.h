/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A set of holds with one step, and the clock that the test moves. */

#include "ps-hold-private.h"
#include "ps-clock.h"

#include "fake-clock.h"

#define MS(ms) ((gint64) (ms) *PS_US_PER_MS)

typedef struct
{
  PsHoldSet *set;
  PsStep *step; /* NULL once its callback has returned */
} HoldFixture;

extern guint hold_woken; /* how often the set has woken its watcher */

void hold_set_up (HoldFixture *f, gconstpointer unused);
void hold_tear_down (HoldFixture *f, gconstpointer unused);
PsHold *hold_add (HoldFixture *f, const char *why, gint64 deadline_us);
void hold_callback_returns (HoldFixture *f);
void assert_dropped (HoldFixture *f, gint64 now_us, const char *why);

#define hold_test(path, func)                                                                      \
  g_test_add (path, HoldFixture, NULL, hold_set_up, func, hold_tear_down)
