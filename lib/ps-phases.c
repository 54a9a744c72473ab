/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A phase is a queue of links that belong to those who stand in it; the phases of an event are in a
 * balanced tree. Adding and removing are O(1) but for that tree, whose size is the number of
 * different priorities; the phase that was looked up last is at hand. Only adding takes memory.
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
  *self = (PsPhases){ .kept = NULL };
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

  g_queue_unlink (&phase->queue, link);
  self->counts[i]--;
  if (phase->queue.length == 0 && phase != self->kept)
    drop (self, i, phase);
}

guint
ps_phases_count (const PsPhases *self, PsEvent event)
{
  return self->counts[index_of (event)];
}

/* The first of this priority or a later one; NULL: there is none. */
PsPhase *
ps_phases_find_from (PsPhases *self, PsEvent event, gint64 priority)
{
  GTreeNode *node = priority <= G_MAXINT ? g_tree_lower_bound (self->trees[index_of (event)],
                                                               GINT_TO_POINTER ((int) priority))
                                         : NULL;

  return node != NULL ? g_tree_node_value (node) : NULL;
}

/* This one of that event stays even if it gets empty, and the one before (of the same event) does
 * not any more. phase may be NULL. */
void
ps_phases_keep (PsPhases *self, PsEvent event, PsPhase *phase)
{
  PsPhase *last = self->kept;

  self->kept = phase;
  if (last != NULL && last != phase && last->queue.length == 0)
    drop (self, index_of (event), last);
}

/* Any that stands anywhere; NULL: nobody does. */
GList *
ps_phases_peek (PsPhases *self)
{
  for (guint i = 0; i < PS_PHASES_EVENTS; i++)
    if (self->counts[i] > 0)
      {
        GTreeNode *node = g_tree_node_first (self->trees[i]);

        for (; node != NULL; node = g_tree_node_next (node))
          if (((PsPhase *) g_tree_node_value (node))->queue.head != NULL)
            return ((PsPhase *) g_tree_node_value (node))->queue.head;
      }
  return NULL;
}
