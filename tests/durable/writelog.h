/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a traced process does to the files of a stage, in order, and what a power cut may leave of
 * it. */

#include "play.h"
#include "stage.h"

typedef struct _WriteLog WriteLog;

WriteLog *write_log_new (const Stage *stage, const Script *script);
void write_log_free (WriteLog *self);

/* For a PlayPlan, with the log as its data. */
void write_log_take_call (const SweepCall *call, gint64 result, gpointer self);
void write_log_take_mark (int said, Tracer *tracer, gpointer self);

/* Power cuts are after 0, 1, … so many events. */
guint write_log_length (const WriteLog *self);

/* The last step that was done by then, + 1; and the last that had begun, + 1. */
guint write_log_steps_done (const WriteLog *self, guint n_events);
guint write_log_steps_begun (const WriteLog *self, guint n_events);

/* How many ways what was not synced by then can have come to the disk, or not. */
guint64 write_log_count_ways (const WriteLog *self, guint n_events);

/* Leaves the stage as that way would; returns what it is, in a text that is the same for what is
 * the same. To be freed. */
char *write_log_put (const WriteLog *self, guint n_events, guint64 way, Stage *stage);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WriteLog, write_log_free)
