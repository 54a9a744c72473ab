/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Texts on their way to people. Pure. */

#include <glib.h>

gboolean ps_clean_is_harmless (gunichar c);

/* Appends the text as one line in which nothing moves the cursor, ends the line, or turns the
 * reading direction: such characters and invalid bytes are written out, \x1b or \u202e. */
void ps_clean_append (GString *to, const char *text);
char *ps_clean (const char *text);

/* How much of a text of that length, in bytes and not yet clean, may stand in max bytes without
 * cutting a character. */
gsize ps_clean_fit (const char *text, gsize length, gsize max);

/* How many columns of a terminal it takes; of clean text. */
gsize ps_clean_width (const char *clean);

/* Cut to so many columns, with "…" where something is missing. */
char *ps_clean_cut (const char *clean, gsize columns);

/* "2 h 5 min"; "-" when it is not known. */
char *ps_clean_duration (gint64 duration_us);

/* "2026-11-28 12:00:00" in the local time zone; "-" when it is not known. */
char *ps_clean_time (gint64 realtime_us);
