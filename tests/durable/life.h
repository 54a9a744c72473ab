/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A life of the subject, what settles it afterwards, and the life that comes next. */

#include "play.h"
#include "stage.h"

/* Instead of the library, the stand-in, with this flaw ("" for none). NULL: the library. */
void life_use_standin (const char *flaw);

/* The plan's arguments are put in by these; the rest of it is the caller's, and may be NULL. */
void life_play (const Stage *stage, const Script *script, const PlayPlan *plan, Play *result);
void life_settle (const Stage *stage, gboolean after_boot, const PlayPlan *plan, Play *result);

/* Begins the next life; its verdict on the one before, in a word, or "none". To be freed. */
char *life_next (const Stage *stage);

/* How many steps the subject said were done, and the will that they made. */
guint life_count_done (const Play *result, const Script *script, guint64 *will);
