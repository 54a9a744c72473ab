/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The time an exit may take, and how it is shared out. Pure: the clock is an argument. */

#include "ps-types.h"

#define PS_BUDGET_DEFAULT_US (60 * G_USEC_PER_SEC)

typedef struct
{
  gint64 end_us;     /* when everything must be over; PS_NEVER_US: there is no such time */
  gint64 reserve_us; /* the part at the end that is kept for the finish callbacks */
  gint64 grace_us;   /* the last part of that: the loop's, to come to an end of its own */
} PsBudget;

void ps_budget_begin (PsBudget *budget, gint64 now_us, gint64 limit_us);
gint64 ps_budget_get_end_us (const PsBudget *budget, gboolean finishing);
gint64 ps_budget_get_last_us (const PsBudget *budget);
gboolean ps_budget_extend (PsBudget *budget, gint64 until_us);
gint64 ps_budget_get_timeout_us (const PsBudget *budget, gint64 now_us);

gboolean ps_budget_parse (const char *text, gint64 *limit_us, GError **error);
