/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the files that draw one exit: ps-svg-exit-layout.c (where everything goes),
 * ps-svg-exit-rows.c (phases and steps), ps-svg-exit.c (all around them). */

#include "ps-life.h"
#include "ps-svg-scale.h"
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
} PsSvgExit;

/* ps-svg-exit-layout.c */
/* Once, before anything is drawn: a picture says first how high it is. */
void ps_svg_exit_lay_out (PsSvgExit *self);
const PsStep *ps_svg_exit_step (const PsSvgExit *self, guint index);
gboolean ps_svg_exit_begins_phase (const PsSvgExit *self, guint index);
/* Within what a picture can hold. */
gint64 ps_svg_exit_sane_us (gint64 time_us);
/* A bar's end; of a step that was running at the end, the end. */
gint64 ps_svg_exit_step_end_us (const PsSvgExit *self, const PsStep *step);
double ps_svg_exit_x (const PsSvgExit *self, gint64 at_us);

/* ps-svg-exit-rows.c */
void ps_svg_exit_draw_rows (PsSvgExit *self);
