/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Many exits as a picture: how long each step took, and how that is spread. Pure. */

#include "ps-lives.h"

/* The SVG document, to be freed; NULL when no step was done. title: NULL for one of its own. */
char *ps_svg_blame (const PsLives *lives, const char *title);
