/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Many exits as a picture: how long each step took, and how that is spread. Pure. */

#include "ps-blame.h"

/* The SVG document, to be freed; NULL when nothing was told of steps. */
char *ps_svg_blame (const PsBlame *blame);
