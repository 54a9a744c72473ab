/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Texts for people: pure functions that turn values into words. */

#include "ps-types.h"

gsize ps_text_cut (const char *text, gsize max_bytes);
char *ps_text_valid (const char *text, gsize max_bytes);
void ps_text_put_line (char *line, gsize size, const char *text);
char *ps_text_one_line (const char *text, gsize max_bytes);
char *ps_text_duration (gint64 duration_us);
char *ps_text_signal (int signum);
const char *ps_text_event (PsEvent event);
