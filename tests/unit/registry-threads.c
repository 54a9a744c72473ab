/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * R07: threads add and remove while another makes one pass after the other. What each of them did
 * is counted; in the end the counts have to fit, whatever the order was.
 */

#include "ps-registry.h"

#define N_ROUNDS 3000
#define N_THREADS 2
#define PER_ROUND 8

/* Of one registration: how often it was called and freed. */
typedef struct
{
  int called;
  int gone;
} Item;

typedef struct
{
  PsRegistry *registry;
  GPtrArray *items; /* of this thread */
  guint added, removed;
} Worker;

static int still_adding;

static void
note_call (PsContext *context, gpointer data)
{
  Item *item = data;

  g_atomic_int_inc (&item->called);
}

static void
note_gone (gpointer data)
{
  Item *item = data;

  g_atomic_int_inc (&item->gone);
}

static guint
add (Worker *worker, PsEvents events, int priority)
{
  Item *item = g_new0 (Item, 1);
  const PsRegistration registration = { .events = events,
                                        .priority = priority,
                                        .callback = note_call,
                                        .user_data = item,
                                        .notify = note_gone,
                                        .notify_data = item };

  g_ptr_array_add (worker->items, item);
  worker->added++;
  return ps_registry_add (worker->registry, &registration);
}

static gpointer
add_and_remove (gpointer data)
{
  Worker *worker = data;
  guint ids[PER_ROUND];

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      for (guint i = 0; i < PER_ROUND; i++)
        ids[i] = add (worker, i % 2 ? PS_EVENT_TERMINATE | PS_EVENT_FINISH : PS_EVENT_FINISH,
                      (int) ((round + i) % 3));
      /* One in four rounds leaves one of them where it is. */
      for (guint i = round % 4 == 0; i < PER_ROUND; i++)
        {
          g_assert_true (ps_registry_remove (worker->registry, ids[i]));
          worker->removed++;
        }
    }
  g_atomic_int_add (&still_adding, -1);
  return NULL;
}

/* What the conductor does. Returns how many it called. */
static guint
pass (PsRegistry *registry, PsEvent event)
{
  PsEntry *entry;
  guint n = 0;

  ps_registry_begin_pass (registry, event);
  while (ps_registry_next (registry, FALSE, &entry) == PS_NEXT_CALL)
    {
      entry->is->callback (NULL, entry->user_data);
      if (n++ % 7 == 0)
        ps_registry_unclaim (registry, entry);
      ps_registry_unref_entry (entry);
    }
  return n;
}

static void
free_checked (gpointer data)
{
  Item *item = data;

  g_assert_cmpint (g_atomic_int_get (&item->gone), ==, 1);
  g_free (item);
}

static void
test_threads (void)
{
  PsRegistry *registry = ps_registry_new ();
  Worker workers[N_THREADS];
  GThread *threads[N_THREADS];
  guint left = 0, n;

  g_atomic_int_set (&still_adding, N_THREADS);
  for (guint i = 0; i < N_THREADS; i++)
    {
      workers[i] =
          (Worker){ .registry = registry, .items = g_ptr_array_new_with_free_func (free_checked) };
      threads[i] = g_thread_new ("add", add_and_remove, &workers[i]);
    }
  while (g_atomic_int_get (&still_adding) > 0)
    {
      ps_registry_begin_exit (registry);
      pass (registry, PS_EVENT_TERMINATE);
      ps_registry_count (registry, PS_EVENT_FINISH);
      pass (registry, PS_EVENT_FINISH);
    }
  for (guint i = 0; i < N_THREADS; i++)
    {
      g_thread_join (threads[i]);
      left += workers[i].added - workers[i].removed;
    }

  g_assert_cmpuint (left, ==, N_THREADS * N_ROUNDS / 4);
  g_assert_cmpuint (ps_registry_count (registry, PS_EVENT_FINISH), ==, left);
  ps_registry_begin_exit (registry);
  n = pass (registry, PS_EVENT_FINISH);
  g_assert_cmpuint (n, ==, left);
  ps_registry_free (registry);
  for (guint i = 0; i < N_THREADS; i++)
    g_ptr_array_unref (workers[i].items);
}

/* --- Clearing and closing under their hands -------------------------------------------------- */

static gpointer
add_until_refused (gpointer data)
{
  Worker *worker = data;

  while (add (worker, PS_EVENT_FINISH, 0) != 0)
    ;
  return NULL;
}

static void
end_under_their_hands (void (*end) (PsRegistry *registry))
{
  for (guint round = 0; round < 20; round++)
    {
      PsRegistry *registry = ps_registry_new ();
      Worker workers[N_THREADS];
      GThread *threads[N_THREADS];

      for (guint i = 0; i < N_THREADS; i++)
        {
          workers[i] = (Worker){ .registry = registry,
                                 .items = g_ptr_array_new_with_free_func (free_checked) };
          threads[i] = g_thread_new ("add", add_until_refused, &workers[i]);
        }
      while (ps_registry_count (registry, PS_EVENT_FINISH) < 100)
        g_thread_yield ();
      end (registry);
      for (guint i = 0; i < N_THREADS; i++)
        g_thread_join (threads[i]);
      ps_registry_free (registry);
      for (guint i = 0; i < N_THREADS; i++)
        g_ptr_array_unref (workers[i].items);
    }
}

static void
test_closed_under_their_hands (void)
{
  end_under_their_hands (ps_registry_close);
}

static void
test_cleared_under_their_hands (void)
{
  end_under_their_hands (ps_registry_clear);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/registry-threads/add-and-remove", test_threads);
  g_test_add_func ("/registry-threads/closed-under-their-hands", test_closed_under_their_hands);
  g_test_add_func ("/registry-threads/cleared-under-their-hands", test_cleared_under_their_hands);
  return g_test_run ();
}
