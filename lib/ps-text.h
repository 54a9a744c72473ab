/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Texts for people: pure functions that turn values into words. None of them needs memory: the
 * words go into the caller's buffer of size bytes, which is returned; what does not fit is cut off.
 */

#include "ps-types.h"

/* Room for any duration, and for the name of any signal. */
#define PS_TEXT_SHORT 32

char *ps_text_put_valid (char *buffer, gsize size, const char *text);
char *ps_text_put_line (char *buffer, gsize size, const char *text);
char *ps_text_put_duration (char *buffer, gsize size, gint64 duration_us);
char *ps_text_put_signal (char *buffer, gsize size, int signum);
const char *ps_text_event (PsEvent event);
