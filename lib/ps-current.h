/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which callback is running: written by the thread that conducts, read by signal handlers. */

#include <pthread.h>
#include <stdint.h>

#define PS_CURRENT_NAME_SIZE 128

typedef struct
{
  const char *event;
  char name[PS_CURRENT_NAME_SIZE];
  int64_t begun_us; /* CLOCK_MONOTONIC; 0: none is running */
  pthread_t thread; /* where it runs */
} PsCurrent;

/* event: a literal. name: a line that can be shown to people, since a handler cannot make one of
 * it; it is cut at a character's end where it is longer than PsCurrent has room for. */
void ps_current_set (const char *event, const char *name, int64_t begun_us);
void ps_current_clear (void);
int ps_current_get (PsCurrent *current);

/* The service manager was told that we live; how long it waits for the next time, 0: for ever. */
void ps_current_alive (int64_t now_us, uint64_t limit_us);
int64_t ps_current_silent_us (int64_t now_us);
