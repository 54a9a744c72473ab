/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every column is as wide as its widest cell; the elastic one gets what is left of the terminal's
 * width, but never less than its title needs.
 */

#include "ps-table.h"

#include <stdio.h>

#include "ps-clean.h"

#define ELASTIC_MIN 16
#define GAP 2

typedef struct
{
  char **cells;
  PsTint tint;
} Row;

struct _PsTable
{
  const PsColumn *columns;
  gsize n;
  gsize *widths;
  GArray *rows;
};

PsTable *
ps_table_new (const PsColumn *columns, gsize n)
{
  PsTable *self = g_new0 (PsTable, 1);

  self->columns = columns;
  self->n = n;
  self->widths = g_new0 (gsize, n);
  self->rows = g_array_new (FALSE, FALSE, sizeof (Row));
  for (gsize i = 0; i < n; i++)
    self->widths[i] = ps_clean_width (columns[i].title);
  return self;
}

void
ps_table_free (PsTable *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->rows->len; i++)
    {
      char **cells = g_array_index (self->rows, Row, i).cells;

      for (gsize j = 0; j < self->n; j++)
        g_free (cells[j]);
      g_free (cells);
    }
  g_array_unref (self->rows);
  g_free (self->widths);
  g_free (self);
}

void
ps_table_add (PsTable *self, char **cells, PsTint tint)
{
  Row row = { g_memdup2 (cells, self->n * sizeof *cells), tint };

  for (gsize i = 0; i < self->n; i++)
    self->widths[i] = MAX (self->widths[i], ps_clean_width (cells[i]));
  g_array_append_val (self->rows, row);
}

static gsize
elastic_width (const PsTable *self, gsize width)
{
  gsize others = 0, wanted = 0;

  for (gsize i = 0; i < self->n; i++)
    if (self->columns[i].is_elastic)
      wanted = self->widths[i];
    else if (!self->columns[i].is_left_out)
      others += self->widths[i] + GAP;
  if (width == G_MAXSIZE || others + wanted <= width)
    return wanted;
  return MIN (wanted, width > others + ELASTIC_MIN ? width - others : ELASTIC_MIN);
}

static void
print_spaces (gsize n)
{
  while (n-- > 0)
    putchar (' ');
}

static gboolean
is_last (const PsTable *self, gsize i)
{
  for (i++; i < self->n; i++)
    if (!self->columns[i].is_left_out)
      return FALSE;
  return TRUE;
}

static void
print_cell (const PsTable *self, const PsOutput *output, gsize i, const char *text, gsize width,
            PsTint tint)
{
  const PsColumn *column = &self->columns[i];
  g_autofree char *cut = ps_clean_cut (text, width);
  gsize rest = width - MIN (width, ps_clean_width (cut));

  if (column->is_right)
    print_spaces (rest);
  printf ("%s%s%s", ps_output_tint (output, tint), cut,
          tint != PS_TINT_NONE ? ps_output_plain (output) : "");
  if (is_last (self, i))
    return;
  if (!column->is_right)
    print_spaces (rest);
  print_spaces (GAP);
}

static void
print_row (const PsTable *self, const PsOutput *output, char *const *cells, PsTint title,
           PsTint tint)
{
  for (gsize i = 0; i < self->n; i++)
    {
      const PsColumn *column = &self->columns[i];
      gsize width = column->is_elastic ? elastic_width (self, output->width) : self->widths[i];

      if (!column->is_left_out)
        print_cell (self, output, i, cells != NULL ? cells[i] : column->title, width,
                    cells == NULL        ? title
                    : column->is_elastic ? tint
                                         : PS_TINT_NONE);
    }
  putchar ('\n');
}

void
ps_table_print (const PsTable *self, const PsOutput *output)
{
  print_row (self, output, NULL, PS_TINT_BOLD, PS_TINT_NONE);
  for (guint i = 0; i < self->rows->len; i++)
    {
      const Row *row = &g_array_index (self->rows, Row, i);

      print_row (self, output, row->cells, PS_TINT_NONE, row->tint);
    }
}
