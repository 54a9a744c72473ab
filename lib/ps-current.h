/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which callback is running: written by the thread that conducts, read by signal handlers. */

#include <stdint.h>

typedef struct
{
  char event[16];
  char name[128];
  int64_t begun_us; /* CLOCK_MONOTONIC; 0: none is running */
} PsCurrent;

void ps_current_set (const char *event, const char *name, int64_t begun_us);
void ps_current_clear (void);
int ps_current_get (PsCurrent *current);
