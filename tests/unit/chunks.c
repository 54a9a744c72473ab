/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Memory by number: each is given once, and found for as long as the thing is there. */

#include "ps-chunks.h"

#include <string.h>

typedef struct
{
  gpointer memory;
  guint8 slot;
  gsize size;
} Thing;

static Thing
take (PsChunks *chunks, gsize size)
{
  Thing thing = { .size = size };

  thing.memory = ps_chunks_take (chunks, size, &thing.slot);
  memset (thing.memory, 0xa5, size);
  return thing;
}

static guint
id_of (const Thing *thing)
{
  return ps_chunks_get_id (thing->memory, thing->slot);
}

static void
test_numbers (void)
{
  enum
  {
    N = 1000
  };
  PsChunks chunks;
  Thing things[N];
  guint64 last = 0;

  ps_chunks_init (&chunks);
  g_assert_null (ps_chunks_find (&chunks, 0));
  g_assert_null (ps_chunks_find (&chunks, 1));
  for (guint i = 0; i < N; i++)
    {
      things[i] = take (&chunks, 1 + i % (4 * PS_CHUNKS_SLOT));
      g_assert_cmpuint (ps_chunks_get_number (things[i].memory, things[i].slot), >, last);
      last = ps_chunks_get_number (things[i].memory, things[i].slot);
      g_assert_cmpuint (id_of (&things[i]), ==, last);
      g_assert_true (ps_chunks_get_owner (things[i].memory, things[i].slot) == &chunks);
    }
  for (guint i = 0; i < N; i += 2)
    {
      guint id = id_of (&things[i]);

      g_assert_true (ps_chunks_find (&chunks, id) == things[i].memory);
      ps_chunks_give_back (things[i].memory, things[i].slot);
      g_assert_null (ps_chunks_find (&chunks, id));
    }
  for (guint i = 1; i < N; i += 2)
    {
      g_assert_true (ps_chunks_find (&chunks, id_of (&things[i])) == things[i].memory);
      /* In the middle of a large one nothing begins. */
      if (things[i].size > PS_CHUNKS_SLOT)
        g_assert_null (ps_chunks_find (&chunks, id_of (&things[i]) + 1));
      for (gsize k = 0; k < things[i].size; k++)
        g_assert_cmpuint (((guint8 *) things[i].memory)[k], ==, 0xa5);
    }
  ps_chunks_clear (&chunks);
}

/* What is empty is freed, and its numbers are not given again. */
static void
test_nothing_is_left (void)
{
  PsChunks chunks;
  guint64 last = 0;

  ps_chunks_init (&chunks);
  for (guint i = 0; i < 10000; i++)
    {
      Thing thing = take (&chunks, 10);

      g_assert_cmpuint (ps_chunks_get_number (thing.memory, thing.slot), >, last);
      last = ps_chunks_get_number (thing.memory, thing.slot);
      ps_chunks_give_back (thing.memory, thing.slot);
    }
  g_assert_cmpuint (chunks.length, ==, 1);
  g_assert_cmpuint (chunks.bits, <, 5);
  ps_chunks_clear (&chunks);
}

/* Things of every age come and go; each that is there is found, and none that is not. */
static void
test_at_random (void)
{
  enum
  {
    N = 4000
  };
  g_autoptr (GRand) rand = g_rand_new_with_seed (20260101);
  PsChunks chunks;
  Thing things[N] = { { NULL } };
  guint ids[N];

  ps_chunks_init (&chunks);
  for (guint round = 0; round < 200000; round++)
    {
      guint i = (guint) g_rand_int_range (rand, 0, N);

      if (things[i].memory != NULL)
        {
          g_assert_true (ps_chunks_find (&chunks, ids[i]) == things[i].memory);
          ps_chunks_give_back (things[i].memory, things[i].slot);
          g_assert_null (ps_chunks_find (&chunks, ids[i]));
          things[i].memory = NULL;
          continue;
        }
      things[i] = take (&chunks, 1 + i % 100);
      ids[i] = id_of (&things[i]);
    }
  for (guint i = 0; i < N; i++)
    if (things[i].memory != NULL)
      {
        g_assert_true (ps_chunks_find (&chunks, ids[i]) == things[i].memory);
        ps_chunks_give_back (things[i].memory, things[i].slot);
      }
  g_assert_cmpuint (chunks.length, ==, 1);
  ps_chunks_clear (&chunks);
}

/* After four thousand million of them IDs begin anew: never with 0, nor with one that is in use. */
static void
test_wraps_round (void)
{
  PsChunks chunks;
  Thing first, second, last;
  guint second_id;

  ps_chunks_init (&chunks);
  first = take (&chunks, 10);
  for (guint i = 0; i < 100; i++)
    second = take (&chunks, 10);
  second_id = id_of (&second);
  g_assert_cmpuint (id_of (&first), ==, 1);
  chunks.next = G_GUINT64_CONSTANT (0xffffff00);
  for (guint i = 0; i < 1000; i++)
    {
      last = take (&chunks, 10);
      g_assert_cmpuint (id_of (&last), !=, 0);
      g_assert_true (ps_chunks_find (&chunks, id_of (&last)) == last.memory);
    }
  g_assert_cmpuint (ps_chunks_get_number (last.memory, last.slot), >, G_MAXUINT32);
  g_assert_cmpuint (id_of (&last), <, 2000);
  g_assert_true (ps_chunks_find (&chunks, 1) == first.memory);
  g_assert_true (ps_chunks_find (&chunks, second_id) == second.memory);
  ps_chunks_clear (&chunks);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunks/numbers", test_numbers);
  g_test_add_func ("/chunks/nothing-is-left", test_nothing_is_left);
  g_test_add_func ("/chunks/at-random", test_at_random);
  g_test_add_func ("/chunks/wraps-round", test_wraps_round);
  return g_test_run ();
}
