/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The holds of one phase. Thread-safe. */

#include "ps-hold.h"

typedef struct _PsHoldSet PsHoldSet;

typedef void (*PsHoldFunc) (GSource *source);

/* One callback that took holds. It is through when it has returned and the last of them is gone. */
typedef struct
{
  const char *name;
  PsEvent event;
  guint number;
  gint64 begun_us;
  gint64 ended_us;

  /*< private >*/
  guint outstanding; /* its holds, and the callback itself */
  guint refs;
  GList link; /* among those that are through */
} PsStep;

PsHoldSet *ps_hold_set_new (PsHoldFunc wake, GSource *source);
void ps_hold_set_unref (PsHoldSet *set);

PsStep *ps_hold_set_begin_step (PsHoldSet *set, const char *name, PsEvent event, guint number,
                                gint64 begun_us);
void ps_hold_set_return_step (PsHoldSet *set, PsStep *step);
PsStep *ps_hold_set_take_step (PsHoldSet *set);
void ps_hold_set_free_step (PsHoldSet *set, PsStep *step);

PsHold *ps_hold_set_add (PsHoldSet *set, PsStep *step, const char *why, gint64 now_us,
                         gint64 deadline_us);
gboolean ps_hold_set_is_at_rest (PsHoldSet *set);
guint ps_hold_set_count (PsHoldSet *set);
gboolean ps_hold_set_is_idle (PsHoldSet *set);
gint64 ps_hold_set_get_deadline_us (PsHoldSet *set);
gint64 ps_hold_set_take_extension_us (PsHoldSet *set);
PsHold *ps_hold_set_peek (PsHoldSet *set);
PsHold *ps_hold_set_drop (PsHoldSet *set, gint64 now_us);

void ps_hold_put (PsHold *hold);
const PsStep *ps_hold_get_step (PsHold *hold);
gint64 ps_hold_get_since_us (PsHold *hold);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsHoldSet, ps_hold_set_unref)
