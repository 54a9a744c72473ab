/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A registration is one small piece of memory (ps-chunks), found by its ID. What it has in common
 * with others it shares with them (ps-terms). It stands in one phase per event it is for
 * (ps-phases), and has its part in the pair of its function and data (ps-pairs), by which it is
 * called once per exit.
 *
 * A pass walks over the phases of one event. Only adding needs memory: a pass is what an exit is
 * made of, and has to go on without.
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

/* --- Adding and removing --------------------------------------------------------------------- */

static void
stand_in_phases (PsRegistry *registry, PsEntry *entry)
{
  int priority = entry->is->priority;
  GList *link = entry->links;

  for (PsEvents rest = entry->is->events; rest != 0; rest &= rest - 1, link++)
    ps_phases_add (&registry->phases, rest & -rest, priority, link, entry);
}

static void
leave_phases (PsRegistry *registry, PsEntry *entry)
{
  GList *link = entry->links;

  for (PsEvents rest = entry->is->events; rest != 0; rest &= rest - 1, link++)
    ps_phases_remove (&registry->phases, rest & -rest, entry->is->priority, link);
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

/* With the lock, which it gives back: the notify is called without. FALSE: entry is NULL. */
static gboolean
remove_and_unlock (PsRegistry *registry, PsEntry *entry)
{
  if (entry != NULL)
    take_out (registry, entry);
  g_mutex_unlock (&registry->lock);

  if (entry != NULL)
    ps_registry_unref_entry (entry);
  return entry != NULL;
}

gboolean
ps_registry_remove (PsRegistry *registry, guint id)
{
  g_mutex_lock (&registry->lock);
  return remove_and_unlock (registry, find (registry, id));
}

/* Whoever stands there; FALSE: nobody does. */
static gboolean
remove_any (PsRegistry *registry)
{
  g_mutex_lock (&registry->lock);
  return remove_and_unlock (registry, ps_phases_peek (&registry->phases));
}

/* Removes every registration, and refuses new ones from here on: also from destroy notifies. */
void
ps_registry_clear (PsRegistry *registry)
{
  g_mutex_lock (&registry->lock);
  registry->closed = TRUE;
  ps_phases_end_walk (&registry->phases);
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

/* --- Passes ---------------------------------------------------------------------------------- */

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
  ps_phases_begin_walk (&registry->phases, event);
  g_mutex_unlock (&registry->lock);
}

/* The next of the batch that is still to be called, marked as called, with a reference for the
 * caller; NULL: none is left. */
static PsEntry *
claim (PsRegistry *registry)
{
  PsEntry *entry;

  while ((entry = ps_phases_next (&registry->phases)) != NULL)
    {
      const PsEntry *after = ps_phases_expect (&registry->phases);

      if (after != NULL)
        ps_pairs_expect (&after->pair);
      if (!ps_pairs_claim (&registry->pairs, &entry->pair))
        continue;
      mark_last_call (entry, TRUE);
      g_atomic_ref_count_inc (&entry->refs);
      break;
    }
  return entry;
}

/* The next callback of the pass, with a reference for the caller. holds: whether any hold of this
 * phase is outstanding. */
PsNext
ps_registry_next (PsRegistry *registry, gboolean holds, PsEntry **entry)
{
  PsPhases *phases = &registry->phases;
  PsNext next = PS_NEXT_DONE;

  g_mutex_lock (&registry->lock);
  *entry = NULL;
  while (phases->event != 0)
    {
      *entry = claim (registry);
      if (*entry != NULL)
        {
          next = PS_NEXT_CALL;
          break;
        }
      if (phases->phase != NULL && ps_phases_take_batch (phases))
        continue;
      if (phases->phase != NULL && holds)
        {
          next = PS_NEXT_WAIT;
          break;
        }
      if (!ps_phases_next_phase (phases))
        ps_phases_end_walk (phases);
    }
  g_mutex_unlock (&registry->lock);
  return next;
}

/* It counts as called: it is at work already, outside of the pass. 0: none is. */
void
ps_registry_claim (PsRegistry *registry, guint id)
{
  PsEntry *entry;

  g_mutex_lock (&registry->lock);
  entry = find (registry, id);
  if (entry != NULL)
    ps_pairs_claim (&registry->pairs, &entry->pair);
  g_mutex_unlock (&registry->lock);
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
