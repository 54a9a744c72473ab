/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Where everything of an exit's picture goes: how long its time line is, how many rows stand over
 * it, and how high they are together.
 *
 * A phase is a row of steps of one event and one priority: they run together.
 */

#include "ps-svg-exit-private.h"

#include <string.h>

#include "ps-svg-words.h"

const PsStep *
ps_svg_exit_step (const PsSvgExit *self, guint index)
{
  return g_ptr_array_index (self->life->steps, index);
}

gboolean
ps_svg_exit_begins_phase (const PsSvgExit *self, guint index)
{
  const PsStep *step = ps_svg_exit_step (self, index), *before;

  if (index == 0)
    return TRUE;
  before = ps_svg_exit_step (self, index - 1);
  return strcmp (step->event, before->event) != 0
         || (step->has_priority && before->has_priority && step->priority != before->priority);
}

gint64
ps_svg_exit_sane_us (gint64 time_us)
{
  return CLAMP (time_us, -PS_SVG_TIME_MAX_US, PS_SVG_TIME_MAX_US);
}

gint64
ps_svg_exit_step_end_us (const PsSvgExit *self, const PsStep *step)
{
  if (step->is_begun && step->is_done && step->duration_us != PS_UNKNOWN)
    return ps_svg_exit_sane_us (step->begun_us) + ps_svg_exit_sane_us (step->duration_us);
  return step->is_done ? ps_svg_exit_sane_us (step->done_us) : self->end_us;
}

static void
find_end (PsSvgExit *self)
{
  const PsLife *life = self->life;

  if (life->exit_duration_us != PS_UNKNOWN)
    self->end_us = MAX (ps_svg_exit_sane_us (life->exit_duration_us), 0);
  else if (life->exit_begun_monotonic_us >= 0
           && life->ended_monotonic_us > life->exit_begun_monotonic_us)
    self->end_us = ps_svg_exit_sane_us (life->ended_monotonic_us - life->exit_begun_monotonic_us);
  for (guint i = 0; i < self->n_rows; i++)
    {
      const PsStep *step = ps_svg_exit_step (self, i);

      if (step->is_begun)
        self->end_us = MAX (self->end_us, ps_svg_exit_sane_us (step->begun_us));
      if (step->is_done && life->exit_duration_us == PS_UNKNOWN)
        self->end_us = MAX (self->end_us, ps_svg_exit_step_end_us (self, step));
    }
}

void
ps_svg_exit_lay_out (PsSvgExit *self)
{
  gint64 from_us = 0, to_us, deadline_us = self->life->deadline_us;
  guint n_phases = 0;

  self->n_rows = self->life->steps != NULL ? MIN (self->life->steps->len, ROWS_MAX) : 0;
  find_end (self);
  to_us = MAX (self->end_us, 1);
  for (guint i = 0; i < self->n_rows; i++)
    {
      const PsStep *step = ps_svg_exit_step (self, i);

      n_phases += ps_svg_exit_begins_phase (self, i);
      if (step->is_begun)
        from_us = MIN (from_us, ps_svg_exit_sane_us (step->begun_us));
      to_us = MAX (to_us, ps_svg_exit_step_end_us (self, step));
    }
  if (deadline_us > 0 && deadline_us / 8 * 5 <= to_us)
    to_us = MAX (to_us, deadline_us);
  self->scale = (PsSvgScale){ PLOT_LEFT, PLOT_RIGHT, from_us, to_us, FALSE };
  self->bottom = ROWS_Y + n_phases * PHASE_HEIGHT + self->n_rows * ROW_HEIGHT + GAP;
}

double
ps_svg_exit_x (const PsSvgExit *self, gint64 at_us)
{
  return ps_svg_scale_x (&self->scale, at_us);
}
