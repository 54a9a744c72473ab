/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The rows of an exit's picture: a heading for each phase, a row for each step.
 *
 * A bar is a step, from its call until its last hold was released; the hatched part of it is a hold
 * that was given up on. A bar that is open at its end was running when the process ended.
 */

#include "ps-svg-exit-private.h"

#include "ps-svg-words.h"

/* The heading, and a band behind the steps of the phase; returns how many there are. */
static guint
draw_phase (PsSvgExit *self, guint first, double y)
{
  const PsStep *step = ps_svg_exit_step (self, first);
  g_autofree char *event = g_strdup_printf ("phase %s", ps_svg_words_class (step->event));
  g_autofree char *band = g_strdup_printf ("band %s", ps_svg_words_class (step->event));
  g_autofree char *heading =
      step->has_priority && step->priority != 0
          ? g_strdup_printf ("%s, priority %" G_GINT64_FORMAT, step->event, step->priority)
          : g_strdup (step->event);
  guint last = first + 1;

  while (last < self->n_rows && !ps_svg_exit_begins_phase (self, last))
    last++;
  ps_svg_rect (&self->svg, band, MARGIN - 8, y + 2, WIDTH - 2 * MARGIN + 16,
               PHASE_HEIGHT + (last - first) * ROW_HEIGHT - 3, 5, NULL);
  ps_svg_text (&self->svg, event, MARGIN, y + 16, PS_SVG_START, NAMES_WIDTH, heading);
  return last - first;
}

/* What hovers over a step: everything. */
static char *
step_title (const PsSvgExit *self, const PsStep *step)
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
draw_holds (PsSvgExit *self, const PsStep *step, double y)
{
  for (guint i = 0; step->holds != NULL && i < MIN (step->holds->len, ROWS_MAX); i++)
    {
      const PsHoldDropped *hold = &g_array_index (step->holds, PsHoldDropped, i);
      double from = ps_svg_exit_x (self, ps_svg_exit_sane_us (hold->at_us)
                                             - MAX (ps_svg_exit_sane_us (hold->duration_us), 0));
      double to = ps_svg_exit_x (self, hold->at_us);
      g_autofree char *title = g_strdup_printf ("gave up on: %s\n%s", hold->why, hold->reason);

      ps_svg_rect (&self->svg, "hold", from, y - 2, MAX (to - from, 2), BAR_HEIGHT + 4, 3, title);
    }
}

/* Behind a bar, before it, or in it, where they fit; else where there is most room. */
static void
draw_words (PsSvgExit *self, double from, double to, double y, const char *class, const char *words)
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
draw_step (PsSvgExit *self, const PsStep *step, double y)
{
  g_autofree char *title = step_title (self, step);
  double top = y + (ROW_HEIGHT - BAR_HEIGHT) / 2.0, text_y = y + 15, from, to;
  g_autofree char *words = NULL;
  gboolean is_bad;

  words = step_words (step, &is_bad);
  ps_svg_text (&self->svg, "", MARGIN + 10, text_y, PS_SVG_START, NAMES_WIDTH - 10, step->name);
  from = to = ps_svg_exit_x (self, 0);
  if (step->is_begun)
    {
      from = ps_svg_exit_x (self, step->begun_us);
      to = MAX (ps_svg_exit_x (self, ps_svg_exit_step_end_us (self, step)), from + 2);
      ps_svg_rect (&self->svg, step->is_done ? ps_svg_words_class (step->event) : "bad", from, top,
                   to - from, BAR_HEIGHT, 3, title);
      draw_holds (self, step, top);
    }
  draw_words (self, from, to, text_y, is_bad ? "small bad" : "small muted", words);
}

void
ps_svg_exit_draw_rows (PsSvgExit *self)
{
  double y = ROWS_Y;

  for (guint i = 0; i < self->n_rows;)
    {
      guint n = draw_phase (self, i, y);

      y += PHASE_HEIGHT;
      for (guint end = i + n; i < end; i++, y += ROW_HEIGHT)
        draw_step (self, ps_svg_exit_step (self, i), y);
    }
}
