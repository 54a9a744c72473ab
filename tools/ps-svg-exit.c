/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The time line of one exit, from top to bottom:
 *
 *   what ended, how, and when
 *   pins: the first request, and each further one; where the time would have been over
 *   what the manager was told, and how it ended
 *   a heading for each phase, a row for each step, over the time that they took
 *   the time
 *
 * A phase is a row of steps of one event and one priority: they run together. A bar is a step, from
 * its call until its last hold was released; the hatched part of it is a hold that was given up on.
 * A bar that is open at its end was running when the process ended.
 *
 * Where it is laid out is decided before anything is drawn, for a picture says first how high it
 * is.
 */

#include "ps-svg-exit.h"

#include <string.h>

#include "ps-svg-scale.h"
#include "ps-svg-words.h"
#include "ps-svg.h"

#define WIDTH 960
#define MARGIN 24
#define NAMES_WIDTH 196
#define PLOT_LEFT (MARGIN + NAMES_WIDTH + 12)
#define PLOT_RIGHT (WIDTH - MARGIN - 8)
#define RAIL_Y 108
#define TOLD_Y 128
#define ROWS_Y 142
#define PHASE_HEIGHT 22
#define ROW_HEIGHT 22
#define BAR_HEIGHT 14
#define AXIS_HEIGHT 36
#define GAP 6

/* The library tells of 64 steps; somebody else's records may tell of more. */
#define ROWS_MAX 100

typedef struct
{
  const PsLife *life;
  PsSvg svg;
  PsSvgScale scale;
  gint64 end_us;
  guint n_rows;
  double bottom; /* of the rows */
} Picture;

static const PsStep *
get_step (const Picture *self, guint index)
{
  return g_ptr_array_index (self->life->steps, index);
}

static gboolean
begins_phase (const Picture *self, guint index)
{
  const PsStep *step = get_step (self, index), *before;

  if (index == 0)
    return TRUE;
  before = get_step (self, index - 1);
  return strcmp (step->event, before->event) != 0
         || (step->has_priority && before->has_priority && step->priority != before->priority);
}

/* --- Where everything goes ------------------------------------------------------------------- */

static gint64
sane_us (gint64 time_us)
{
  return CLAMP (time_us, -PS_SVG_TIME_MAX_US, PS_SVG_TIME_MAX_US);
}

/* A bar's end; of a step that was running at the end, the end. */
static gint64
step_end_us (const Picture *self, const PsStep *step)
{
  if (step->is_begun && step->is_done && step->duration_us != PS_UNKNOWN)
    return sane_us (step->begun_us) + sane_us (step->duration_us);
  return step->is_done ? sane_us (step->done_us) : self->end_us;
}

static void
find_end (Picture *self)
{
  const PsLife *life = self->life;

  if (life->exit_duration_us != PS_UNKNOWN)
    self->end_us = MAX (sane_us (life->exit_duration_us), 0);
  else if (life->exit_begun_monotonic_us >= 0
           && life->ended_monotonic_us > life->exit_begun_monotonic_us)
    self->end_us = sane_us (life->ended_monotonic_us - life->exit_begun_monotonic_us);
  for (guint i = 0; i < self->n_rows; i++)
    {
      const PsStep *step = get_step (self, i);

      if (step->is_begun)
        self->end_us = MAX (self->end_us, sane_us (step->begun_us));
      if (step->is_done && life->exit_duration_us == PS_UNKNOWN)
        self->end_us = MAX (self->end_us, step_end_us (self, step));
    }
}

static void
lay_out (Picture *self)
{
  gint64 from_us = 0, to_us, deadline_us = self->life->deadline_us;
  guint n_phases = 0;

  self->n_rows = self->life->steps != NULL ? MIN (self->life->steps->len, ROWS_MAX) : 0;
  find_end (self);
  to_us = MAX (self->end_us, 1);
  for (guint i = 0; i < self->n_rows; i++)
    {
      const PsStep *step = get_step (self, i);

      n_phases += begins_phase (self, i);
      if (step->is_begun)
        from_us = MIN (from_us, sane_us (step->begun_us));
      to_us = MAX (to_us, step_end_us (self, step));
    }
  if (deadline_us > 0 && deadline_us / 8 * 5 <= to_us)
    to_us = MAX (to_us, deadline_us);
  self->scale = (PsSvgScale){ PLOT_LEFT, PLOT_RIGHT, from_us, to_us, FALSE };
  self->bottom = ROWS_Y + n_phases * PHASE_HEIGHT + self->n_rows * ROW_HEIGHT + GAP;
}

static double
x_of (const Picture *self, gint64 at_us)
{
  return ps_svg_scale_x (&self->scale, at_us);
}

/* --- Above the rows -------------------------------------------------------------------------- */

static void
draw_head (Picture *self, const char *title, const char *end)
{
  g_autofree char *whose = ps_svg_words_whose (self->life);
  const double room = WIDTH - 2 * MARGIN;

  /* Its letters are half as wide again. */
  ps_svg_text (&self->svg, "head", MARGIN, 36, PS_SVG_START, room / 1.5, title);
  ps_svg_text (&self->svg, "", MARGIN, 58, PS_SVG_START, room, end);
  ps_svg_text (&self->svg, "small muted", MARGIN, 76, PS_SVG_START, room, whose);
}

static void
draw_axis (Picture *self)
{
  gint64 ticks[PS_SVG_TICKS_MAX];
  guint n = ps_svg_scale_ticks (&self->scale, ticks);
  double y = self->bottom;

  for (guint i = 0; i < n; i++)
    {
      double x = x_of (self, ticks[i]);
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
draw_again (Picture *self)
{
  const GPtrArray *notes = self->life->notes;
  guint n = 0;

  for (guint i = 0; notes != NULL && i < MIN (notes->len, ROWS_MAX); i++)
    {
      const PsNote *note = g_ptr_array_index (notes, i);

      if (strcmp (note->kind, "again") != 0)
        continue;
      ps_svg_pin (&self->svg, "pin", x_of (self, note->at_us), ROWS_Y, note->text);
      n++;
    }
  return n;
}

/* The line of the deadline, if it is in sight; returns where its words begin. */
static double
draw_deadline (Picture *self)
{
  double x = x_of (self, self->life->deadline_us), used;

  if (self->life->deadline_us <= 0 || self->life->deadline_us > self->scale.to_us)
    return PLOT_RIGHT;
  ps_svg_line (&self->svg, "deadline", x, RAIL_Y - 8, x, self->bottom);
  used = ps_svg_text (&self->svg, "small bad", x - GAP, RAIL_Y, PS_SVG_END, 120, "deadline");
  return x - 2 * GAP - used;
}

/* How it ended: before the line of the end, or behind it where that is near the begin. */
static void
draw_outcome (Picture *self, double begin, double end)
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
draw_rails (Picture *self, const char *why)
{
  double begin = x_of (self, 0), end = x_of (self, self->end_us), used;
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

/* --- Rows ------------------------------------------------------------------------------------ */

/* The heading, and a band behind the steps of the phase; returns how many there are. */
static guint
draw_phase (Picture *self, guint first, double y)
{
  const PsStep *step = get_step (self, first);
  g_autofree char *event = g_strdup_printf ("phase %s", ps_svg_words_class (step->event));
  g_autofree char *band = g_strdup_printf ("band %s", ps_svg_words_class (step->event));
  g_autofree char *heading =
      step->has_priority && step->priority != 0
          ? g_strdup_printf ("%s, priority %" G_GINT64_FORMAT, step->event, step->priority)
          : g_strdup (step->event);
  guint last = first + 1;

  while (last < self->n_rows && !begins_phase (self, last))
    last++;
  ps_svg_rect (&self->svg, band, MARGIN - 8, y + 2, WIDTH - 2 * MARGIN + 16,
               PHASE_HEIGHT + (last - first) * ROW_HEIGHT - 3, 5, NULL);
  ps_svg_text (&self->svg, event, MARGIN, y + 16, PS_SVG_START, NAMES_WIDTH, heading);
  return last - first;
}

/* What hovers over a step: everything. */
static char *
step_title (const Picture *self, const PsStep *step)
{
  char words[PS_SVG_SCALE_WORDS];
  GString *title = g_string_new (step->name);

  g_string_append_printf (title, " (%s)", step->event);
  if (step->skipped != NULL)
    g_string_append_printf (title, "\nskipped: %s", step->skipped);
  if (step->is_begun)
    g_string_append_printf (title, "\nbegun at %s",
                            ps_svg_scale_words (words, sizeof words, step->begun_us));
  if (step->is_done && step->duration_us != PS_UNKNOWN)
    g_string_append_printf (title, "\ntook %s",
                            ps_svg_scale_words (words, sizeof words, step->duration_us));
  else if (step->is_begun)
    g_string_append (title, "\nwas running when the process ended");
  if (step->error != NULL)
    g_string_append_printf (title, "\nfailed: %s", step->error);
  for (guint i = 0; step->holds != NULL && i < step->holds->len; i++)
    {
      const PsHoldDropped *hold = &g_array_index (step->holds, PsHoldDropped, i);

      g_string_append_printf (title, "\ngave up on: %s (%s)", hold->why, hold->reason);
    }
  return g_string_free (title, FALSE);
}

/* What stands beside a bar: what matters most, and the rest on hover. */
static char *
step_words (const PsStep *step, gboolean *is_bad)
{
  char words[PS_SVG_SCALE_WORDS] = "still running";

  *is_bad = TRUE;
  if (step->is_done && step->duration_us != PS_UNKNOWN)
    ps_svg_scale_words (words, sizeof words, step->duration_us);
  if (step->skipped != NULL)
    return g_strdup_printf ("skipped: %s", step->skipped);
  if (step->error != NULL)
    return g_strdup_printf ("%s, failed: %s", words, step->error);
  if (step->holds != NULL && step->holds->len > 0)
    return g_strdup_printf ("%s, gave up on: %s", words,
                            g_array_index (step->holds, PsHoldDropped, 0).why);
  *is_bad = !step->is_done;
  return g_strdup (words);
}

static void
draw_holds (Picture *self, const PsStep *step, double y)
{
  for (guint i = 0; step->holds != NULL && i < MIN (step->holds->len, ROWS_MAX); i++)
    {
      const PsHoldDropped *hold = &g_array_index (step->holds, PsHoldDropped, i);
      double from = x_of (self, sane_us (hold->at_us) - MAX (sane_us (hold->duration_us), 0));
      double to = x_of (self, hold->at_us);
      g_autofree char *title = g_strdup_printf ("gave up on: %s\n%s", hold->why, hold->reason);

      ps_svg_rect (&self->svg, "hold", from, y - 2, MAX (to - from, 2), BAR_HEIGHT + 4, 3, title);
    }
}

/* Behind a bar, before it, or in it, where they fit; else where there is most room. */
static void
draw_words (Picture *self, double from, double to, double y, const char *class, const char *words)
{
  double behind = PLOT_RIGHT - to - GAP, before = from - PLOT_LEFT - GAP;
  double within = to - from - 2 * GAP, width = ps_svg_text_width (words);

  if (behind < width && before < width && within > MAX (behind, before))
    ps_svg_text (&self->svg, "small on", from + GAP, y - 0.5, PS_SVG_START, within, words);
  else if (behind >= width || behind >= before)
    ps_svg_text (&self->svg, class, to + GAP, y, PS_SVG_START, behind, words);
  else
    ps_svg_text (&self->svg, class, from - GAP, y, PS_SVG_END, before, words);
}

static void
draw_step (Picture *self, const PsStep *step, double y)
{
  g_autofree char *title = step_title (self, step);
  double top = y + (ROW_HEIGHT - BAR_HEIGHT) / 2.0, text_y = y + 15, from, to;
  g_autofree char *words = NULL;
  gboolean is_bad;

  words = step_words (step, &is_bad);
  ps_svg_text (&self->svg, "", MARGIN + 10, text_y, PS_SVG_START, NAMES_WIDTH - 10, step->name);
  from = to = x_of (self, 0);
  if (step->is_begun)
    {
      from = x_of (self, step->begun_us);
      to = MAX (x_of (self, step_end_us (self, step)), from + 2);
      ps_svg_rect (&self->svg, step->is_done ? ps_svg_words_class (step->event) : "bad", from, top,
                   to - from, BAR_HEIGHT, 3, title);
      draw_holds (self, step, top);
    }
  draw_words (self, from, to, text_y, is_bad ? "small bad" : "small muted", words);
}

static void
draw_rows (Picture *self)
{
  double y = ROWS_Y;

  for (guint i = 0; i < self->n_rows;)
    {
      guint n = draw_phase (self, i, y);

      y += PHASE_HEIGHT;
      for (guint end = i + n; i < end; i++, y += ROW_HEIGHT)
        draw_step (self, get_step (self, i), y);
    }
}

char *
ps_svg_exit (const PsLife *life)
{
  Picture self = { .life = life };
  g_autofree char *why = ps_svg_words_why (&life->why), *end = ps_svg_words_end (life);
  g_autofree char *title = g_strdup_printf ("%s: %s", ps_svg_words_name (life), why);

  lay_out (&self);
  ps_svg_init (&self.svg, WIDTH, self.bottom + AXIS_HEIGHT, title, end);
  draw_head (&self, title, end);
  draw_axis (&self);
  draw_rows (&self);
  draw_rails (&self, why);
  if (life->steps != NULL && life->steps->len > self.n_rows)
    {
      g_autofree char *more = g_strdup_printf ("and %u more steps", life->steps->len - self.n_rows);

      ps_svg_text (&self.svg, "small muted", MARGIN, self.bottom + 18, PS_SVG_START, NAMES_WIDTH,
                   more);
    }
  return ps_svg_finish (&self.svg);
}
