/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* One line on its way: from the connection that received it to the worker that stores it, and
 * back with its answer. Lines that are refused at once take the same way, so that the answers
 * come in the order of the lines. */
typedef struct
{
  gpointer owner;      /* whom the answer goes to; the worker only carries it */
  gint64 received_us;  /* wall clock */
  gint64 id;           /* the row, once it is committed */
  const char *problem; /* why it is refused; NULL while nothing speaks against it */
  gsize length;
  char text[]; /* the line, or the words that problem points to */
} Line;

Line *line_new (gpointer owner, const char *text, gsize length);
Line *line_new_refused (gpointer owner, const char *problem);
gsize line_get_cost (const Line *line);
void line_print_answer (const Line *line, GString *answers);
