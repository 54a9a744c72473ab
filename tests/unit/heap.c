/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first of many, against a list that is looked through. */

#include "ps-heap.h"

typedef struct
{
  PsHeapNode node;
  int key;
  gboolean is_in;
} Thing;

static gboolean
comes_before (const PsHeapNode *a, const PsHeapNode *b)
{
  return ((const Thing *) a)->key < ((const Thing *) b)->key;
}

static const Thing *
first_of (const Thing *things, guint n)
{
  const Thing *first = NULL;

  for (guint i = 0; i < n; i++)
    if (things[i].is_in && (first == NULL || things[i].key < first->key))
      first = &things[i];
  return first;
}

static void
add (PsHeap *heap, Thing *thing, int key)
{
  thing->key = key;
  thing->is_in = TRUE;
  ps_heap_add (heap, &thing->node);
}

static void
take_out (PsHeap *heap, Thing *thing)
{
  thing->is_in = FALSE;
  ps_heap_remove (heap, &thing->node);
}

static void
test_random (void)
{
  Thing things[64] = { { { NULL, NULL, NULL }, 0, FALSE } };
  PsHeap heap = { .comes_before = comes_before };
  guint n_in = 0;

  for (int i = 0; i < 200000; i++)
    {
      Thing *thing = &things[g_test_rand_int_range (0, G_N_ELEMENTS (things))];

      n_in += thing->is_in ? -1 : 1;
      if (thing->is_in)
        take_out (&heap, thing);
      else
        add (&heap, thing, g_test_rand_int_range (0, 1000) * 1000000 + i);
      g_assert_cmpuint (heap.length, ==, n_in);
      g_assert_true ((const Thing *) heap.first == first_of (things, G_N_ELEMENTS (things)));
    }
}

/* A row as long as this is one that no recursion survives. */
static void
test_many (void)
{
  enum
  {
    N = 1000000
  };
  g_autofree Thing *things = g_new0 (Thing, N);
  PsHeap heap = { .comes_before = comes_before };

  for (int i = 0; i < N; i++)
    add (&heap, &things[i], i);
  for (int i = 0; i < N; i++)
    {
      g_assert_true ((Thing *) heap.first == &things[i]);
      take_out (&heap, &things[i]);
    }
  g_assert_null (heap.first);
  for (int i = N - 1; i >= 0; i--)
    add (&heap, &things[i], i);
  for (int i = N - 1; i >= 0; i--)
    take_out (&heap, &things[i]);
  g_assert_null (heap.first);
  g_assert_cmpuint (heap.length, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/heap/random", test_random);
  g_test_add_func ("/heap/many", test_many);
  return g_test_run ();
}
