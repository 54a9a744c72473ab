/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A picture as text: what all our pictures have in common. Pure. Coordinates are pixels; what would
 * lie outside of the picture is moved to its edge. Texts are escaped here, and only here. */

#include <glib.h>

/* A letter of the usual size, at most on average. */
#define PS_SVG_LETTER 7.4

typedef enum
{
  PS_SVG_START,
  PS_SVG_MIDDLE,
  PS_SVG_END,
} PsSvgAnchor;

typedef struct
{
  GString *text;
  double width;
  double height;
} PsSvg;

/* title and description: for those who hear the picture. */
void ps_svg_init (PsSvg *self, double width, double height, const char *title,
                  const char *description);
/* The whole document. */
char *ps_svg_finish (PsSvg *self);

/* class: words of the style sheet in ps-svg.c. title: shown on hover, may be NULL. */
void ps_svg_rect (PsSvg *self, const char *class, double x, double y, double width, double height,
                  double radius, const char *title);
void ps_svg_line (PsSvg *self, const char *class, double x1, double y1, double x2, double y2);
void ps_svg_dot (PsSvg *self, const char *class, double x, double y, double radius,
                 const char *title);
/* A triangle that points down at x, y. */
void ps_svg_pin (PsSvg *self, const char *class, double x, double y, const char *title);
/* room: how many pixels it may take; it is cut to that, and whole on hover. Returns its width. */
double ps_svg_text (PsSvg *self, const char *class, double x, double y, PsSvgAnchor anchor,
                    double room, const char *text);

/* How many pixels a text of the usual size takes, at most. */
double ps_svg_text_width (const char *text);
