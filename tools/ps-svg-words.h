/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What pictures say of a life. Pure; raw, to be escaped where it is written. All to be freed. */

#include "ps-life.h"

/* A hundred years: what claims to be longer is not true, and must not overflow. */
#define PS_SVG_TIME_MAX_US (G_GINT64_CONSTANT (36525) * 24 * 3600 * G_USEC_PER_SEC)

/* SIGTERM from systemd (1); quit with code 3; … */
char *ps_svg_words_why (const PsWhy *why);
/* terminated with status 143 after 2 h 3 min; the exit took 29 ms of 60 s */
char *ps_svg_words_end (const PsLife *life);
/* When, where, which process. */
char *ps_svg_words_whose (const PsLife *life);
/* unit, or program. */
const char *ps_svg_words_name (const PsLife *life);
/* The class of the style sheet for what belongs to an event. */
const char *ps_svg_words_class (const char *event);
