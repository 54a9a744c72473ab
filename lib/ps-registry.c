/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A registration is one small piece of memory (ps-chunks), found by its ID. What it has in common
 * with others it shares with them (ps-terms). It stands in one phase per event it is for
 * (ps-phases), and has its part in the pair of its function and data (ps-pairs), by which it is
 * called once per exit.
 *
 * A pass walks over the phases of one event. It takes a phase in batches: all that is there, then
 * what was added meanwhile. So a callback may add and remove what it likes: a removed one is
 * passed over, one added for this event is met in this pass, and nothing is called twice.
 *
 * Only adding needs memory. A pass is what an exit is made of, and has to go on without: a batch is
 * a place in the phase's queue, from which the pass walks towards the older ones.
 */

#include "ps-registry.h"
#include "ps-lock.h"

/* floor 1 */
#include "ps-chunks.h"
#include "ps-phases.h"
#include "ps-terms.h"

G_STATIC_ASSERT (sizeof (PsEntry) + sizeof (GList) == PS_CHUNKS_SLOT);
G_STATIC_ASSERT (PS_LASTCALLS_MAX + PS_LASTCALLS_NAMED + 1 <= G_MAXUINT8);

struct _PsRegistry
{
  PsChunks chunks; /* first, so that an entry finds the registry */
  GMutex lock;
  PsTerms terms;
  PsPairs pairs;
  PsPhases phases;
  gboolean closed;

  guint64 pass_number;
  PsEvent pass_event;   /* 0: no pass is under way */
  gint64 pass_position; /* phases from this priority on have not been looked at */
  PsPhase *phase;       /* the one being called; NULL between two */
  GList *next;          /* the next of the batch; NULL: it is through */
  guint64 batch_end;    /* the newest that does not belong to it: it was taken before */
};

PsRegistry *
ps_registry_new (void)
{
  PsRegistry *registry = g_new0 (PsRegistry, 1);

  g_mutex_init (&registry->lock);
  ps_chunks_init (&registry->chunks);
  ps_pairs_init (&registry->pairs);
  ps_phases_init (&registry->phases);
  return registry;
}

/* --- Entries ---------------------------------------------------------------------------------- */

static void
give_memory_back (PsEntry *entry)
{
  ps_terms_unref (entry->is);
  ps_chunks_give_back (entry, entry->slot);
}

/* One that stood for its pair, and does no more. With the lock. */
static void
let_go (PsPair *first)
{
  PsEntry *entry = (PsEntry *) first;

  if (entry->is_gone)
    give_memory_back (entry);
}

static void
call_notify (const PsRegistration *is, gpointer user_data)
{
  if (is->notify != NULL)
    is->notify (ps_terms_get_notify_data (is, user_data));
}

/* Calls the destroy notify: not to be called with the lock held. */
void
ps_registry_unref_entry (PsEntry *entry)
{
  PsRegistry *registry;

  if (!g_atomic_ref_count_dec (&entry->refs))
    return;
  call_notify (entry->is, entry->user_data);
  registry = (PsRegistry *) ps_chunks_get_owner (entry, entry->slot);
  g_mutex_lock (&registry->lock);
  entry->is_gone = TRUE;
  if (!entry->pair.is_first)
    give_memory_back (entry);
  g_mutex_unlock (&registry->lock);
}

/* With the lock. NULL: it was removed, or never was. */
static PsEntry *
find (PsRegistry *registry, guint id)
{
  PsEntry *entry = ps_chunks_find (&registry->chunks, id);

  return entry != NULL && !entry->is_removed ? entry : NULL;
}

PsEntry *
ps_registry_ref_entry (PsRegistry *registry, guint id)
{
  PsEntry *entry;

  g_mutex_lock (&registry->lock);
  entry = find (registry, id);
  if (entry != NULL)
    g_atomic_ref_count_inc (&entry->refs);
  g_mutex_unlock (&registry->lock);
  return entry;
}

guint
ps_registry_get_id (const PsEntry *entry)
{
  return ps_chunks_get_id (entry, entry->slot);
}

/* The larger, the newer. */
static guint64
serial_of (const PsEntry *entry)
{
  return ps_chunks_get_number (entry, entry->slot);
}

/* --- Adding and removing -----------------------------------------------------------------------
 */

static void
stand_in_phases (PsRegistry *registry, PsEntry *entry)
{
  int priority = entry->is->priority;
  GList *link = entry->links;

  for (PsEvents rest = entry->is->events; rest != 0; rest &= rest - 1, link++)
    {
      PsEvent event = rest & -rest;

      ps_phases_add (&registry->phases, event, priority, link, entry);
      if (event == registry->pass_event)
        registry->pass_position = MIN (registry->pass_position, priority);
    }
}

static void
leave_phases (PsRegistry *registry, PsEntry *entry)
{
  GList *link = entry->links;

  for (PsEvents rest = entry->is->events; rest != 0; rest &= rest - 1, link++)
    {
      if (link == registry->next)
        registry->next = link->next;
      ps_phases_remove (&registry->phases, rest & -rest, entry->is->priority, link);
    }
}

/* What a crash has to know of it. FALSE: there is no room for more. */
static gboolean
add_last_call (const PsRegistration *is, gpointer user_data, PsLastCallPlace *place)
{
  *place = PS_LASTCALL_NO_PLACE;
  if (is->last_call == PS_LASTCALL_NONE)
    return TRUE;
  *place = ps_lastcalls_add ((PsLastCallKind) is->last_call, is->name, is->priority,
                             (void (*) (void)) is->callback, user_data);
  return *place != PS_LASTCALL_NO_PLACE;
}

/* So that it is not called again in a crash. */
static void
mark_last_call (const PsEntry *entry, gboolean called)
{
  ps_lastcalls_mark (entry->last_call, (void (*) (void)) entry->is->callback, entry->user_data,
                     called);
}

static guint
n_events (PsEvents events)
{
  guint n = 0;

  for (; events != 0; events &= events - 1)
    n++;
  return n;
}

static PsEntry *
new_entry (PsRegistry *registry, const PsRegistration *is, gpointer user_data,
           PsLastCallPlace last_call)
{
  guint8 slot;
  PsEntry *entry = ps_chunks_take (&registry->chunks,
                                   sizeof *entry + n_events (is->events) * sizeof (GList), &slot);

  entry->is = is;
  entry->user_data = user_data;
  g_atomic_ref_count_init (&entry->refs);
  entry->slot = slot;
  entry->last_call = (guint8) last_call;
  entry->is_removed = FALSE;
  entry->is_gone = FALSE;
  ps_pairs_add (&registry->pairs, &entry->pair);
  stand_in_phases (registry, entry);
  return entry;
}

/* Returns 0 after ps_registry_close(), and when there are too many last calls; the notify is called
 * then. */
guint
ps_registry_add (PsRegistry *registry, const PsRegistration *registration)
{
  const PsRegistration *is;
  PsLastCallPlace last_call;
  guint id = 0;

  g_mutex_lock (&registry->lock);
  if (!registry->closed)
    {
      is = ps_terms_share (&registry->terms, registration);
      if (add_last_call (is, registration->user_data, &last_call))
        id = ps_registry_get_id (new_entry (registry, is, registration->user_data, last_call));
      else
        ps_terms_unref (is);
    }
  g_mutex_unlock (&registry->lock);
  if (id == 0 && registration->notify != NULL)
    registration->notify (registration->notify_data);
  return id; /* the entry may be gone by now */
}

/* Takes the entry out of everything; the caller, without the lock, gives back its reference. */
static void
take_out (PsRegistry *registry, PsEntry *entry)
{
  PsPair *first;

  entry->is_removed = TRUE;
  ps_lastcalls_remove (entry->last_call);
  leave_phases (registry, entry);
  first = ps_pairs_remove (&registry->pairs, &entry->pair);
  if (first != NULL)
    let_go (first);
}

gboolean
ps_registry_remove (PsRegistry *registry, guint id)
{
  PsEntry *entry;

  g_mutex_lock (&registry->lock);
  entry = find (registry, id);
  if (entry != NULL)
    take_out (registry, entry);
  g_mutex_unlock (&registry->lock);

  if (entry != NULL)
    ps_registry_unref_entry (entry);
  return entry != NULL;
}

/* Removes whoever stands there; FALSE: nobody does. */
static gboolean
remove_any (PsRegistry *registry)
{
  GList *link;

  g_mutex_lock (&registry->lock);
  link = ps_phases_peek (&registry->phases);
  if (link != NULL)
    take_out (registry, link->data);
  g_mutex_unlock (&registry->lock);

  if (link != NULL)
    ps_registry_unref_entry (link->data);
  return link != NULL;
}

static void
drop_pass (PsRegistry *registry)
{
  ps_phases_keep (&registry->phases, registry->pass_event, NULL);
  registry->phase = NULL;
  registry->next = NULL;
  registry->pass_event = 0;
}

/* Removes every registration, and refuses new ones from here on: also from destroy notifies. */
void
ps_registry_clear (PsRegistry *registry)
{
  g_mutex_lock (&registry->lock);
  registry->closed = TRUE;
  drop_pass (registry);
  g_mutex_unlock (&registry->lock);
  while (remove_any (registry))
    ;
}

void
ps_registry_close (PsRegistry *registry)
{
  g_mutex_lock (&registry->lock);
  registry->closed = TRUE;
  g_mutex_unlock (&registry->lock);
}

/* In a forked child: whether no thread of the parent was at work here. */
gboolean
ps_registry_is_at_rest (PsRegistry *registry)
{
  return ps_lock_is_free (&registry->lock);
}

guint
ps_registry_count (PsRegistry *registry, PsEvent event)
{
  guint count;

  g_mutex_lock (&registry->lock);
  count = ps_phases_count (&registry->phases, event);
  g_mutex_unlock (&registry->lock);
  return count;
}

void
ps_registry_free (PsRegistry *registry)
{
  if (registry == NULL)
    return;
  ps_registry_clear (registry);
  ps_pairs_begin_exit (&registry->pairs, let_go); /* those that are spent go, too */
  ps_phases_clear (&registry->phases);
  ps_pairs_clear (&registry->pairs);
  ps_chunks_clear (&registry->chunks);
  ps_terms_clear (&registry->terms);
  g_mutex_clear (&registry->lock);
  g_free (registry);
}

/* --- Passes ------------------------------------------------------------------------------------
 */

/* From here on each pair may be called once more. */
void
ps_registry_begin_exit (PsRegistry *registry)
{
  g_mutex_lock (&registry->lock);
  ps_lastcalls_begin_exit ();
  ps_pairs_begin_exit (&registry->pairs, let_go);
  g_mutex_unlock (&registry->lock);
}

/* What is left of a pass before it is dropped. */
void
ps_registry_begin_pass (PsRegistry *registry, PsEvent event)
{
  g_mutex_lock (&registry->lock);
  drop_pass (registry);
  registry->pass_number++;
  registry->pass_event = event;
  registry->pass_position = G_MININT;
  g_mutex_unlock (&registry->lock);
}

/* Begins with what this pass has not taken from the phase yet. FALSE: there is nothing. */
static gboolean
take_batch (PsRegistry *registry)
{
  PsPhase *phase = registry->phase;

  registry->batch_end = phase->taken_in == registry->pass_number ? phase->taken_up_to : 0;
  registry->next = phase->queue.head;
  if (registry->next == NULL || serial_of (registry->next->data) <= registry->batch_end)
    {
      registry->next = NULL;
      return FALSE;
    }
  phase->taken_in = registry->pass_number;
  phase->taken_up_to = serial_of (registry->next->data);
  return TRUE;
}

/* Steps to the next phase: the first from the position on. What was added to a phase that is
 * already over has moved the position back. */
static gboolean
next_phase (PsRegistry *registry)
{
  PsPhase *phase =
      ps_phases_find_from (&registry->phases, registry->pass_event, registry->pass_position);

  registry->phase = phase;
  ps_phases_keep (&registry->phases, registry->pass_event, phase);
  if (phase != NULL)
    registry->pass_position = (gint64) phase->priority + 1;
  return phase != NULL;
}

/* The next of the batch that is still to be called, marked as called, with a reference for the
 * caller; NULL: none is left. */
static PsEntry *
claim (PsRegistry *registry)
{
  while (registry->next != NULL)
    {
      PsEntry *entry = registry->next->data;

      if (serial_of (entry) <= registry->batch_end)
        break;
      registry->next = registry->next->next;
      if (registry->next != NULL)
        ps_pairs_expect (&((PsEntry *) registry->next->data)->pair);
      if (!ps_pairs_claim (&registry->pairs, &entry->pair))
        continue;
      mark_last_call (entry, TRUE);
      g_atomic_ref_count_inc (&entry->refs);
      return entry;
    }
  registry->next = NULL;
  return NULL;
}

/* The next callback of the pass, with a reference for the caller. holds: whether any hold of this
 * phase is outstanding. */
PsNext
ps_registry_next (PsRegistry *registry, gboolean holds, PsEntry **entry)
{
  PsNext next = PS_NEXT_DONE;

  g_mutex_lock (&registry->lock);
  *entry = NULL;
  while (registry->pass_event != 0)
    {
      *entry = claim (registry);
      if (*entry != NULL)
        {
          next = PS_NEXT_CALL;
          break;
        }
      if (registry->phase != NULL && take_batch (registry))
        continue;
      if (registry->phase != NULL && holds)
        {
          next = PS_NEXT_WAIT;
          break;
        }
      if (!next_phase (registry))
        registry->pass_event = 0;
    }
  g_mutex_unlock (&registry->lock);
  return next;
}

/* It was not called after all: a later event of this exit may still call it. */
void
ps_registry_unclaim (PsRegistry *registry, PsEntry *entry)
{
  g_mutex_lock (&registry->lock);
  if (!entry->is_removed)
    {
      ps_pairs_unclaim (&entry->pair);
      mark_last_call (entry, FALSE);
    }
  g_mutex_unlock (&registry->lock);
}
