/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A row for each step, on a logarithmic scale: steps of microseconds stand beside those of seconds.
 * In a row a dot is one exit; the box holds all but the fastest and the slowest twentieth; lines
 * mark the median and the 95th percentile. What was given up on is red. Figures and order are those
 * of `psctl blame`.
 */

#include "ps-svg-blame.h"

#include <string.h>

#include "ps-svg-scale.h"
#include "ps-svg-words.h"
#include "ps-svg.h"

#define WIDTH 960
#define MARGIN 24
#define NAMES_WIDTH 220
#define COLUMN_WIDTH 78
#define N_COLUMNS 3
#define PLOT_LEFT (MARGIN + NAMES_WIDTH + 12)
#define PLOT_RIGHT (WIDTH - MARGIN - N_COLUMNS * COLUMN_WIDTH - 16)
#define HEADS_Y 96
#define ROWS_Y 106
#define ROW_HEIGHT 26
#define BOX_HEIGHT 12
#define AXIS_HEIGHT 36

#define ROWS_MAX 40
/* More than that cannot be told apart; of more each n-th is drawn, the slowest always. */
#define DOTS_MAX 150

typedef struct
{
  PsSvg svg;
  PsSvgScale scale;
  const PsBlame *blame;
  guint n_rows;
  gboolean has_units; /* there are several */
} Picture;

static const PsBlamed *
get_row (const Picture *self, guint index)
{
  return ps_blame_get (self->blame, index);
}

static gint64
nth_us (const PsBlamed *row, guint index)
{
  return g_array_index (row->durations, gint64, index);
}

/* Of a hundred, five are faster. */
static gint64
p5_us (const PsBlamed *row)
{
  return nth_us (row, (guint) ((guint64) row->durations->len * 5 / 100));
}

/* From one power of ten to another, around all that is drawn. */
static void
set_scale (Picture *self)
{
  gint64 from_us = 1, to_us = 10, fastest_us = G_MAXINT64;

  for (guint i = 0; i < self->n_rows; i++)
    {
      const PsBlamed *row = get_row (self, i);

      if (row->durations->len == 0)
        continue;
      fastest_us = MIN (fastest_us, nth_us (row, 0));
      while (to_us < row->worst_us && to_us < G_MAXINT64 / 10)
        to_us *= 10;
    }
  while (from_us * 10 <= fastest_us && from_us * 10 < to_us)
    from_us *= 10;
  self->scale = (PsSvgScale){ PLOT_LEFT, PLOT_RIGHT, from_us, to_us, TRUE };
}

/* --- Drawing --------------------------------------------------------------------------------- */

static double
column_x (guint column)
{
  return WIDTH - MARGIN - (N_COLUMNS - 1 - column) * COLUMN_WIDTH;
}

static void
draw_head (Picture *self, const char *title)
{
  static const char *const heads[N_COLUMNS] = { "median", "p95", "worst" };
  g_autofree char *what = g_strdup_printf (
      "%u exits, %u steps, what took most time first; a dot is one exit, red: given up on at least "
      "once",
      ps_blame_get_n_exits (self->blame), ps_blame_get_n (self->blame));
  const double room = WIDTH - 2 * MARGIN;

  ps_svg_text (&self->svg, "head", MARGIN, 36, PS_SVG_START, room / 1.5, title);
  ps_svg_text (&self->svg, "small muted", MARGIN, 58, PS_SVG_START, room, what);
  for (guint i = 0; i < N_COLUMNS; i++)
    ps_svg_text (&self->svg, "small muted", column_x (i), HEADS_Y, PS_SVG_END, COLUMN_WIDTH,
                 heads[i]);
  ps_svg_text (&self->svg, "small muted", MARGIN, HEADS_Y, PS_SVG_START, NAMES_WIDTH,
               self->n_rows < ps_blame_get_n (self->blame) ? "the first steps" : "step");
}

static void
draw_axis (Picture *self, double bottom)
{
  gint64 ticks[PS_SVG_TICKS_MAX];
  guint n = ps_svg_scale_ticks (&self->scale, ticks);

  for (guint i = 0; i < n; i++)
    {
      double x = ps_svg_scale_x (&self->scale, ticks[i]);
      char words[PS_SVG_SCALE_WORDS];

      ps_svg_line (&self->svg, "grid", x, ROWS_Y, x, bottom);
      ps_svg_scale_words (words, sizeof words, ticks[i]);
      ps_svg_text (&self->svg, "small muted", x, bottom + 18, PS_SVG_MIDDLE, 70, words);
    }
  ps_svg_line (&self->svg, "axis", PLOT_LEFT, bottom, PLOT_RIGHT, bottom);
}

static void
draw_dots (Picture *self, const PsBlamed *row, const char *event, double y)
{
  g_autofree char *class = g_strdup_printf ("dot %s", event);
  guint n = row->durations->len, every = (n + DOTS_MAX - 1) / DOTS_MAX;

  for (guint i = (n - 1) % every; i < n; i += every)
    ps_svg_dot (&self->svg, class, ps_svg_scale_x (&self->scale, nth_us (row, i)), y, 3, NULL);
}

static void
draw_columns (Picture *self, const PsBlamed *row, double y)
{
  const gint64 times[N_COLUMNS] = { row->median_us, row->p95_us, row->worst_us };

  for (guint i = 0; i < N_COLUMNS; i++)
    {
      char words[PS_SVG_SCALE_WORDS];

      ps_svg_scale_words (words, sizeof words, times[i]);
      ps_svg_text (&self->svg, "small", column_x (i), y + 4, PS_SVG_END, COLUMN_WIDTH, words);
    }
}

static char *
row_title (const PsBlamed *row)
{
  char median[PS_SVG_SCALE_WORDS], worst[PS_SVG_SCALE_WORDS];

  return g_strdup_printf ("%s (%s) of %s\n%u times, median %s, worst %s, given up on %u times",
                          row->step, row->event, row->unit, row->durations->len,
                          ps_svg_scale_words (median, sizeof median, row->median_us),
                          ps_svg_scale_words (worst, sizeof worst, row->worst_us), row->n_dropped);
}

static void
draw_row (Picture *self, const PsBlamed *row, double y)
{
  const char *event = ps_svg_words_class (row->event);
  g_autofree char *box = g_strdup_printf ("box %s", row->n_dropped > 0 ? "bad" : event);
  g_autofree char *title = row_title (row);
  g_autofree char *name =
      self->has_units ? g_strdup_printf ("%s: %s", row->unit, row->step) : g_strdup (row->step);
  double low = ps_svg_scale_x (&self->scale, row->durations->len > 0 ? p5_us (row) : 0);
  double median = ps_svg_scale_x (&self->scale, row->median_us);
  double high = ps_svg_scale_x (&self->scale, row->p95_us), half = BOX_HEIGHT / 2.0;

  ps_svg_text (&self->svg, row->n_dropped > 0 ? "bad" : "", MARGIN, y + 4, PS_SVG_START,
               NAMES_WIDTH, name);
  if (row->durations->len == 0)
    return;
  ps_svg_rect (&self->svg, box, low, y - half, MAX (high - low, 2), BOX_HEIGHT, 3, title);
  draw_dots (self, row, row->n_dropped > 0 ? "bad" : event, y);
  ps_svg_line (&self->svg, "median", median, y - half - 2, median, y + half + 2);
  ps_svg_line (&self->svg, "p95", high, y - half - 2, high, y + half + 2);
  draw_columns (self, row, y);
}

/* What was never done took no time: such a row has a name, and nothing else. */
static void
draw_rows (Picture *self)
{
  for (guint i = 0; i < self->n_rows; i++)
    draw_row (self, get_row (self, i), ROWS_Y + i * ROW_HEIGHT + ROW_HEIGHT / 2.0 + 3);
}

char *
ps_svg_blame (const PsBlame *blame)
{
  guint n = ps_blame_get_n (blame);
  Picture self = { .blame = blame, .n_rows = MIN (n, ROWS_MAX) };
  double bottom = ROWS_Y + self.n_rows * ROW_HEIGHT + 6;
  g_autofree char *title = NULL;

  if (n == 0)
    return NULL;
  for (guint i = 1; i < n; i++)
    self.has_units |= strcmp (get_row (&self, i)->unit, get_row (&self, 0)->unit) != 0;
  title = g_strdup_printf ("%s: where the time of its exits went",
                           self.has_units ? "Several units" : get_row (&self, 0)->unit);
  set_scale (&self);
  ps_svg_init (&self.svg, WIDTH, bottom + AXIS_HEIGHT, title,
               "How long the steps of many exits took, on a logarithmic scale");
  draw_head (&self, title);
  draw_axis (&self, bottom);
  draw_rows (&self);
  return ps_svg_finish (&self.svg);
}
