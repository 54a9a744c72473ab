/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a run record (docs/run-format.md) says of the lives in it, and of the last one. Pure. */

#include <stddef.h>

#include "ps-run-life.h"

typedef struct
{
  int is_foreign; /* not a run record, or one of a version that is not known; nothing else is set */
  unsigned n_lives;
  unsigned n_bad;     /* lines that are damaged */
  unsigned n_unknown; /* lines that a later version wrote */
  int is_torn;        /* the last line is not whole */
  PsRunLife last;     /* meaningful where n_lives > 0 */
} PsRunLives;

void ps_run_lives_read (PsRunLives *record, const char *text, size_t length);

/* Where the last n lives begin; n is not 0. */
size_t ps_run_lives_find_last (const char *text, size_t length, unsigned n);
