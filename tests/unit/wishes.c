/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What waits: in order, for as long as there is room. With and without memory. */

#include "ps-wishes.h"

#include <string.h>

#define VALUED SIGRTMIN

static gboolean has_memory;
static PsWish places[PS_WISHES_PLACES];

gpointer __real_g_try_malloc (gsize size);
gpointer __wrap_g_try_malloc (gsize size);

gpointer
__wrap_g_try_malloc (gsize size)
{
  return has_memory ? __real_g_try_malloc (size) : NULL;
}

/* Nothing is to depend on what is in places that nobody has used. */
static void
begin (PsWishes *wishes, gconstpointer memory)
{
  has_memory = memory != NULL;
  memset (wishes, 'x', sizeof *wishes);
  memset (places, 'x', sizeof places);
  ps_wishes_init (wishes, places);
}

static PsCause
cause_of (int signum, int value)
{
  PsCause cause = { .kind = PS_CAUSE_NONE };

  ps_cause_set_signal (&cause, signum, PS_ORIGIN_PROCESS,
                       &(PsSender){ 12, 34, "sender", "a.service", "b.service" });
  cause.has_value = TRUE;
  cause.value = value;
  return cause;
}

static int
add (PsWishes *wishes, PsInput input, int signum, int value)
{
  PsCause why = cause_of (signum, value);
  int lost = ps_wishes_add (wishes, input, &why);

  memset (&why, 'x', sizeof why);
  return lost;
}

static void
expect (PsWishes *wishes, PsInput input, int signum, int value)
{
  PsInput found;
  PsCause why;

  g_assert_true (ps_wishes_take (wishes, &found, &why));
  g_assert_cmpint (found, ==, input);
  g_assert_cmpint (why.signum, ==, signum);
  g_assert_cmpint (why.value, ==, value);
  g_assert_cmpstr (ps_cause_get_sender (&why)->comm, ==, "sender");
  g_assert_cmpstr (ps_cause_get_sender (&why)->user_unit, ==, "b.service");
}

static void
expect_none (PsWishes *wishes)
{
  PsInput input;
  PsCause why;

  g_assert_true (ps_wishes_is_empty (wishes));
  g_assert_false (ps_wishes_take (wishes, &input, &why));
  ps_wishes_clear (wishes);
}

static int
room (void)
{
  return has_memory ? PS_WISHES_MAX : PS_WISHES_PLACES;
}

static void
test_order (gconstpointer memory)
{
  PsWishes wishes;
  PsInput input;
  PsCause why;

  begin (&wishes, memory);
  expect_none (&wishes);
  for (int round = 0; round < 100; round++)
    {
      g_assert_cmpint (add (&wishes, PS_INPUT_REQUEST, SIGTERM, round), ==, 0);
      g_assert_cmpint (ps_wishes_add (&wishes, PS_INPUT_DEADLINE, NULL), ==, 0);
      g_assert_cmpint (add (&wishes, PS_INPUT_HURRY, SIGINT, round), ==, 0);
      g_assert_false (ps_wishes_is_empty (&wishes));
      expect (&wishes, PS_INPUT_REQUEST, SIGTERM, round);
      g_assert_true (ps_wishes_take (&wishes, &input, &why));
      g_assert_cmpint (input, ==, PS_INPUT_DEADLINE);
      g_assert_cmpint (why.kind, ==, PS_CAUSE_NONE);
      expect (&wishes, PS_INPUT_HURRY, SIGINT, round);
      expect_none (&wishes);
    }
}

/* The last stands for those that found no room. */
static void
test_storm (gconstpointer memory)
{
  PsWishes wishes;

  begin (&wishes, memory);
  for (int i = 0; i < 2 * room (); i++)
    g_assert_cmpint (
        add (&wishes, i == room () + 5 ? PS_INPUT_HURRY : PS_INPUT_REQUEST, SIGTERM, i), ==, 0);
  for (int i = 0; i < room (); i++)
    expect (&wishes, i == room () - 1 ? PS_INPUT_HURRY : PS_INPUT_REQUEST, SIGTERM, i);
  expect_none (&wishes);
}

/* Each that is lost is told. */
static void
test_values (gconstpointer memory)
{
  PsWishes wishes;

  begin (&wishes, memory);
  for (int i = 0; i < 2 * room (); i++)
    g_assert_cmpint (add (&wishes, PS_INPUT_QUEUED, VALUED, i), ==, i < room () ? 0 : VALUED);
  for (int i = 0; i < room (); i++)
    expect (&wishes, PS_INPUT_QUEUED, VALUED, i);
  expect_none (&wishes);
}

/* What has no value is not swallowed by what has: the last value gives way. */
static void
test_gives_way (gconstpointer memory)
{
  PsWishes wishes;

  begin (&wishes, memory);
  for (int i = 0; i < room (); i++)
    g_assert_cmpint (add (&wishes, PS_INPUT_QUEUED, VALUED, i), ==, 0);
  g_assert_cmpint (add (&wishes, PS_INPUT_QUEUED, SIGTERM, 1), ==, VALUED);
  g_assert_cmpint (add (&wishes, PS_INPUT_QUEUED, SIGINT, 2), ==, VALUED);
  g_assert_cmpint (add (&wishes, PS_INPUT_QUEUED, VALUED, 3), ==, VALUED);
  for (int i = 0; i < room () - 2; i++)
    expect (&wishes, PS_INPUT_QUEUED, VALUED, i);
  expect (&wishes, PS_INPUT_QUEUED, SIGTERM, 1);
  expect (&wishes, PS_INPUT_QUEUED, SIGINT, 2);
  expect_none (&wishes);
}

static void
test_have (gconstpointer memory)
{
  PsWishes wishes;
  PsCause first = cause_of (SIGTERM, 0), term = cause_of (SIGTERM, 1), hup = cause_of (SIGHUP, 2),
          valued = cause_of (VALUED, 3);

  begin (&wishes, memory);
  g_assert_true (ps_wishes_have (&wishes, &first, &term));
  g_assert_false (ps_wishes_have (&wishes, &first, &hup));
  ps_wishes_add (&wishes, PS_INPUT_QUEUED, &hup);
  ps_wishes_add (&wishes, PS_INPUT_QUEUED, &valued);
  g_assert_true (ps_wishes_have (&wishes, &first, &hup));
  g_assert_false (ps_wishes_have (&wishes, &first, &valued));
  g_assert_false (ps_wishes_have (&wishes, &valued, &valued));
  g_assert_false (ps_wishes_have (&wishes, &first, &(PsCause){ .kind = PS_CAUSE_QUIT }));
  ps_wishes_clear (&wishes);
  expect_none (&wishes);
}

static void
test_take_of (gconstpointer memory)
{
  PsWishes wishes;
  PsSignums of = ps_signums_of (SIGHUP) | ps_signums_of (VALUED);
  PsCause why;

  begin (&wishes, memory);
  for (int i = 0; i < 3 * (room () / 3); i += 3)
    {
      add (&wishes, PS_INPUT_QUEUED, SIGTERM, i);
      add (&wishes, PS_INPUT_QUEUED, VALUED, i + 1);
      ps_wishes_add (&wishes, PS_INPUT_DEADLINE, NULL);
    }
  for (int i = 0; i < 3 * (room () / 3); i += 3)
    {
      g_assert_true (ps_wishes_take_of (&wishes, of, &why));
      g_assert_cmpint (why.value, ==, i + 1);
    }
  g_assert_false (ps_wishes_take_of (&wishes, of, &why));
  expect (&wishes, PS_INPUT_QUEUED, SIGTERM, 0);
  ps_wishes_clear (&wishes);
  expect_none (&wishes);
}

static void
add_test (const char *name, GTestDataFunc test)
{
  g_autofree char *with = g_strconcat ("/wishes/", name, NULL);
  g_autofree char *without = g_strconcat (with, "-without-memory", NULL);

  g_test_add_data_func (with, "memory", test);
  g_test_add_data_func (without, NULL, test);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_test ("order", test_order);
  add_test ("storm", test_storm);
  add_test ("values", test_values);
  add_test ("gives-way", test_gives_way);
  add_test ("have", test_have);
  add_test ("take-of", test_take_of);
  return g_test_run ();
}
