/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who stands where: by event, by priority, the newest first; and a walk over those of one event.
 * Not thread-safe. */

#include "ps-types.h"

#define PS_PHASES_EVENTS 8

/* Those of one event and one priority. */
typedef struct
{
  int priority;
  GQueue queue;
  guint64 taken_in; /* the walk that took from it, */
  GList *taken;     /* and the newest of those it took that are still there */
} PsPhase;

typedef struct
{
  GTree *trees[PS_PHASES_EVENTS];
  PsPhase *recent[PS_PHASES_EVENTS]; /* the last that was looked up; NULL: it is gone */
  guint counts[PS_PHASES_EVENTS];

  /* The walk. */
  guint64 number;
  PsEvent event;   /* 0: there is none */
  gint64 position; /* phases from this priority on have not been looked at */
  PsPhase *phase;  /* the one that is walked through; NULL between two */
  GList *next;     /* the next of the batch */
  GList *end;      /* where the batch ends */
} PsPhases;

void ps_phases_init (PsPhases *self);
void ps_phases_clear (PsPhases *self);
void ps_phases_add (PsPhases *self, PsEvent event, int priority, GList *link, gpointer data);
void ps_phases_remove (PsPhases *self, PsEvent event, int priority, GList *link);
guint ps_phases_count (const PsPhases *self, PsEvent event);
gpointer ps_phases_peek (PsPhases *self);

void ps_phases_begin_walk (PsPhases *self, PsEvent event);
void ps_phases_end_walk (PsPhases *self);
gpointer ps_phases_next (PsPhases *self);
gpointer ps_phases_expect (PsPhases *self);
gboolean ps_phases_take_batch (PsPhases *self);
gboolean ps_phases_next_phase (PsPhases *self);
