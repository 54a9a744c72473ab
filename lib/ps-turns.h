/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which thread works: one at a time. Thread-safe. */

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>

typedef struct
{
  GMutex lock;
  GCond idle;
  _Atomic pthread_t conductor; /* the only one that may; none: whoever runs the loop */
  _Atomic pthread_t turning;   /* the one that works */
  int turner;                  /* atomic: the number of the last one that did */
  pthread_t runner;            /* the one that runs the loop for us */
  guint depth;                 /* more than 1: from within a callback */
  guint n_waiting;             /* for it to be idle */
} PsTurns;

void ps_turns_init (PsTurns *turns);
void ps_turns_clear (PsTurns *turns);

guint ps_turns_enter (PsTurns *turns);
void ps_turns_leave (PsTurns *turns);
gboolean ps_turns_may_go_on (PsTurns *turns);
gboolean ps_turns_is_in_one (PsTurns *turns);

void ps_turns_take_over (PsTurns *turns, gint64 end_us, gboolean (*seize) (gpointer data),
                         gpointer data);
gboolean ps_turns_wait_for_conductor (PsTurns *turns, gboolean (*is_over) (gpointer data),
                                      gpointer data);

void ps_turns_set_runs (PsTurns *turns, gboolean runs);
gboolean ps_turns_is_run_elsewhere (PsTurns *turns);
gboolean ps_turns_abandon (PsTurns *turns);
int ps_turns_get_last (PsTurns *turns);
gboolean ps_turns_is_at_rest (PsTurns *turns);
