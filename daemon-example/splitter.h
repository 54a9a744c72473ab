/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Cuts a stream of bytes into lines. Pure: no I/O, no clock. */
typedef struct
{
  GString *partial;    /* the beginning of a line whose end has not come yet */
  gboolean discarding; /* that line is too long already: nothing of it is kept */
} Splitter;

typedef enum
{
  SPLIT_LINE,
  SPLIT_TOO_LONG,
  SPLIT_NUL,
  SPLIT_NOT_UTF8,
} SplitResult;

/* With SPLIT_LINE the text, without its line feed; with the others none. */
typedef void (*SplitFunc) (SplitResult result, const char *text, gsize length, gpointer user_data);

void splitter_init (Splitter *self);
void splitter_clear (Splitter *self);
void splitter_feed (Splitter *self, const char *data, gsize length, gsize limit, SplitFunc func,
                    gpointer user_data);
gboolean splitter_is_inside_line (const Splitter *self);
