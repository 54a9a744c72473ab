/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Tens of thousands of random operations on a registry and on a model of it that is an array, with
 * no bucket, no tree and no hash table: each answer comes from looking at all there is. They must
 * agree on every answer. One seed is always the same; one is new each time, and printed: the option
 * `--seed=` of GLib's tests repeats it.
 */

#include "ps-registry.h"

#include <string.h>

#define N_PAIRS 24
#define MAX_LIVE 60

/* A registration in the model; its address goes to the registry as the notify's data. */
typedef struct
{
  guint id;
  PsEvents events;
  int priority;
  guint pair;
  guint serial;
  gboolean live;
  guint taken_in; /* the pass whose batch it was in */
  guint gone;     /* notifies */
} Item;

typedef struct
{
  PsRegistry *registry;
  GPtrArray *items; /* all that ever were */
  guint serial;
  guint n_live;

  gboolean called[N_PAIRS]; /* in this exit */
  guint pass;
  PsEvent event; /* 0: no pass */
  gboolean in_phase;
  int priority;
  GQueue batch;

  PsEntry *running; /* what the registry gave us last */
  Item *running_item;
  guint n_calls, n_waits;
} Model;

static GRand *rng;

/* From first to end - 1. */
static gint32
dice (gint32 first, gint32 end)
{
  return g_rand_int_range (rng, first, end);
}

/* N_PAIRS different pairs out of few functions and data, so that both count. */
static void
callback_a (PsContext *context, gpointer data)
{
}

static void
callback_b (PsContext *context, gpointer data)
{
}

static PsCallback
callback_of (guint pair)
{
  return pair % 2 ? callback_a : callback_b;
}

static gpointer
data_of (guint pair)
{
  return GUINT_TO_POINTER (pair / 2);
}

static void
note_gone (gpointer data)
{
  Item *item = data;

  item->gone++;
}

/* --- What the model says --------------------------------------------------------------------- */

static gboolean
is_due (const Model *m, const Item *item)
{
  return item->live && (item->events & m->event) && item->taken_in != m->pass;
}

static int
newest_first (gconstpointer a, gconstpointer b)
{
  const Item *x = *(Item *const *) a, *y = *(Item *const *) b;

  return (x->serial < y->serial) - (x->serial > y->serial);
}

static gboolean
model_take_batch (Model *m)
{
  g_autoptr (GPtrArray) due = g_ptr_array_new ();

  for (guint i = 0; i < m->items->len; i++)
    {
      Item *item = g_ptr_array_index (m->items, i);

      if (is_due (m, item) && item->priority == m->priority)
        {
          item->taken_in = m->pass;
          g_ptr_array_add (due, item);
        }
    }
  g_ptr_array_sort (due, newest_first);
  for (guint i = 0; i < due->len; i++)
    g_queue_push_tail (&m->batch, g_ptr_array_index (due, i));
  return due->len > 0;
}

static gboolean
model_next_phase (Model *m)
{
  m->in_phase = FALSE;
  for (guint i = 0; i < m->items->len; i++)
    {
      const Item *item = g_ptr_array_index (m->items, i);

      if (is_due (m, item) && (!m->in_phase || item->priority < m->priority))
        {
          m->in_phase = TRUE;
          m->priority = item->priority;
        }
    }
  return m->in_phase;
}

static PsNext
model_next (Model *m, gboolean holds, Item **called)
{
  *called = NULL;
  while (m->event != 0)
    {
      Item *item = g_queue_pop_head (&m->batch);

      if (item != NULL)
        {
          if (!item->live || m->called[item->pair])
            continue;
          m->called[item->pair] = TRUE;
          *called = item;
          return PS_NEXT_CALL;
        }
      if (m->in_phase && model_take_batch (m))
        continue;
      if (m->in_phase && holds)
        return PS_NEXT_WAIT;
      if (!model_next_phase (m))
        m->event = 0;
    }
  return PS_NEXT_DONE;
}

/* --- What is done to both -------------------------------------------------------------------- */

static void
stop_running (Model *m)
{
  if (m->running == NULL)
    return;
  g_assert_cmpuint (m->running_item->gone, ==, 0);
  ps_registry_unref_entry (g_steal_pointer (&m->running));
  g_assert_cmpuint (m->running_item->gone, ==, m->running_item->live ? 0 : 1);
  m->running_item = NULL;
}

static void
do_add (Model *m)
{
  static const int priorities[] = { 0, 0, 0, -1, 1, 5, -100, G_MININT, G_MAXINT };
  Item *item = g_new0 (Item, 1);
  PsRegistration registration;

  item->events = (PsEvents) (1 << dice (0, 7));
  if (dice (0, 2))
    item->events |= (PsEvents) dice (1, 128);
  item->priority = priorities[dice (0, G_N_ELEMENTS (priorities))];
  item->pair = (guint) dice (0, N_PAIRS);
  item->serial = ++m->serial;
  item->live = TRUE;
  registration = (PsRegistration){ .events = item->events,
                                   .priority = item->priority,
                                   .callback = callback_of (item->pair),
                                   .user_data = data_of (item->pair),
                                   .notify = note_gone,
                                   .notify_data = item };
  item->id = ps_registry_add (m->registry, &registration);
  g_assert_cmpuint (item->id, !=, 0);
  g_ptr_array_add (m->items, item);
  m->n_live++;
}

static void
do_remove (Model *m)
{
  Item *item;

  if (m->items->len == 0)
    return;
  item = g_ptr_array_index (m->items, dice (0, (gint32) m->items->len));
  g_assert_cmpint (ps_registry_remove (m->registry, item->id), ==, item->live);
  if (item->live)
    m->n_live--;
  item->live = FALSE;
}

static void
do_begin_exit (Model *m)
{
  memset (m->called, 0, sizeof m->called);
  ps_registry_begin_exit (m->registry);
}

static void
do_begin_pass (Model *m)
{
  m->pass++;
  m->event = (PsEvent) (1 << dice (0, 7));
  m->in_phase = FALSE;
  g_queue_clear (&m->batch);
  ps_registry_begin_pass (m->registry, m->event);
}

static void
do_next (Model *m)
{
  gboolean holds = dice (0, 4) == 0;
  Item *item;
  PsNext next = model_next (m, holds, &item);

  stop_running (m);
  g_assert_cmpint (ps_registry_next (m->registry, holds, &m->running), ==, next);
  if (next == PS_NEXT_CALL)
    {
      g_assert_nonnull (m->running);
      g_assert_cmpuint (ps_registry_get_id (m->running), ==, item->id);
      m->running_item = item;
      m->n_calls++;
    }
  else
    g_assert_null (m->running);
  m->n_waits += next == PS_NEXT_WAIT;
}

static void
do_unclaim (Model *m)
{
  if (m->running == NULL)
    return;
  if (m->running_item->live)
    m->called[m->running_item->pair] = FALSE;
  ps_registry_unclaim (m->registry, m->running);
}

static void
do_count (Model *m)
{
  PsEvent event = (PsEvent) (1 << dice (0, 7));
  guint count = 0;

  for (guint i = 0; i < m->items->len; i++)
    {
      const Item *item = g_ptr_array_index (m->items, i);

      count += item->live && (item->events & event) != 0;
      g_assert_cmpuint (item->gone, <=, item->live ? 0 : 1);
    }
  g_assert_cmpuint (ps_registry_count (m->registry, event), ==, count);
}

/* Forgets the items that are gone, so that an operation costs what is there. */
static void
sweep (Model *m)
{
  for (guint i = m->items->len; i > 0; i--)
    {
      Item *item = g_ptr_array_index (m->items, i - 1);

      if (!item->live && item->gone > 0 && g_queue_find (&m->batch, item) == NULL)
        g_free (g_ptr_array_remove_index_fast (m->items, i - 1));
    }
}

static void
do_something (Model *m)
{
  int what = dice (0, 100);

  if (what < 25 && m->n_live < MAX_LIVE)
    do_add (m);
  else if (what < 40)
    do_remove (m);
  else if (what < 43)
    do_begin_exit (m);
  else if (what < 50)
    do_begin_pass (m);
  else if (what < 90)
    do_next (m);
  else if (what < 95)
    do_unclaim (m);
  else
    do_count (m);
}

static void
run (guint n_operations)
{
  Model m = { .registry = ps_registry_new (), .items = g_ptr_array_new () };

  for (guint i = 0; i < n_operations; i++)
    {
      do_something (&m);
      if (i % 256 == 0)
        sweep (&m);
    }
  /* The run was worth its name. */
  g_assert_cmpuint (m.n_calls, >, n_operations / 50);
  g_assert_cmpuint (m.n_waits, >, n_operations / 500);

  stop_running (&m);
  ps_registry_free (m.registry);
  for (guint i = 0; i < m.items->len; i++)
    {
      Item *item = g_ptr_array_index (m.items, i);

      g_assert_cmpuint (item->gone, ==, 1);
      g_free (item);
    }
  g_queue_clear (&m.batch);
  g_ptr_array_unref (m.items);
}

static void
run_with_seed (guint32 seed)
{
  g_test_message ("seed %u", seed);
  rng = g_rand_new_with_seed (seed);
  for (guint i = 0; i < 10; i++)
    run (4000);
  g_clear_pointer (&rng, g_rand_free);
}

static void
test_fixed_seed (void)
{
  run_with_seed (20260101);
}

static void
test_new_seed (void)
{
  run_with_seed ((guint32) g_test_rand_int ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/registry-model/fixed-seed", test_fixed_seed);
  g_test_add_func ("/registry-model/new-seed", test_new_seed);
  return g_test_run ();
}
