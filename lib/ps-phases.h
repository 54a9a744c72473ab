/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who stands where: by event, by priority, the newest first. Not thread-safe. */

#include "ps-types.h"

#define PS_PHASES_EVENTS 8

/* Those of one event and one priority. */
typedef struct
{
  int priority;
  GQueue queue;
  guint64 taken_in;    /* for whoever calls them: the pass that took from it, */
  guint64 taken_up_to; /* and the newest it took then */
} PsPhase;

typedef struct
{
  GTree *trees[PS_PHASES_EVENTS];
  PsPhase *recent[PS_PHASES_EVENTS]; /* the last that was looked up; NULL: it is gone */
  guint counts[PS_PHASES_EVENTS];
  PsPhase *kept; /* though it may be empty; NULL: none */
} PsPhases;

void ps_phases_init (PsPhases *self);
void ps_phases_clear (PsPhases *self);
void ps_phases_add (PsPhases *self, PsEvent event, int priority, GList *link, gpointer data);
void ps_phases_remove (PsPhases *self, PsEvent event, int priority, GList *link);
guint ps_phases_count (const PsPhases *self, PsEvent event);
PsPhase *ps_phases_find_from (PsPhases *self, PsEvent event, gint64 priority);
void ps_phases_keep (PsPhases *self, PsEvent event, PsPhase *phase);
GList *ps_phases_peek (PsPhases *self);
