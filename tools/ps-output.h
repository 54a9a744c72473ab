/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where texts for people go: a terminal or not, its width, colours, a pager. */

#include "ps-options.h"

typedef struct
{
  gboolean has_colour;
  gsize width; /* in columns; G_MAXSIZE: nothing is cut */
  GPid pager;  /* 0: none */
  int saved;   /* standard output, while there is a pager */
} PsOutput;

/* Once all is read: nothing else is then to be said on a terminal until it is closed. */
void ps_output_open (PsOutput *output, const PsOptions *options);
void ps_output_close (PsOutput *output);

typedef enum
{
  PS_TINT_NONE,
  PS_TINT_GOOD,
  PS_TINT_WARN,
  PS_TINT_BAD,
  PS_TINT_DIM,
  PS_TINT_BOLD,
} PsTint;

/* "" without colour. */
const char *ps_output_tint (const PsOutput *output, PsTint tint);
const char *ps_output_plain (const PsOutput *output);

/* On standard error, while a journal is read: shown on a terminal, after half a second. */
typedef struct
{
  gint64 begun_us, shown_us;
  guint64 n;
  gboolean is_shown, is_terminal;
} PsProgress;

void ps_progress_begin (PsProgress *progress, const PsOptions *options);
void ps_progress_step (PsProgress *progress);
void ps_progress_end (PsProgress *progress);
