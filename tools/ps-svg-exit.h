/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One exit as a picture. Pure. */

#include "ps-life.h"

/* The SVG document, to be freed. life: whole, with steps and notes, and its exit has begun. */
char *ps_svg_exit (const PsLife *life);
