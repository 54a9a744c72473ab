/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "line.h"

#include <string.h>

Line *
line_new (gpointer owner, const char *text, gsize length)
{
  Line *line = g_malloc (sizeof (Line) + length + 1);

  *line = (Line){ .owner = owner, .received_us = g_get_real_time (), .length = length };
  memcpy (line->text, text, length);
  line->text[length] = '\0';
  return line;
}

Line *
line_new_refused (gpointer owner, const char *problem)
{
  Line *line = line_new (owner, problem, strlen (problem));

  line->problem = line->text;
  return line;
}

/* What it takes from the queue's limit: its memory, so that a flood of empty lines counts too. */
gsize
line_get_cost (const Line *line)
{
  return sizeof (Line) + line->length;
}

void
line_print_answer (const Line *line, GString *answers)
{
  if (line->problem != NULL)
    g_string_append_printf (answers, "error %s\n", line->problem);
  else
    g_string_append_printf (answers, "ok %" G_GINT64_FORMAT "\n", line->id);
}
