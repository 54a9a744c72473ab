/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What callbacks add and remove during the pass that calls them. */

#include "registry-common.h"

#define TERM PS_EVENT_TERMINATE
#define FINISH PS_EVENT_FINISH

/* --- Removing during a pass: R01, R02, R03 ---------------------------------------------------- */

static void
remove_a (Trace *t)
{
  trace_remove (t, "a");
  g_assert_cmpuint (trace_gone (t, "a"), ==, 0); /* it is running */
}

static void
test_removes_itself (void)
{
  Trace *t = trace_new ();

  trace_add (t, "b", TERM, 0);
  trace_add (t, "a", TERM | FINISH, 0);
  trace_on_call (t, "a", remove_a);
  assert_pass (t, TERM, "a b");
  g_assert_cmpuint (trace_gone (t, "a"), ==, 1);
  assert_pass (t, FINISH, "");
  trace_free (t);
}

static void
remove_next_and_later (Trace *t)
{
  trace_remove (t, "next");
  trace_remove (t, "later");
  g_assert_cmpuint (trace_gone (t, "later"), ==, 1);
}

static void
test_removes_others (void)
{
  Trace *t = trace_new ();

  trace_add (t, "later", TERM, 1);
  trace_add (t, "rest", TERM, 0);
  trace_add (t, "next", TERM, 0);
  trace_add (t, "a", TERM, 0);
  trace_on_call (t, "a", remove_next_and_later);
  assert_pass (t, TERM, "a rest");
  g_assert_cmpuint (trace_gone (t, "next"), ==, 1);
  trace_free (t);
}

static void
remove_next (Trace *t)
{
  trace_remove (t, "next");
  g_assert_cmpuint (trace_gone (t, "next"), ==, 1);
}

/* ps_watcher_remove() promises the notify at once for what is not running. */
static void
test_removed_next_is_freed_at_once (void)
{
  Trace *t = trace_new ();

  trace_add (t, "next", TERM, 0);
  trace_add (t, "a", TERM, 0);
  trace_on_call (t, "a", remove_next);
  assert_pass (t, TERM, "a");
  trace_free (t);
}

static void
remove_first (Trace *t)
{
  trace_remove (t, "first");
  g_assert_cmpuint (trace_gone (t, "first"), ==, 1);
}

static void
test_removes_one_already_called (void)
{
  Trace *t = trace_new ();

  trace_add (t, "b", TERM, 0);
  trace_add (t, "first", TERM, 0);
  trace_on_call (t, "b", remove_first);
  assert_pass (t, TERM, "first b");
  g_assert_cmpuint (trace_gone (t, "first"), ==, 1);
  trace_free (t);
}

static void
clear_all (Trace *t)
{
  ps_registry_clear (t->registry);
}

static void
test_cleared_from_a_callback (void)
{
  Trace *t = trace_new ();

  trace_add (t, "later", TERM, 1);
  trace_add (t, "next", TERM, 0);
  trace_add (t, "a", TERM, 0);
  trace_on_call (t, "a", clear_all);
  assert_pass (t, TERM, "a");
  g_assert_cmpuint (trace_gone (t, "a"), ==, 1);
  g_assert_cmpuint (trace_gone (t, "next"), ==, 1);
  g_assert_cmpuint (trace_gone (t, "later"), ==, 1);
  trace_free (t);
}

/* --- Adding during a pass: R04 ---------------------------------------------------------------- */

static void
add_everywhere (Trace *t)
{
  trace_add (t, "passed1", TERM, -5);
  trace_add (t, "same1", TERM, 0);
  trace_add (t, "later1", TERM, 5);
  trace_add (t, "passed2", TERM, -5);
  trace_add (t, "earliest", TERM, G_MININT);
  trace_add (t, "same2", TERM, 0);
  trace_add (t, "later2", TERM, 5);
  trace_add (t, "finish", FINISH, 0);
}

/* After the others of its priority; or next, when its priority has passed. */
static void
test_adds (void)
{
  Trace *t = trace_new ();

  trace_add (t, "before", TERM, -5);
  trace_add (t, "middle", TERM, 3);
  trace_add (t, "later", TERM, 5);
  trace_add (t, "b", TERM, 0);
  trace_add (t, "a", TERM, 0);
  trace_on_call (t, "a", add_everywhere);
  assert_pass (t, TERM,
               "before a b same2 same1 earliest passed2 passed1 middle later2 later1 later");
  assert_pass (t, FINISH, "finish");
  trace_free (t);
}

static void
add_a_generation (Trace *t)
{
  static int left = 5;

  if (left-- > 0)
    {
      g_autofree char *name = g_strdup_printf ("g%d", left);

      trace_add (t, name, TERM, 0);
      trace_on_call (t, g_intern_string (name), add_a_generation);
    }
}

static void
test_adds_in_generations (void)
{
  Trace *t = trace_new ();

  trace_add (t, "later", TERM, 1);
  trace_add (t, "a", TERM, 0);
  trace_on_call (t, "a", add_a_generation);
  assert_pass (t, TERM, "a g4 g3 g2 g1 g0 later");
  trace_free (t);
}

static void
add_itself (Trace *t)
{
  trace_add (t, "a", TERM | FINISH, 0);
}

/* It is the same pair: no loop without an end. */
static void
test_adds_itself (void)
{
  Trace *t = trace_new ();

  trace_add (t, "a", TERM, 0);
  trace_on_call (t, "a", add_itself);
  assert_pass (t, TERM, "a");
  assert_pass (t, FINISH, "");
  trace_free (t);
}

static void
empty_and_refill (Trace *t)
{
  trace_remove (t, "a");
  trace_remove (t, "b");
  trace_add (t, "c", TERM, 0);
}

/* The phase that is being called is empty for a moment. */
static void
test_phase_emptied_and_refilled (void)
{
  Trace *t = trace_new ();

  trace_add (t, "later", TERM, 1);
  trace_add (t, "b", TERM, 0);
  trace_add (t, "a", TERM, 0);
  trace_on_call (t, "a", empty_and_refill);
  assert_pass (t, TERM, "a c later");
  ps_registry_begin_exit (t->registry);
  assert_pass (t, TERM, "c later");
  trace_free (t);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/changes/removes-itself", test_removes_itself);
  g_test_add_func ("/changes/removes-others", test_removes_others);
  g_test_add_func ("/changes/removed-next-is-freed-at-once", test_removed_next_is_freed_at_once);
  g_test_add_func ("/changes/removes-one-already-called", test_removes_one_already_called);
  g_test_add_func ("/changes/cleared-from-a-callback", test_cleared_from_a_callback);
  g_test_add_func ("/changes/adds", test_adds);
  g_test_add_func ("/changes/adds-in-generations", test_adds_in_generations);
  g_test_add_func ("/changes/adds-itself", test_adds_itself);
  g_test_add_func ("/changes/phase-emptied-and-refilled", test_phase_emptied_and_refilled);
  return g_test_run ();
}
