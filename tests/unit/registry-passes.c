/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Passes: in which order, how often, and what is waited for. See registry-changes.c for what
 * callbacks add and remove meanwhile. */

#include "registry-common.h"

#define TERM PS_EVENT_TERMINATE
#define FINISH PS_EVENT_FINISH

static void
test_order (void)
{
  Trace *t = trace_new ();

  trace_add (t, "a", TERM, 0);
  trace_add (t, "b", TERM, 10);
  trace_add (t, "c", TERM, -10);
  trace_add (t, "d", TERM, 0);
  trace_add (t, "last", TERM, G_MAXINT);
  trace_add (t, "first", TERM, G_MININT);
  trace_add (t, "e", TERM, -10);
  trace_add (t, "f", FINISH, -100);
  assert_pass (t, TERM, "first e c d a b last");
  assert_pass (t, FINISH, "f");
  trace_free (t);
}

/* --- Once per exit ---------------------------------------------------------------------------- */

static void
test_once_per_exit (void)
{
  Trace *t = trace_new ();

  trace_add (t, "both", TERM | FINISH, 0);
  trace_add (t, "finish", FINISH, 0);
  assert_pass (t, TERM, "both");
  assert_pass (t, TERM, "");
  assert_pass (t, FINISH, "finish");
  ps_registry_begin_exit (t->registry); /* a veto, and the next attempt */
  assert_pass (t, FINISH, "finish both");
  assert_pass (t, TERM, "");
  trace_free (t);
}

static void
test_same_pair_many_times (void)
{
  Trace *t = trace_new ();

  trace_add_pair (t, "late", "pair", TERM, 5);
  trace_add_pair (t, "early", "pair", TERM, -5);
  trace_add_pair (t, "finish", "pair", FINISH, 0);
  assert_pass (t, TERM, "early");
  assert_pass (t, FINISH, "");
  trace_remove (t, "early");
  trace_add (t, "other", FINISH, 0);
  assert_pass (t, FINISH, "other");
  ps_registry_begin_exit (t->registry);
  assert_pass (t, TERM, "late");
  trace_free (t);
}

/* Removing it and making it anew does not let it be called twice. */
static void
test_spent (void)
{
  Trace *t = trace_new ();

  trace_add (t, "a", TERM | FINISH, 0);
  assert_pass (t, TERM, "a");
  trace_remove (t, "a");
  trace_add (t, "a", FINISH, 0);
  assert_pass (t, FINISH, "");
  ps_registry_begin_exit (t->registry);
  assert_pass (t, FINISH, "a");
  trace_remove (t, "a");
  ps_registry_begin_exit (t->registry);
  trace_add (t, "a", FINISH, 0);
  assert_pass (t, FINISH, "a");
  trace_free (t);
}

/* As a daemon does that has been reloaded once, and lives on for a year. */
static void
test_spent_again_and_again (void)
{
  Trace *t = trace_new ();

  trace_add (t, "a", TERM, 0);
  assert_pass (t, TERM, "a");
  for (guint i = 0; i < 10; i++)
    {
      trace_remove (t, "a");
      trace_add (t, "a", TERM, 0);
      assert_pass (t, TERM, "");
    }
  trace_remove (t, "a");
  ps_registry_begin_exit (t->registry);
  trace_add (t, "a", TERM, 0);
  assert_pass (t, TERM, "a");
  ps_registry_begin_exit (t->registry);
  assert_pass (t, TERM, "a");
  trace_free (t);
}

static void
test_unclaim (void)
{
  Trace *t = trace_new ();
  PsEntry *entry;

  trace_add (t, "a", TERM | FINISH, 0);
  ps_registry_begin_pass (t->registry, TERM);
  g_assert_cmpint (ps_registry_next (t->registry, FALSE, &entry), ==, PS_NEXT_CALL);
  ps_registry_unclaim (t->registry, entry);
  ps_registry_unref_entry (entry);
  g_assert_cmpint (trace_go_on (t), ==, PS_NEXT_DONE); /* not a second time in this pass */
  assert_order (t, "");
  assert_pass (t, FINISH, "a");
  trace_free (t);
}

static void
test_unclaim_removed (void)
{
  Trace *t = trace_new ();
  PsEntry *entry;

  trace_add (t, "a", TERM | FINISH, 0);
  ps_registry_begin_pass (t->registry, TERM);
  g_assert_cmpint (ps_registry_next (t->registry, FALSE, &entry), ==, PS_NEXT_CALL);
  trace_remove (t, "a");
  ps_registry_unclaim (t->registry, entry);
  ps_registry_unref_entry (entry);
  g_assert_cmpuint (trace_gone (t, "a"), ==, 1);
  assert_pass (t, FINISH, "");
  ps_registry_begin_exit (t->registry);
  trace_free (t);
}

/* --- Holds ------------------------------------------------------------------------------------ */

static void
test_waits_between_phases (void)
{
  Trace *t = trace_new ();

  trace_add (t, "a", TERM, 0);
  trace_add (t, "b", TERM, 0);
  trace_add (t, "c", TERM, 1);
  t->hold = TRUE;
  ps_registry_begin_pass (t->registry, TERM);
  g_assert_cmpint (trace_go_on (t), ==, PS_NEXT_WAIT);
  assert_order (t, "b a");
  g_assert_cmpint (trace_go_on (t), ==, PS_NEXT_WAIT);
  trace_add (t, "meanwhile", TERM, 0);
  g_assert_cmpint (trace_go_on (t), ==, PS_NEXT_WAIT);
  assert_order (t, "meanwhile");
  t->hold = FALSE;
  g_assert_cmpint (trace_go_on (t), ==, PS_NEXT_DONE);
  assert_order (t, "c");
  trace_free (t);
}

static void
test_waits_after_the_last (void)
{
  Trace *t = trace_new ();

  t->hold = TRUE;
  ps_registry_begin_pass (t->registry, FINISH);
  g_assert_cmpint (trace_go_on (t), ==, PS_NEXT_DONE); /* no phase, nothing to wait for */

  trace_add (t, "a", TERM, 0);
  ps_registry_begin_pass (t->registry, TERM);
  g_assert_cmpint (trace_go_on (t), ==, PS_NEXT_WAIT);
  trace_remove (t, "a");
  g_assert_cmpint (trace_go_on (t), ==, PS_NEXT_WAIT);
  t->hold = FALSE;
  g_assert_cmpint (trace_go_on (t), ==, PS_NEXT_DONE);
  assert_order (t, "a");
  trace_free (t);
}

/* --- Leaving a pass --------------------------------------------------------------------------- */

static void
test_begins_anew (void)
{
  Trace *t = trace_new ();
  PsEntry *entry;

  trace_add (t, "c", TERM | FINISH, 0);
  trace_add (t, "left out", TERM, 0);
  trace_add (t, "b", TERM | FINISH, 0);
  trace_add (t, "a", TERM, 0);
  ps_registry_begin_pass (t->registry, TERM);
  entry = trace_next (t);
  assert_order (t, "a");
  /* The hurried exit: what is left of the phase is for the next event, if it is for that. */
  assert_pass (t, FINISH, "b c");
  trace_remove (t, "left out");
  g_assert_cmpuint (trace_gone (t, "left out"), ==, 1);
  ps_registry_unref_entry (entry);
  trace_free (t);
}

static void
test_freed_during_a_pass (void)
{
  Trace *t = trace_new ();
  PsEntry *entry;

  trace_add (t, "b", TERM, 0);
  trace_add (t, "a", TERM, 0);
  ps_registry_begin_pass (t->registry, TERM);
  entry = trace_next (t);
  trace_remove (t, "b");
  ps_registry_unref_entry (entry);
  trace_free (t);
}

static void
test_no_pass (void)
{
  Trace *t = trace_new ();

  trace_add (t, "a", TERM, 0);
  g_assert_null (trace_next (t));
  assert_order (t, "");
  trace_free (t);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/passes/order", test_order);
  g_test_add_func ("/passes/once-per-exit", test_once_per_exit);
  g_test_add_func ("/passes/same-pair-many-times", test_same_pair_many_times);
  g_test_add_func ("/passes/spent", test_spent);
  g_test_add_func ("/passes/spent-again-and-again", test_spent_again_and_again);
  g_test_add_func ("/passes/unclaim", test_unclaim);
  g_test_add_func ("/passes/unclaim-removed", test_unclaim_removed);
  g_test_add_func ("/passes/waits-between-phases", test_waits_between_phases);
  g_test_add_func ("/passes/waits-after-the-last", test_waits_after_the_last);
  g_test_add_func ("/passes/begins-anew", test_begins_anew);
  g_test_add_func ("/passes/freed-during-a-pass", test_freed_during_a_pass);
  g_test_add_func ("/passes/no-pass", test_no_pass);
  return g_test_run ();
}
