/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A phase is a queue of links that belong to those who stand in it; the phases of an event are in a
 * balanced tree. Adding and removing are O(1) but for that tree, whose size is the number of
 * different priorities; the phase that was looked up last is at hand.
 *
 * A walk takes a phase in batches: all who stand there, then who came meanwhile. So whoever is met
 * may add and remove what it likes: what is removed is passed over, what is added for this event is
 * met in this walk, and nobody is met twice. A batch is a part of the queue, from the newest to the
 * newest of the batch before; the walk goes on towards the older ones, and newer ones do not
 * disturb it.
 *
 * Only adding takes memory.
 */

#include "ps-phases.h"

static int
compare_priorities (gconstpointer a, gconstpointer b, gpointer unused)
{
  int x = GPOINTER_TO_INT (a), y = GPOINTER_TO_INT (b);

  return (x > y) - (x < y);
}

void
ps_phases_init (PsPhases *self)
{
  *self = (PsPhases){ .event = 0 };
  for (guint i = 0; i < PS_PHASES_EVENTS; i++)
    self->trees[i] = g_tree_new_full (compare_priorities, NULL, NULL, g_free);
}

void
ps_phases_clear (PsPhases *self)
{
  for (guint i = 0; i < PS_PHASES_EVENTS; i++)
    g_clear_pointer (&self->trees[i], g_tree_unref);
}

static guint
index_of (PsEvent event)
{
  return (guint) __builtin_ctz (event);
}

/* NULL: there is none. */
static PsPhase *
find (PsPhases *self, guint i, int priority)
{
  if (self->recent[i] == NULL || self->recent[i]->priority != priority)
    self->recent[i] = g_tree_lookup (self->trees[i], GINT_TO_POINTER (priority));
  return self->recent[i];
}

/* link: in none yet, and to stay where it is while it stands there for data. */
void
ps_phases_add (PsPhases *self, PsEvent event, int priority, GList *link, gpointer data)
{
  guint i = index_of (event);
  PsPhase *phase = find (self, i, priority);

  if (phase == NULL)
    {
      phase = g_new0 (PsPhase, 1);
      phase->priority = priority;
      g_tree_insert (self->trees[i], GINT_TO_POINTER (priority), phase);
      self->recent[i] = phase;
    }
  *link = (GList){ .data = data };
  g_queue_push_head_link (&phase->queue, link);
  self->counts[i]++;
  if (event == self->event)
    self->position = MIN (self->position, priority);
}

static void
drop (PsPhases *self, guint i, PsPhase *phase)
{
  self->recent[i] = NULL;
  g_tree_remove (self->trees[i], GINT_TO_POINTER (phase->priority));
}

void
ps_phases_remove (PsPhases *self, PsEvent event, int priority, GList *link)
{
  guint i = index_of (event);
  PsPhase *phase = find (self, i, priority);

  if (self->next == link)
    self->next = link->next;
  if (self->end == link)
    self->end = link->next;
  if (phase->taken == link)
    phase->taken = link->next;
  g_queue_unlink (&phase->queue, link);
  self->counts[i]--;
  if (phase->queue.length == 0 && phase != self->phase)
    drop (self, i, phase);
}

guint
ps_phases_count (const PsPhases *self, PsEvent event)
{
  return self->counts[index_of (event)];
}

/* Anybody who stands anywhere; NULL: nobody does. */
gpointer
ps_phases_peek (PsPhases *self)
{
  for (guint i = 0; i < PS_PHASES_EVENTS; i++)
    if (self->counts[i] > 0)
      {
        GTreeNode *node = g_tree_node_first (self->trees[i]);

        for (; node != NULL; node = g_tree_node_next (node))
          if (((PsPhase *) g_tree_node_value (node))->queue.head != NULL)
            return g_queue_peek_head (&((PsPhase *) g_tree_node_value (node))->queue);
      }
  return NULL;
}

/* --- The walk --------------------------------------------------------------------------------- */

static void
enter_phase (PsPhases *self, PsPhase *phase)
{
  PsPhase *last = self->phase;

  self->phase = phase;
  self->next = self->end = NULL;
  if (last != NULL && last != phase && last->queue.length == 0)
    drop (self, index_of (self->event), last);
}

void
ps_phases_end_walk (PsPhases *self)
{
  enter_phase (self, NULL);
  self->event = 0;
}

/* What is left of a walk before it is dropped. */
void
ps_phases_begin_walk (PsPhases *self, PsEvent event)
{
  ps_phases_end_walk (self);
  self->number++;
  self->event = event;
  self->position = G_MININT;
}

/* The next of the batch; NULL: it is through. */
gpointer
ps_phases_next (PsPhases *self)
{
  GList *link = self->next;

  if (link == self->end)
    return NULL;
  self->next = link->next;
  return link->data;
}

/* The one after that, if there is one. */
gpointer
ps_phases_expect (PsPhases *self)
{
  return self->next != self->end ? self->next->data : NULL;
}

/* Begins with what this walk has not taken from the phase yet. FALSE: there is nothing. */
gboolean
ps_phases_take_batch (PsPhases *self)
{
  PsPhase *phase = self->phase;

  self->end = phase->taken_in == self->number ? phase->taken : NULL;
  self->next = phase->taken = phase->queue.head;
  phase->taken_in = self->number;
  return self->next != self->end;
}

/* Steps to the next phase: the first from the position on. Who was added to a phase that is already
 * over has moved the position back. FALSE: there is none. */
gboolean
ps_phases_next_phase (PsPhases *self)
{
  GTreeNode *node = self->position <= G_MAXINT ? g_tree_lower_bound (
                        self->trees[index_of (self->event)], GINT_TO_POINTER ((int) self->position))
                                               : NULL;

  enter_phase (self, node != NULL ? g_tree_node_value (node) : NULL);
  if (node != NULL)
    self->position = (gint64) self->phase->priority + 1;
  return node != NULL;
}
