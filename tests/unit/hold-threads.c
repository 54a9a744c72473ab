/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Holds that are released, extended and asked from other threads, while the one that conducts
 * counts them and gives up on some. */

#include "ps-hold-private.h"
#include "ps-clock.h"

#define N_THREADS 4
#define PER_THREAD 500

static GSourceFuncs no_funcs = { NULL };
static int woken; /* atomic */

static void
wake (GSource *source)
{
  g_atomic_int_inc (&woken);
}

typedef struct
{
  PsHold *holds[PER_THREAD];
  int *result; /* what the work comes to; written before the release */
} Worker;

static gpointer
release_all (gpointer data)
{
  Worker *worker = data;

  *worker->result = 4711;
  for (guint i = 0; i < PER_THREAD; i++)
    {
      if (i % 5 == 0)
        ps_hold_extend (worker->holds[i], 60000);
      if (i % 7 == 0)
        ps_hold_set_deadline (worker->holds[i], 60000);
      if (i % 11 == 0)
        {
          ps_hold_ref (worker->holds[i]);
          ps_hold_unref (worker->holds[i]);
        }
      ps_hold_is_active (worker->holds[i]);
      ps_hold_release (worker->holds[i]);
    }
  return NULL;
}

/* The conductor's part until no hold is left. Returns on how many it gave up. */
static guint
conduct (PsHoldSet *set, gboolean gives_up)
{
  guint dropped = 0;

  while (ps_hold_set_count (set) > 0)
    {
      PsHold *hold = ps_hold_set_peek (set);

      if (hold != NULL)
        {
          g_assert_cmpstr (ps_hold_get_why (hold), ==, "work");
          ps_hold_put (hold);
        }
      ps_hold_set_get_deadline_us (set);
      hold = gives_up ? ps_hold_set_drop (set, PS_NEVER_US) : NULL;
      if (hold != NULL)
        {
          dropped++;
          ps_hold_put (hold);
        }
      ps_hold_set_take_extension_us (set);
    }
  return dropped;
}

static guint
count_steps (PsHoldSet *set)
{
  PsStep *step;
  guint n = 0;

  while ((step = ps_hold_set_take_step (set)) != NULL)
    {
      n++;
      ps_hold_set_free_step (set, step);
    }
  return n;
}

static void
run (gboolean gives_up)
{
  g_autoptr (GSource) source = g_source_new (&no_funcs, sizeof (GSource));
  PsHoldSet *set = ps_hold_set_new (wake, source);
  Worker workers[N_THREADS];
  GThread *threads[N_THREADS];
  int results[N_THREADS] = { 0 };
  guint dropped;

  g_atomic_int_set (&woken, 0);
  for (guint i = 0; i < N_THREADS; i++)
    {
      PsStep *step = ps_hold_set_begin_step (set, "step", PS_EVENT_TERMINATE, i, 0);

      for (guint j = 0; j < PER_THREAD; j++)
        workers[i].holds[j] = ps_hold_set_add (set, step, "work", 0, PS_NEVER_US);
      workers[i].result = &results[i];
      threads[i] = g_thread_new ("release", release_all, &workers[i]);
      ps_hold_set_return_step (set, step);
    }
  dropped = conduct (set, gives_up);
  g_assert_cmpuint (count_steps (set), ==, N_THREADS);

  /* What was done before a release is seen by whoever saw that it was released. */
  if (!gives_up)
    for (guint i = 0; i < N_THREADS; i++)
      g_assert_cmpint (results[i], ==, 4711);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (g_atomic_int_get (&woken), >=, N_THREADS * PER_THREAD - dropped);
  ps_hold_set_unref (set);
}

static void
test_released_elsewhere (void)
{
  for (guint i = 0; i < 10; i++)
    run (FALSE);
}

static void
test_given_up_meanwhile (void)
{
  for (guint i = 0; i < 10; i++)
    run (TRUE);
}

/* --- The last two references, in two threads ------------------------------------------------- */

static gpointer
unref (gpointer hold)
{
  ps_hold_unref (hold);
  return NULL;
}

static void
test_last_references (void)
{
  g_autoptr (GSource) source = g_source_new (&no_funcs, sizeof (GSource));
  PsHoldSet *set = ps_hold_set_new (wake, source);

  g_atomic_int_set (&woken, 0);
  for (guint i = 0; i < 200; i++)
    {
      PsStep *step = ps_hold_set_begin_step (set, "step", PS_EVENT_TERMINATE, i, 0);
      PsHold *hold = ps_hold_set_add (set, step, "work", 0, PS_NEVER_US);
      GThread *a, *b;

      ps_hold_set_return_step (set, step);
      a = g_thread_new ("unref", unref, ps_hold_ref (hold));
      b = g_thread_new ("unref", unref, hold);
      g_thread_join (a);
      g_thread_join (b);
      g_assert_cmpuint (ps_hold_set_count (set), ==, 0);
    }
  g_assert_cmpuint (count_steps (set), ==, 200);
  g_assert_cmpint (g_atomic_int_get (&woken), ==, 200);
  ps_hold_set_unref (set);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hold-threads/released-elsewhere", test_released_elsewhere);
  g_test_add_func ("/hold-threads/given-up-meanwhile", test_given_up_meanwhile);
  g_test_add_func ("/hold-threads/last-references", test_last_references);
  return g_test_run ();
}
