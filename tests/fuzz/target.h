/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A target takes bytes, gives them to one part of the library, and aborts where what comes out is
 * not what was promised. clang's libFuzzer makes the bytes (tests/fuzz/run); in every build
 * replay.c feeds those of the corpus.
 */

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n);

/* The bytes, from the first on, as values; 0 when they are used up. */
typedef struct
{
  const uint8_t *bytes;
  size_t n;
} Feed;

guint8 feed_byte (Feed *feed);
gint64 feed_int64 (Feed *feed);

/* Up to the next 0xff, or max bytes; never with a NUL before its end. To be freed. */
char *feed_text (Feed *feed, size_t max);

/* Whether it is one line that changes nothing on a terminal but the line itself. */
gboolean is_harmless_line (const char *text);

/* The text matches the regular expression, from end to end. */
gboolean looks_like (const char *text, const char *expression);
