/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of last calls: order, once only, bounds, and threads that fill and empty it while it is
 * read. */

#include "ps-lastcalls.h"

#include <glib.h>
#include <string.h>

static void
nothing (void)
{
}

static PsLastCallPlace
add (PsLastCallKind kind, const char *name, int priority, gconstpointer data)
{
  return ps_lastcalls_add (kind, name, priority, nothing, (gpointer) data);
}

static void
expect_next (const char *name)
{
  const PsLastCall *call = ps_lastcalls_next ();

  g_assert_cmpstr (call != NULL ? call->name : "none", ==, name);
}

static void
test_order (void)
{
  PsLastCallPlace removed;

  ps_lastcalls_clear ();
  add (PS_LASTCALL_FINISH, "f", 0, "1");
  add (PS_LASTCALL_FINISH, "f early", -5, "2");
  add (PS_LASTCALL_CRASH_FUNC, "c", 0, "3");
  removed = add (PS_LASTCALL_CRASH_FUNC, "removed", 0, "4");
  add (PS_LASTCALL_CRASH, "c newer", 0, "5");
  add (PS_LASTCALL_CRASH, "c late", 5, "6");
  ps_lastcalls_remove (removed);
  ps_lastcalls_remove (PS_LASTCALL_NO_PLACE);
  expect_next ("c newer");
  expect_next ("c");
  expect_next ("c late");
  expect_next ("f early");
  expect_next ("f");
  expect_next ("none");
  ps_lastcalls_end ();
  expect_next ("none");
  ps_lastcalls_begin_exit ();
  expect_next ("c newer");
  ps_lastcalls_end ();
}

static void
test_called (void)
{
  PsLastCallPlace one, unsafe;

  ps_lastcalls_clear ();
  one = add (PS_LASTCALL_FINISH, "one", 0, "same");
  add (PS_LASTCALL_FINISH, "the same again", 0, (gpointer) "same");
  add (PS_LASTCALL_FINISH, "another", 0, "other");
  unsafe = add (PS_LASTCALL_UNSAFE, "unsafe", 0, NULL);
  ps_lastcalls_mark (one, nothing, (gpointer) "same", TRUE);
  ps_lastcalls_mark (unsafe, nothing, NULL, TRUE);
  g_assert_null (ps_lastcalls_left (0));
  g_assert_cmpuint (ps_lastcalls_count_left (), ==, 0);
  ps_lastcalls_mark (unsafe, nothing, NULL, FALSE);
  g_assert_cmpstr (ps_lastcalls_left (0), ==, "unsafe");
  expect_next ("another");
  expect_next ("none");
  ps_lastcalls_end ();
  ps_lastcalls_remove (unsafe);
  g_assert_cmpuint (ps_lastcalls_count_left (), ==, 0);
}

static void
test_bounds (void)
{
  PsLastCallPlace places[PS_LASTCALLS_MAX], unsafe[PS_LASTCALLS_NAMED + 10];

  ps_lastcalls_clear ();
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    places[i] = add (PS_LASTCALL_FINISH, "safe", 0, NULL);
  g_assert_cmpint (places[G_N_ELEMENTS (places) - 1], !=, PS_LASTCALL_NO_PLACE);
  g_assert_true (ps_lastcalls_are_full ());
  g_assert_cmpint (add (PS_LASTCALL_FINISH, "more", 0, NULL), ==, PS_LASTCALL_NO_PLACE);
  for (guint i = 0; i < G_N_ELEMENTS (unsafe); i++)
    unsafe[i] = add (PS_LASTCALL_UNSAFE, "unsafe", 0, NULL);
  g_assert_nonnull (ps_lastcalls_left (PS_LASTCALLS_NAMED - 1));
  g_assert_null (ps_lastcalls_left (PS_LASTCALLS_NAMED));
  g_assert_cmpuint (ps_lastcalls_count_left (), ==, G_N_ELEMENTS (unsafe));

  ps_lastcalls_mark (unsafe[G_N_ELEMENTS (unsafe) - 1], nothing, NULL, TRUE);
  g_assert_cmpuint (ps_lastcalls_count_left (), ==, G_N_ELEMENTS (unsafe) - 1);
  ps_lastcalls_mark (unsafe[G_N_ELEMENTS (unsafe) - 1], nothing, NULL, FALSE);
  ps_lastcalls_remove (unsafe[G_N_ELEMENTS (unsafe) - 1]);
  ps_lastcalls_remove (unsafe[0]);
  g_assert_cmpuint (ps_lastcalls_count_left (), ==, G_N_ELEMENTS (unsafe) - 2);
  ps_lastcalls_remove (places[7]);
  g_assert_cmpint (add (PS_LASTCALL_FINISH, "more", 0, NULL), ==, places[7]);
}

/* A name is cut, and is whole again when its row is used anew. */
static void
test_names (void)
{
  g_autofree char *name = g_strnfill (1000, 'x');
  PsLastCallPlace place;

  ps_lastcalls_clear ();
  place = add (PS_LASTCALL_UNSAFE, name, 0, NULL);
  g_assert_cmpuint (strlen (ps_lastcalls_left (0)), ==, sizeof ((PsLastCall *) NULL)->name - 1);
  ps_lastcalls_remove (place);
  place = add (PS_LASTCALL_UNSAFE, "short", 0, NULL);
  g_assert_cmpstr (ps_lastcalls_left (0), ==, "short");
}

#define N_ROUNDS 20000

static GMutex lock; /* the registry's */

static gpointer
fill_and_empty (gpointer kind)
{
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      PsLastCallPlace place;

      g_mutex_lock (&lock);
      place = add (GPOINTER_TO_INT (kind), "busy", 0, NULL);
      g_assert_cmpint (place, !=, PS_LASTCALL_NO_PLACE);
      ps_lastcalls_mark (place, nothing, NULL, i % 2 == 0);
      g_mutex_unlock (&lock);
      g_mutex_lock (&lock);
      ps_lastcalls_remove (place);
      g_mutex_unlock (&lock);
    }
  return NULL;
}

/* Who reads takes no lock, as a signal handler must not. */
static void
test_threads (void)
{
  GThread *threads[4];

  ps_lastcalls_clear ();
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("filler", fill_and_empty,
                               GINT_TO_POINTER (i % 2 ? PS_LASTCALL_UNSAFE : PS_LASTCALL_FINISH));
  for (guint i = 0; i < N_ROUNDS; i++)
    g_assert_cmpuint (ps_lastcalls_count_left (), <=, 2);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (ps_lastcalls_count_left (), ==, 0);
  expect_next ("none");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lastcalls/order", test_order);
  g_test_add_func ("/lastcalls/called", test_called);
  g_test_add_func ("/lastcalls/bounds", test_bounds);
  g_test_add_func ("/lastcalls/names", test_names);
  g_test_add_func ("/lastcalls/threads", test_threads);
  return g_test_run ();
}
