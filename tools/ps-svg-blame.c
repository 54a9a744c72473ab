/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A row for each step, the slowest at the top, on a logarithmic scale: steps of microseconds stand
 * beside those of seconds. In a row a dot is one exit; the box holds all but the fastest and the
 * slowest twentieth; lines mark the median and the 95th percentile. What was given up on is red.
 *
 * The slowest are those with the largest 95th percentile, as `psctl blame` has them: whoever waits
 * for a stop waits for the bad ones.
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
  const char *unit;
  const PsStep *step; /* one of them */
  GArray *times;      /* of gint64, sorted when all are there */
  guint n_dropped;    /* given up on, at least one hold of it */
} Row;

typedef struct
{
  PsSvg svg;
  PsSvgScale scale;
  GPtrArray *rows;
  guint n_exits;
  gboolean has_units; /* there are several */
} Picture;

static void
free_row (gpointer data)
{
  Row *row = data;

  g_array_unref (row->times);
  g_free (row);
}

/* --- Collecting ------------------------------------------------------------------------------ */

static Row *
get_row (GHashTable *by_name, GPtrArray *rows, const PsLife *life, const PsStep *step)
{
  const char *unit = ps_svg_words_name (life);
  char *name = g_strdup_printf ("%s\n%s\n%s", unit, step->event, step->name);
  Row *row = g_hash_table_lookup (by_name, name);

  if (row != NULL)
    {
      g_free (name);
      return row;
    }
  row = g_new0 (Row, 1);
  row->unit = unit;
  row->step = step;
  row->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_ptr_array_add (rows, row);
  g_hash_table_insert (by_name, name, row);
  return row;
}

static void
collect_life (Picture *self, GHashTable *by_name, const PsLife *life)
{
  if (life->exit_begun_us < 0 || life->steps == NULL)
    return;
  self->n_exits++;
  for (guint i = 0; i < life->steps->len; i++)
    {
      const PsStep *step = g_ptr_array_index (life->steps, i);
      Row *row;

      if (!step->is_done || step->duration_us < 0)
        continue;
      row = get_row (by_name, self->rows, life, step);
      g_array_append_val (row->times, step->duration_us);
      row->n_dropped += step->holds != NULL && step->holds->len > 0;
      self->has_units |= strcmp (row->unit, ((Row *) self->rows->pdata[0])->unit) != 0;
    }
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 first = *(const gint64 *) a, second = *(const gint64 *) b;

  return (first > second) - (first < second);
}

/* The smallest that at least so many of a hundred do not exceed. */
static gint64
percentile_us (const Row *row, guint percent)
{
  guint rank = (guint) (((guint64) row->times->len * percent + 99) / 100);

  return g_array_index (row->times, gint64, rank > 0 ? rank - 1 : 0);
}

static gint64
worst_us (const Row *row)
{
  return g_array_index (row->times, gint64, row->times->len - 1);
}

static int
compare_rows (gconstpointer a, gconstpointer b)
{
  const Row *first = *(const Row *const *) a, *second = *(const Row *const *) b;
  gint64 first_us = percentile_us (first, 95), second_us = percentile_us (second, 95);

  if (first_us != second_us)
    return first_us < second_us ? 1 : -1;
  return strcmp (first->step->name, second->step->name);
}

static void
collect (Picture *self, const PsLives *lives)
{
  g_autoptr (GHashTable) by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  self->rows = g_ptr_array_new_with_free_func (free_row);
  for (guint i = 0; i < ps_lives_get_n (lives); i++)
    collect_life (self, by_name, ps_lives_get (lives, i));
  for (guint i = 0; i < self->rows->len; i++)
    g_array_sort (((Row *) self->rows->pdata[i])->times, compare_times);
  g_ptr_array_sort (self->rows, compare_rows);
}

/* From one power of ten to another, around all that is drawn. */
static void
set_scale (Picture *self, guint n_rows)
{
  gint64 from_us = 1, to_us = 10, fastest_us = G_MAXINT64;

  for (guint i = 0; i < n_rows; i++)
    {
      const Row *row = self->rows->pdata[i];

      fastest_us = MIN (fastest_us, g_array_index (row->times, gint64, 0));
      while (to_us < worst_us (row) && to_us < G_MAXINT64 / 10)
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
draw_head (Picture *self, const char *title, guint n_rows)
{
  static const char *const heads[N_COLUMNS] = { "median", "p95", "worst" };
  g_autofree char *what = g_strdup_printf (
      "%u exits, %u steps, the slowest first; a dot is one exit, red: given up on at least once",
      self->n_exits, self->rows->len);
  const double room = WIDTH - 2 * MARGIN;

  ps_svg_text (&self->svg, "head", MARGIN, 36, PS_SVG_START, room / 1.5, title);
  ps_svg_text (&self->svg, "small muted", MARGIN, 58, PS_SVG_START, room, what);
  for (guint i = 0; i < N_COLUMNS; i++)
    ps_svg_text (&self->svg, "small muted", column_x (i), HEADS_Y, PS_SVG_END, COLUMN_WIDTH,
                 heads[i]);
  ps_svg_text (&self->svg, "small muted", MARGIN, HEADS_Y, PS_SVG_START, NAMES_WIDTH,
               n_rows < self->rows->len ? "the slowest steps" : "step");
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
draw_dots (Picture *self, const Row *row, const char *event, double y)
{
  g_autofree char *class = g_strdup_printf ("dot %s", event);
  guint n = row->times->len, every = (n + DOTS_MAX - 1) / DOTS_MAX;

  for (guint i = (n - 1) % every; i < n; i += every)
    ps_svg_dot (&self->svg, class,
                ps_svg_scale_x (&self->scale, g_array_index (row->times, gint64, i)), y, 3, NULL);
}

static void
draw_columns (Picture *self, const Row *row, double y)
{
  const gint64 times[N_COLUMNS] = { percentile_us (row, 50), percentile_us (row, 95),
                                    worst_us (row) };

  for (guint i = 0; i < N_COLUMNS; i++)
    {
      char words[PS_SVG_SCALE_WORDS];

      ps_svg_scale_words (words, sizeof words, times[i]);
      ps_svg_text (&self->svg, "small", column_x (i), y + 4, PS_SVG_END, COLUMN_WIDTH, words);
    }
}

static char *
row_title (const Row *row)
{
  char median[PS_SVG_SCALE_WORDS], worst[PS_SVG_SCALE_WORDS];

  return g_strdup_printf ("%s (%s) of %s\n%u times, median %s, worst %s, given up on %u times",
                          row->step->name, row->step->event, row->unit, row->times->len,
                          ps_svg_scale_words (median, sizeof median, percentile_us (row, 50)),
                          ps_svg_scale_words (worst, sizeof worst, worst_us (row)), row->n_dropped);
}

static void
draw_row (Picture *self, const Row *row, double y)
{
  const char *event = ps_svg_words_class (row->step->event);
  g_autofree char *box = g_strdup_printf ("box %s", row->n_dropped > 0 ? "bad" : event);
  g_autofree char *title = row_title (row);
  g_autofree char *name = self->has_units ? g_strdup_printf ("%s: %s", row->unit, row->step->name)
                                          : g_strdup (row->step->name);
  double low = ps_svg_scale_x (&self->scale, percentile_us (row, 5));
  double median = ps_svg_scale_x (&self->scale, percentile_us (row, 50));
  double high = ps_svg_scale_x (&self->scale, percentile_us (row, 95)), half = BOX_HEIGHT / 2.0;

  ps_svg_text (&self->svg, row->n_dropped > 0 ? "bad" : "", MARGIN, y + 4, PS_SVG_START,
               NAMES_WIDTH, name);
  ps_svg_rect (&self->svg, box, low, y - half, MAX (high - low, 2), BOX_HEIGHT, 3, title);
  draw_dots (self, row, row->n_dropped > 0 ? "bad" : event, y);
  ps_svg_line (&self->svg, "median", median, y - half - 2, median, y + half + 2);
  ps_svg_line (&self->svg, "p95", high, y - half - 2, high, y + half + 2);
  draw_columns (self, row, y);
}

static char *
draw (Picture *self, const char *title)
{
  guint n_rows = MIN (self->rows->len, ROWS_MAX);
  double bottom = ROWS_Y + n_rows * ROW_HEIGHT + 6;
  g_autofree char *own =
      g_strdup_printf ("%s: where the time of its exits went",
                       self->has_units ? "Several units" : ((Row *) self->rows->pdata[0])->unit);

  set_scale (self, n_rows);
  ps_svg_init (&self->svg, WIDTH, bottom + AXIS_HEIGHT, title != NULL ? title : own,
               "How long the steps of many exits took, on a logarithmic scale");
  draw_head (self, title != NULL ? title : own, n_rows);
  draw_axis (self, bottom);
  for (guint i = 0; i < n_rows; i++)
    draw_row (self, self->rows->pdata[i], ROWS_Y + i * ROW_HEIGHT + ROW_HEIGHT / 2.0 + 3);
  return ps_svg_finish (&self->svg);
}

char *
ps_svg_blame (const PsLives *lives, const char *title)
{
  Picture self = { 0 };
  char *text;

  collect (&self, lives);
  text = self.rows->len > 0 ? draw (&self, title) : NULL;
  g_ptr_array_unref (self.rows);
  return text;
}
