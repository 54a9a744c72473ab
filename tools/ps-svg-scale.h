/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Times to places on an axis. Pure. */

#include <glib.h>

#define PS_SVG_TICKS_MAX 24

typedef struct
{
  double left; /* pixels */
  double right;
  gint64 from_us;
  gint64 to_us;
  gboolean is_logarithmic;
} PsSvgScale;

double ps_svg_scale_x (const PsSvgScale *scale, gint64 at_us);
/* Room for the words of a time. */
#define PS_SVG_SCALE_WORDS 64

/* Round times within the scale; returns how many. */
guint ps_svg_scale_ticks (const PsSvgScale *scale, gint64 ticks[PS_SVG_TICKS_MAX]);
/* As short as it is exact: 0, 250 µs, 2.5 ms, 90 s, 2 h 3 min. Returns buffer. */
char *ps_svg_scale_words (char *buffer, gsize size, gint64 time_us);
