/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The time line of one exit, from top to bottom:
 *
 *   what ended, how, and when
 *   pins: the first request, and each further one; where the time would have been over
 *   what the manager was told, and how it ended
 *   a heading for each phase, a row for each step, over the time that they took
 *   the time
 */

#include "ps-svg-exit.h"

#include <string.h>

#include "ps-svg-exit-private.h"
#include "ps-svg-words.h"

static void
draw_head (PsSvgExit *self, const char *title, const char *end)
{
  g_autofree char *whose = ps_svg_words_whose (self->life);
  const double room = WIDTH - 2 * MARGIN;

  /* Its letters are half as wide again. */
  ps_svg_text (&self->svg, "head", MARGIN, 36, PS_SVG_START, room / 1.5, title);
  ps_svg_text (&self->svg, "", MARGIN, 58, PS_SVG_START, room, end);
  ps_svg_text (&self->svg, "small muted", MARGIN, 76, PS_SVG_START, room, whose);
}

static void
draw_axis (PsSvgExit *self)
{
  gint64 ticks[PS_SVG_TICKS_MAX];
  guint n = ps_svg_scale_ticks (&self->scale, ticks);
  double y = self->bottom;

  for (guint i = 0; i < n; i++)
    {
      double x = ps_svg_exit_x (self, ticks[i]);
      char words[PS_SVG_SCALE_WORDS];

      ps_svg_line (&self->svg, "grid", x, ROWS_Y, x, y);
      ps_svg_scale_words (words, sizeof words, ticks[i]);
      ps_svg_text (&self->svg, "small muted", x, y + 18,
                   x > PLOT_RIGHT - 24 ? PS_SVG_END : PS_SVG_MIDDLE, 80, words);
    }
  ps_svg_line (&self->svg, "axis", PLOT_LEFT, y, PLOT_RIGHT, y);
}

/* Further requests: a pin each, whose words show on hover; returns how many. */
static guint
draw_again (PsSvgExit *self)
{
  const GPtrArray *notes = self->life->notes;
  guint n = 0;

  for (guint i = 0; notes != NULL && i < MIN (notes->len, ROWS_MAX); i++)
    {
      const PsNote *note = g_ptr_array_index (notes, i);

      if (strcmp (note->kind, "again") != 0)
        continue;
      ps_svg_pin (&self->svg, "pin", ps_svg_exit_x (self, note->at_us), ROWS_Y, note->text);
      n++;
    }
  return n;
}

/* The line of the deadline, if it is in sight; returns where its words begin. */
static double
draw_deadline (PsSvgExit *self)
{
  double x = ps_svg_exit_x (self, self->life->deadline_us), used;

  if (self->life->deadline_us <= 0 || self->life->deadline_us > self->scale.to_us)
    return PLOT_RIGHT;
  ps_svg_line (&self->svg, "deadline", x, RAIL_Y - 8, x, self->bottom);
  used = ps_svg_text (&self->svg, "small bad", x - GAP, RAIL_Y, PS_SVG_END, 120, "deadline");
  return x - 2 * GAP - used;
}

/* How it ended: before the line of the end, or behind it where that is near the begin. */
static void
draw_outcome (PsSvgExit *self, double begin, double end)
{
  const PsLife *life = self->life;
  double before = end - begin - 3 * GAP, behind = PLOT_RIGHT - end - GAP;
  g_autofree char *words =
      life->status >= 0 && life->status <= 255
          ? g_strdup_printf ("%s, status %d", ps_fate_word (life->fate), (int) life->status)
          : g_strdup (ps_fate_word (life->fate));

  ps_svg_line (&self->svg, "end", end, TOLD_Y - 10, end, self->bottom);
  if (before >= ps_svg_text_width (words))
    ps_svg_text (&self->svg, "small", end - GAP, TOLD_Y, PS_SVG_END, before, words);
  else if (end >= begin)
    ps_svg_text (&self->svg, "small", end + GAP, TOLD_Y, PS_SVG_START, behind, words);
}

static void
draw_rails (PsSvgExit *self, const char *why)
{
  double begin = ps_svg_exit_x (self, 0), end = ps_svg_exit_x (self, self->end_us), used;
  double free_to = draw_deadline (self);
  guint n_again = draw_again (self);
  g_autofree char *asked =
      n_again > 0 ? g_strdup_printf ("%s, and again: %u×", why, n_again) : g_strdup (why);

  ps_svg_text (&self->svg, "small muted", MARGIN, RAIL_Y, PS_SVG_START, NAMES_WIDTH,
               "what began it");
  ps_svg_text (&self->svg, "small muted", MARGIN, TOLD_Y, PS_SVG_START, NAMES_WIDTH,
               "what the manager heard");
  ps_svg_line (&self->svg, "mark", begin, RAIL_Y + 3, begin, self->bottom);
  ps_svg_pin (&self->svg, "pin", begin, RAIL_Y + 3, asked);
  ps_svg_text (&self->svg, "", begin + 2 * GAP, RAIL_Y, PS_SVG_START, free_to - begin - 2 * GAP,
               asked);
  used = ps_svg_text (&self->svg, "small", begin + GAP, TOLD_Y, PS_SVG_START, 100, "STOPPING=1");
  draw_outcome (self, begin + used, end);
}

char *
ps_svg_exit (const PsLife *life)
{
  PsSvgExit self = { .life = life };
  g_autofree char *why = ps_svg_words_why (&life->why), *end = ps_svg_words_end (life);
  g_autofree char *title = g_strdup_printf ("%s: %s", ps_svg_words_name (life), why);

  ps_svg_exit_lay_out (&self);
  ps_svg_init (&self.svg, WIDTH, self.bottom + AXIS_HEIGHT, title, end);
  draw_head (&self, title, end);
  draw_axis (&self);
  ps_svg_exit_draw_rows (&self);
  draw_rails (&self, why);
  if (life->steps != NULL && life->steps->len > self.n_rows)
    {
      g_autofree char *more = g_strdup_printf ("and %u more steps", life->steps->len - self.n_rows);

      ps_svg_text (&self.svg, "small muted", MARGIN, self.bottom + 18, PS_SVG_START, NAMES_WIDTH,
                   more);
    }
  return ps_svg_finish (&self.svg);
}
