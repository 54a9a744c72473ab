/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is registered, counted, removed, closed and cleared, outside of passes; see
 * registry-passes.c for those. */

#include "registry-common.h"

static void
test_count (void)
{
  Trace *t = trace_new ();

  g_assert_cmpuint (ps_registry_count (t->registry, PS_EVENT_FINISH), ==, 0);
  trace_add (t, "a", PS_EVENT_FINISH, 0);
  trace_add (t, "b", PS_EVENT_FINISH | PS_EVENT_QUIT, 7);
  trace_add (t, "c", PS_EVENT_QUIT | PS_EVENT_TERMINATE, -7);
  g_assert_cmpuint (ps_registry_count (t->registry, PS_EVENT_FINISH), ==, 2);
  g_assert_cmpuint (ps_registry_count (t->registry, PS_EVENT_QUIT), ==, 2);
  g_assert_cmpuint (ps_registry_count (t->registry, PS_EVENT_TERMINATE), ==, 1);
  g_assert_cmpuint (ps_registry_count (t->registry, PS_EVENT_QUERY), ==, 0);
  trace_remove (t, "b");
  g_assert_cmpuint (ps_registry_count (t->registry, PS_EVENT_FINISH), ==, 1);
  g_assert_cmpuint (ps_registry_count (t->registry, PS_EVENT_QUIT), ==, 1);
  trace_free (t);
}

static void
test_every_event_has_its_place (void)
{
  Trace *t = trace_new ();

  for (PsEvents event = PS_EVENT_QUERY; event <= PS_EVENT_FINISH; event <<= 1)
    trace_add (t, ps_text_event (event), event, 0);
  trace_add (t, "all", 2 * PS_EVENT_FINISH - 1, 1);
  for (PsEvents event = PS_EVENT_QUERY; event <= PS_EVENT_FINISH; event <<= 1)
    {
      g_autofree char *order = g_strdup_printf ("%s all", ps_text_event (event));

      g_assert_cmpuint (ps_registry_count (t->registry, event), ==, 2);
      ps_registry_begin_exit (t->registry);
      assert_pass (t, event, order);
    }
  trace_free (t);
}

static void
test_ids (void)
{
  Trace *t = trace_new ();
  g_autoptr (GHashTable) ids = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < 1000; i++)
    {
      guint id = trace_add (t, "x", PS_EVENT_FINISH, 0);

      g_assert_cmpuint (id, !=, 0);
      g_assert_true (g_hash_table_add (ids, GUINT_TO_POINTER (id)));
      /* Also those that are gone are not given again: somebody may still hold them. */
      if (i % 2 == 0)
        g_assert_true (ps_registry_remove (t->registry, id));
    }
  g_assert_cmpuint (ps_registry_count (t->registry, PS_EVENT_FINISH), ==, 500);
  trace_free (t);
}

static void
test_remove_twice (void)
{
  Trace *t = trace_new ();
  guint id = trace_add (t, "a", PS_EVENT_FINISH, 0);

  g_assert_false (ps_registry_remove (t->registry, 0));
  g_assert_false (ps_registry_remove (t->registry, id + 1));
  g_assert_true (ps_registry_remove (t->registry, id));
  g_assert_cmpuint (trace_gone (t, "a"), ==, 1);
  g_assert_false (ps_registry_remove (t->registry, id));
  g_assert_cmpuint (trace_gone (t, "a"), ==, 1);
  trace_free (t);
}

static void
test_what_was_registered (void)
{
  Trace *t = trace_new ();
  char name[] = "flush_queue";
  PsRegistration registration = { .events = PS_EVENT_QUIT | PS_EVENT_FINISH,
                                  .name = name,
                                  .priority = -3,
                                  .deadline_us = 4711,
                                  .callback = trace_callback,
                                  .user_data = t };
  guint id = ps_registry_add (t->registry, &registration), nameless;
  PsEntry *entry;

  name[0] = 'X';
  registration.name = NULL;
  nameless = ps_registry_add (t->registry, &registration);

  entry = ps_registry_ref_entry (t->registry, id);
  g_assert_cmpuint (ps_registry_get_id (entry), ==, id);
  g_assert_cmpstr (entry->is->name, ==, "flush_queue");
  g_assert_cmpint (entry->is->priority, ==, -3);
  g_assert_cmpint (entry->is->deadline_us, ==, 4711);
  g_assert_true (entry->is->callback == trace_callback && entry->user_data == t);
  ps_registry_unref_entry (entry);

  entry = ps_registry_ref_entry (t->registry, nameless);
  g_assert_nonnull (entry->is->name);
  ps_registry_unref_entry (entry);
  g_assert_null (ps_registry_ref_entry (t->registry, nameless + 1));
  trace_free (t);
}

/* Whoever has a reference keeps the entry, and with it what its notify would free. */
static void
test_reference_outlives_registration (void)
{
  Trace *t = trace_new ();
  PsEntry *entry = ps_registry_ref_entry (t->registry, trace_add (t, "a", PS_EVENT_FINISH, 0));

  trace_remove (t, "a");
  g_assert_cmpuint (trace_gone (t, "a"), ==, 0);
  g_assert_cmpstr (entry->is->name, ==, "a");
  g_assert_null (ps_registry_ref_entry (t->registry, ps_registry_get_id (entry)));
  ps_registry_unref_entry (entry);
  g_assert_cmpuint (trace_gone (t, "a"), ==, 1);
  trace_free (t);
}

static void
test_closed (void)
{
  Trace *t = trace_new ();

  trace_add (t, "a", PS_EVENT_FINISH, 0);
  trace_add (t, "b", PS_EVENT_FINISH, 0);
  ps_registry_close (t->registry);
  ps_registry_close (t->registry);
  g_assert_cmpuint (trace_add (t, "late", PS_EVENT_FINISH, 0), ==, 0);
  g_assert_cmpuint (trace_gone (t, "late"), ==, 1);
  g_assert_cmpuint (ps_registry_count (t->registry, PS_EVENT_FINISH), ==, 2);
  /* What is there goes on as before. */
  trace_remove (t, "b");
  assert_pass (t, PS_EVENT_FINISH, "a");
  trace_free (t);
}

static void
test_clear (void)
{
  Trace *t = trace_new ();

  trace_add (t, "a", PS_EVENT_FINISH, 0);
  trace_add (t, "b", PS_EVENT_FINISH | PS_EVENT_QUIT, 3);
  ps_registry_clear (t->registry);
  g_assert_cmpuint (trace_gone (t, "a"), ==, 1);
  g_assert_cmpuint (trace_gone (t, "b"), ==, 1);
  g_assert_cmpuint (ps_registry_count (t->registry, PS_EVENT_FINISH), ==, 0);
  g_assert_cmpuint (trace_add (t, "late", PS_EVENT_FINISH, 0), ==, 0);
  assert_pass (t, PS_EVENT_FINISH, "");
  ps_registry_clear (t->registry);
  trace_free (t);
}

static void
test_free_nothing (void)
{
  ps_registry_free (NULL);
}

/* --- Destroy notifies that call back: a lock that was held would hang here ------------------- */

typedef struct
{
  PsRegistry *registry;
  guint other;
  guint added;
  guint called;
} Meddler;

static void
meddle (gpointer data)
{
  Meddler *m = data;
  const PsRegistration registration = { .events = PS_EVENT_FINISH, .callback = trace_callback };

  m->called++;
  ps_registry_remove (m->registry, m->other);
  m->added = ps_registry_add (m->registry, &registration);
  ps_registry_count (m->registry, PS_EVENT_FINISH);
}

static guint
add_meddler (Meddler *m, PsEvents events)
{
  const PsRegistration registration = {
    .events = events, .callback = trace_callback, .user_data = m, .notify = meddle, .notify_data = m
  };

  return ps_registry_add (m->registry, &registration);
}

static void
test_notify_meddles (void)
{
  PsRegistry *registry = ps_registry_new ();
  Meddler first = { .registry = registry }, second = { .registry = registry };

  first.other = add_meddler (&second, PS_EVENT_FINISH);
  second.other = add_meddler (&first, PS_EVENT_FINISH);
  g_assert_true (ps_registry_remove (registry, second.other));
  g_assert_cmpuint (first.called, ==, 1);
  g_assert_cmpuint (second.called, ==, 1);
  g_assert_cmpuint (ps_registry_count (registry, PS_EVENT_FINISH), ==, 2);
  ps_registry_free (registry);
}

static void
test_notify_meddles_at_the_end (void)
{
  PsRegistry *registry = ps_registry_new ();
  Meddler clear = { .registry = registry }, close = { .registry = registry };

  add_meddler (&clear, PS_EVENT_FINISH);
  ps_registry_clear (registry);
  g_assert_cmpuint (clear.called, ==, 1);
  g_assert_cmpuint (clear.added, ==, 0);

  g_assert_cmpuint (add_meddler (&close, PS_EVENT_FINISH), ==, 0);
  g_assert_cmpuint (close.called, ==, 1);
  ps_registry_free (registry);
}

/* --- Very many -------------------------------------------------------------------------------- */

static guint n_called;

static void
count_call (PsContext *context, gpointer data)
{
  n_called++;
}

static guint
call_all (PsRegistry *registry, PsEvent event)
{
  PsEntry *entry;

  n_called = 0;
  ps_registry_begin_pass (registry, event);
  while (ps_registry_next (registry, FALSE, &entry) == PS_NEXT_CALL)
    {
      entry->is->callback (NULL, entry->user_data);
      ps_registry_unref_entry (entry);
    }
  return n_called;
}

static void
test_a_million (void)
{
  enum
  {
    N = 1000000
  };
  PsRegistry *registry = ps_registry_new ();
  g_autofree guint *ids = g_new (guint, N);

  for (guint i = 0; i < N; i++)
    {
      const PsRegistration registration = { .events = PS_EVENT_TERMINATE | PS_EVENT_FINISH,
                                            .priority = (int) (i % 5),
                                            .callback = count_call,
                                            .user_data = GUINT_TO_POINTER (i) };

      ids[i] = ps_registry_add (registry, &registration);
      g_assert_cmpuint (ids[i], !=, 0);
    }
  g_assert_cmpuint (ps_registry_count (registry, PS_EVENT_FINISH), ==, N);
  for (guint i = 0; i < N; i += 4)
    g_assert_true (ps_registry_remove (registry, ids[i]));
  g_assert_cmpuint (call_all (registry, PS_EVENT_TERMINATE), ==, N / 4 * 3);
  g_assert_cmpuint (call_all (registry, PS_EVENT_FINISH), ==, 0);
  ps_registry_begin_exit (registry);
  g_assert_cmpuint (call_all (registry, PS_EVENT_FINISH), ==, N / 4 * 3);
  ps_registry_free (registry);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/registry/count", test_count);
  g_test_add_func ("/registry/every-event-has-its-place", test_every_event_has_its_place);
  g_test_add_func ("/registry/ids", test_ids);
  g_test_add_func ("/registry/remove-twice", test_remove_twice);
  g_test_add_func ("/registry/what-was-registered", test_what_was_registered);
  g_test_add_func ("/registry/reference-outlives-registration",
                   test_reference_outlives_registration);
  g_test_add_func ("/registry/closed", test_closed);
  g_test_add_func ("/registry/clear", test_clear);
  g_test_add_func ("/registry/free-nothing", test_free_nothing);
  g_test_add_func ("/registry/notify-meddles", test_notify_meddles);
  g_test_add_func ("/registry/notify-meddles-at-the-end", test_notify_meddles_at_the_end);
  g_test_add_func ("/registry/a-million", test_a_million);
  return g_test_run ();
}
