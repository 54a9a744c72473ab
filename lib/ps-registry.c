/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A registration hangs in one bucket per event it is for; a bucket holds the registrations of one
 * (event, priority), newest first, which is a phase. Buckets stand in a balanced tree per event,
 * and IDs in a hash table: adding and removing are O(1) but for the tree, whose size is the number
 * of different priorities.
 *
 * A pass walks over the phases of one event. It takes a phase in batches: all that is there, then
 * what was added meanwhile. So a callback may add and remove what it likes: a removed one is
 * passed over, one added for this event is met in this pass, and nothing is called twice.
 *
 * Only adding needs memory. A pass is what an exit is made of, and has to go on without.
 *
 * "Once per exit" is a mark on the pair (callback, user_data), which all its registrations share.
 */

#include "ps-registry.h"
#include "ps-lock.h"

#include <string.h>

struct _PsPair
{
  PsCallback callback;
  gpointer user_data;
  guint refs;
  gboolean is_spent; /* it is among the spent ones */
  guint64 called_in; /* the exit it was last called in */
};

typedef struct
{
  int priority;
  GQueue entries;
  guint64 taken_in;    /* the pass that took from it */
  guint64 taken_up_to; /* and the newest it took then */
} Bucket;

#define N_EVENTS 8

struct _PsRegistry
{
  GMutex lock;
  GHashTable *entries; /* ID → PsEntry */
  GHashTable *pairs;   /* set of PsPair */
  GTree *phases[N_EVENTS];
  guint counts[N_EVENTS];
  guint64 serial;
  guint last_id;
  gboolean closed;

  guint64 exit_number;
  guint64 pass_number;
  PsEvent pass_event;   /* 0: no pass is under way */
  gint64 pass_position; /* buckets from this priority on have not been looked at */
  Bucket *phase;        /* the one being called; NULL between two */
  GPtrArray *batch;     /* of owned PsEntry, */
  guint batch_next;     /* those from here on are to be called */
  GPtrArray *spent;     /* pairs that were called in this exit and had no registration then */
  guint room;           /* for how many entries and pairs these two have memory */
};

static guint
pair_hash (gconstpointer key)
{
  const PsPair *pair = key;
  guint64 mixed = ((guintptr) pair->callback * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15))
                  ^ (guintptr) pair->user_data;

  mixed *= G_GUINT64_CONSTANT (0xff51afd7ed558ccd);
  return (guint) (mixed >> 32);
}

static gboolean
pair_equal (gconstpointer a, gconstpointer b)
{
  const PsPair *x = a, *y = b;

  return x->callback == y->callback && x->user_data == y->user_data;
}

static int
compare_priorities (gconstpointer a, gconstpointer b, gpointer unused)
{
  int x = GPOINTER_TO_INT (a), y = GPOINTER_TO_INT (b);

  return (x > y) - (x < y);
}

PsRegistry *
ps_registry_new (void)
{
  PsRegistry *registry = g_new0 (PsRegistry, 1);

  g_mutex_init (&registry->lock);
  registry->entries = g_hash_table_new (NULL, NULL);
  registry->pairs = g_hash_table_new_full (pair_hash, pair_equal, g_free, NULL);
  for (guint i = 0; i < N_EVENTS; i++)
    registry->phases[i] = g_tree_new_full (compare_priorities, NULL, NULL, g_free);
  registry->batch = g_ptr_array_new ();
  registry->spent = g_ptr_array_new ();
  registry->exit_number = 1;
  return registry;
}

void
ps_registry_free (PsRegistry *registry)
{
  if (registry == NULL)
    return;
  ps_registry_clear (registry);
  g_ptr_array_unref (registry->batch);
  g_ptr_array_unref (registry->spent);
  for (guint i = 0; i < N_EVENTS; i++)
    g_tree_unref (registry->phases[i]);
  g_hash_table_unref (registry->pairs);
  g_hash_table_unref (registry->entries);
  g_mutex_clear (&registry->lock);
  g_free (registry);
}

static guint
event_index (PsEvent event)
{
  return (guint) g_bit_nth_lsf (event, -1);
}

static GTree *
phases_of (PsRegistry *registry, PsEvent event)
{
  return registry->phases[event_index (event)];
}

/* Calls the destroy notify: not to be called with the lock held. */
void
ps_registry_unref_entry (PsEntry *entry)
{
  if (!g_atomic_ref_count_dec (&entry->refs))
    return;
  if (entry->is.notify != NULL)
    entry->is.notify (entry->is.notify_data);
  g_free (entry);
}

PsEntry *
ps_registry_ref_entry (PsRegistry *registry, guint id)
{
  PsEntry *entry;

  g_mutex_lock (&registry->lock);
  entry = g_hash_table_lookup (registry->entries, GUINT_TO_POINTER (id));
  if (entry != NULL)
    g_atomic_ref_count_inc (&entry->refs);
  g_mutex_unlock (&registry->lock);
  return entry;
}

static PsPair *
ref_pair (PsRegistry *registry, PsCallback callback, gpointer user_data)
{
  PsPair key = { .callback = callback, .user_data = user_data };
  PsPair *pair = g_hash_table_lookup (registry->pairs, &key);

  if (pair == NULL)
    {
      pair = g_memdup2 (&key, sizeof key);
      g_hash_table_add (registry->pairs, pair);
    }
  pair->refs++;
  return pair;
}

/* A pair that was called in this exit is kept: removing a registration and making it anew does not
 * let it be called twice. */
static void
unref_pair (PsRegistry *registry, PsPair *pair)
{
  if (--pair->refs > 0)
    return;
  if (pair->is_spent)
    return;
  pair->is_spent = pair->called_in == registry->exit_number;
  if (pair->is_spent)
    g_ptr_array_add (registry->spent, pair);
  else
    g_hash_table_remove (registry->pairs, pair);
}

/* What a pass will write down has its place from the start on. */
static void
make_room (GPtrArray *array, guint room)
{
  guint length = array->len;

  g_ptr_array_set_size (array, (int) room);
  g_ptr_array_set_size (array, (int) length);
}

static void
make_room_for_all (PsRegistry *registry)
{
  guint needed = MAX (g_hash_table_size (registry->entries), g_hash_table_size (registry->pairs));

  if (needed <= registry->room)
    return;
  registry->room = MAX (2 * registry->room, needed);
  make_room (registry->batch, registry->room);
  make_room (registry->spent, registry->room);
}

static void
link_entry (PsRegistry *registry, PsEntry *entry, PsEvent event, GList *link)
{
  GTree *phases = phases_of (registry, event);
  Bucket *bucket = g_tree_lookup (phases, GINT_TO_POINTER (entry->is.priority));

  if (bucket == NULL)
    {
      bucket = g_new0 (Bucket, 1);
      bucket->priority = entry->is.priority;
      g_tree_insert (phases, GINT_TO_POINTER (entry->is.priority), bucket);
    }
  link->data = entry;
  g_queue_push_head_link (&bucket->entries, link);
  registry->counts[event_index (event)]++;
  if (event == registry->pass_event)
    registry->pass_position = MIN (registry->pass_position, entry->is.priority);
}

static void
unlink_entry (PsRegistry *registry, PsEntry *entry, PsEvent event, GList *link)
{
  GTree *phases = phases_of (registry, event);
  Bucket *bucket = g_tree_lookup (phases, GINT_TO_POINTER (entry->is.priority));

  g_queue_unlink (&bucket->entries, link);
  registry->counts[event_index (event)]--;
  if (bucket->entries.length == 0 && bucket != registry->phase)
    g_tree_remove (phases, GINT_TO_POINTER (entry->is.priority));
}

static guint
new_id (PsRegistry *registry)
{
  do
    registry->last_id++;
  while (registry->last_id == 0
         || g_hash_table_contains (registry->entries, GUINT_TO_POINTER (registry->last_id)));
  return registry->last_id;
}

static PsEntry *
new_entry (const PsRegistration *registration)
{
  guint n_events = (guint) __builtin_popcount (registration->events);
  gsize size = sizeof (PsEntry) + n_events * sizeof (GList);
  const char *name = registration->name != NULL ? registration->name : "a callback without a name";
  PsEntry *entry = g_malloc0 (size + strlen (name) + 1);

  entry->is = *registration;
  entry->is.name = strcpy ((char *) entry + size, name);
  g_atomic_ref_count_init (&entry->refs);
  return entry;
}

/* What a crash has to know of it. FALSE: there is no room for more. */
static gboolean
add_last_call (PsEntry *entry)
{
  const PsRegistration *is = &entry->is;

  if (is->last_call == PS_LASTCALL_NONE)
    return TRUE;
  entry->last_call = ps_lastcalls_add (is->last_call, is->name, is->priority,
                                       (void (*) (void)) is->callback, is->user_data);
  return entry->last_call != PS_LASTCALL_NO_PLACE;
}

/* So that it is not called again in a crash. */
static void
mark_last_call (PsEntry *entry, gboolean called)
{
  ps_lastcalls_mark (entry->last_call, (void (*) (void)) entry->is.callback, entry->is.user_data,
                     called);
}

/* Returns 0 after ps_registry_close(), and when there are too many last calls; the notify is called
 * then. */
guint
ps_registry_add (PsRegistry *registry, const PsRegistration *registration)
{
  PsEntry *entry = new_entry (registration);
  guint i = 0, id;

  g_mutex_lock (&registry->lock);
  if (registry->closed || !add_last_call (entry))
    {
      g_mutex_unlock (&registry->lock);
      ps_registry_unref_entry (entry);
      return 0;
    }
  entry->id = id = new_id (registry);
  entry->serial = ++registry->serial;
  entry->pair = ref_pair (registry, entry->is.callback, entry->is.user_data);
  g_hash_table_insert (registry->entries, GUINT_TO_POINTER (entry->id), entry);
  for (PsEvents rest = entry->is.events; rest != 0; rest &= rest - 1)
    link_entry (registry, entry, rest & -rest, &entry->links[i++]);
  make_room_for_all (registry);
  g_mutex_unlock (&registry->lock);
  return id; /* the entry may be gone by now */
}

static void
leave_batch (PsRegistry *registry, PsEntry *entry)
{
  if (entry->batch_place == 0)
    return;
  g_ptr_array_index (registry->batch, entry->batch_place - 1) = NULL;
  entry->batch_place = 0;
  /* Never the last one: the registration's own is still there. */
  (void) g_atomic_ref_count_dec (&entry->refs);
}

/* Takes the entry out of everything; the caller, without the lock, gives back its reference. */
static void
take_out (PsRegistry *registry, PsEntry *entry)
{
  guint i = 0;

  entry->removed = TRUE;
  ps_lastcalls_remove (entry->last_call);
  leave_batch (registry, entry);
  g_hash_table_remove (registry->entries, GUINT_TO_POINTER (entry->id));
  for (PsEvents rest = entry->is.events; rest != 0; rest &= rest - 1)
    unlink_entry (registry, entry, rest & -rest, &entry->links[i++]);
  unref_pair (registry, entry->pair);
}

gboolean
ps_registry_remove (PsRegistry *registry, guint id)
{
  PsEntry *entry;

  g_mutex_lock (&registry->lock);
  entry = g_hash_table_lookup (registry->entries, GUINT_TO_POINTER (id));
  if (entry != NULL)
    take_out (registry, entry);
  g_mutex_unlock (&registry->lock);

  if (entry != NULL)
    ps_registry_unref_entry (entry);
  return entry != NULL;
}

static void
drop_batch (PsRegistry *registry)
{
  for (; registry->batch_next < registry->batch->len; registry->batch_next++)
    {
      PsEntry *entry = g_ptr_array_index (registry->batch, registry->batch_next);

      if (entry != NULL)
        leave_batch (registry, entry);
    }
  g_ptr_array_set_size (registry->batch, 0);
  registry->batch_next = 0;
}

/* Removes every registration, and refuses new ones from here on: also from destroy notifies. */
void
ps_registry_clear (PsRegistry *registry)
{
  g_autoptr (GPtrArray) doomed =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ps_registry_unref_entry);
  GHashTableIter iter;
  gpointer entry;

  g_mutex_lock (&registry->lock);
  registry->closed = TRUE;
  registry->pass_event = 0;
  registry->phase = NULL;
  drop_batch (registry);
  g_hash_table_iter_init (&iter, registry->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    g_ptr_array_add (doomed, entry);
  for (guint i = 0; i < doomed->len; i++)
    take_out (registry, g_ptr_array_index (doomed, i));
  g_mutex_unlock (&registry->lock);
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
  count = registry->counts[event_index (event)];
  g_mutex_unlock (&registry->lock);
  return count;
}

/* From here on each pair may be called once more. */
void
ps_registry_begin_exit (PsRegistry *registry)
{
  g_mutex_lock (&registry->lock);
  registry->exit_number++;
  ps_lastcalls_begin_exit ();
  for (guint i = 0; i < registry->spent->len; i++)
    {
      PsPair *pair = g_ptr_array_index (registry->spent, i);

      pair->is_spent = FALSE;
      if (pair->refs == 0)
        g_hash_table_remove (registry->pairs, pair);
    }
  g_ptr_array_set_size (registry->spent, 0);
  g_mutex_unlock (&registry->lock);
}

static void
leave_phase (PsRegistry *registry)
{
  Bucket *bucket = g_steal_pointer (&registry->phase);

  if (bucket != NULL && bucket->entries.length == 0)
    g_tree_remove (phases_of (registry, registry->pass_event), GINT_TO_POINTER (bucket->priority));
}

/* What is left of a pass before it is dropped. */
void
ps_registry_begin_pass (PsRegistry *registry, PsEvent event)
{
  g_mutex_lock (&registry->lock);
  drop_batch (registry);
  leave_phase (registry);
  registry->pass_number++;
  registry->pass_event = event;
  registry->pass_position = G_MININT;
  registry->phase = NULL;
  g_mutex_unlock (&registry->lock);
}

/* Fills the batch with what this pass has not taken from the phase yet, newest first. */
static gboolean
take_batch (PsRegistry *registry)
{
  Bucket *bucket = registry->phase;
  guint64 taken = bucket->taken_in == registry->pass_number ? bucket->taken_up_to : 0;

  g_ptr_array_set_size (registry->batch, 0); /* all of it was handed on */
  registry->batch_next = 0;
  for (GList *l = bucket->entries.head; l != NULL; l = l->next)
    {
      PsEntry *entry = l->data;

      if (entry->serial <= taken)
        break;
      g_atomic_ref_count_inc (&entry->refs);
      g_ptr_array_add (registry->batch, entry);
      entry->batch_place = registry->batch->len;
    }
  bucket->taken_in = registry->pass_number;
  if (bucket->entries.head != NULL)
    bucket->taken_up_to = ((PsEntry *) bucket->entries.head->data)->serial;
  return registry->batch->len > 0;
}

/* Steps to the next phase: the first from the position on. What was added to a phase that is
 * already over has moved the position back. */
static gboolean
next_phase (PsRegistry *registry)
{
  GTree *phases = phases_of (registry, registry->pass_event);
  GTreeNode *node;

  if (registry->pass_position > G_MAXINT)
    return FALSE;
  node = g_tree_lower_bound (phases, GINT_TO_POINTER ((int) registry->pass_position));
  if (node == NULL)
    return FALSE;
  registry->phase = g_tree_node_value (node);
  registry->pass_position = (gint64) registry->phase->priority + 1;
  return TRUE;
}

/* The next of the batch that is still to be called, marked as called, with a reference for the
 * caller; NULL: none is left. */
static PsEntry *
claim (PsRegistry *registry)
{
  while (registry->batch_next < registry->batch->len)
    {
      PsEntry *entry = g_ptr_array_index (registry->batch, registry->batch_next++);

      if (entry == NULL)
        continue;
      if (entry->pair->called_in == registry->exit_number)
        {
          leave_batch (registry, entry);
          continue;
        }
      entry->pair->called_in = registry->exit_number;
      mark_last_call (entry, TRUE);
      entry->batch_place = 0; /* the batch's reference is the caller's now */
      return entry;
    }
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
      leave_phase (registry);
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
  if (!entry->removed)
    {
      entry->pair->called_in = 0;
      mark_last_call (entry, FALSE);
    }
  g_mutex_unlock (&registry->lock);
}
