/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry-common.h"

typedef struct
{
  Trace *trace;
  char *name;
} Notify;

Trace *
trace_new (void)
{
  Trace *t = g_new0 (Trace, 1);

  t->registry = ps_registry_new ();
  t->order = g_string_new (NULL);
  t->ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  t->added = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  t->gone = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  t->scripts = g_hash_table_new (g_str_hash, g_str_equal);
  return t;
}

static void
add_to (GHashTable *table, const char *name, guint more)
{
  guint value = GPOINTER_TO_UINT (g_hash_table_lookup (table, name));

  g_hash_table_insert (table, g_strdup (name), GUINT_TO_POINTER (value + more));
}

static void
note_gone (gpointer data)
{
  Notify *notify = data;

  add_to (notify->trace->gone, notify->name, 1);
  g_free (notify->name);
  g_free (notify);
}

guint
trace_gone (Trace *t, const char *name)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (t->gone, name));
}

void
trace_callback (PsContext *context, gpointer data)
{
}

/* A pair is told by its user data: an interned name serves. */
guint
trace_add_pair (Trace *t, const char *name, const char *pair, PsEvents events, int priority)
{
  Notify *notify = g_new (Notify, 1);
  const PsRegistration registration = { .events = events,
                                        .name = name,
                                        .priority = priority,
                                        .callback = trace_callback,
                                        .user_data = (gpointer) g_intern_string (pair),
                                        .notify = note_gone,
                                        .notify_data = notify };
  guint id;

  *notify = (Notify){ t, g_strdup (name) };
  add_to (t->added, name, 1);
  id = ps_registry_add (t->registry, &registration);
  if (id != 0)
    g_hash_table_insert (t->ids, g_strdup (name), GUINT_TO_POINTER (id));
  return id;
}

guint
trace_add (Trace *t, const char *name, PsEvents events, int priority)
{
  return trace_add_pair (t, name, name, events, priority);
}

void
trace_remove (Trace *t, const char *name)
{
  guint id = GPOINTER_TO_UINT (g_hash_table_lookup (t->ids, name));

  g_assert_true (ps_registry_remove (t->registry, id));
}

void
trace_on_call (Trace *t, const char *name, ScriptFunc script)
{
  g_hash_table_insert (t->scripts, (gpointer) name, (gpointer) (void (*) (void)) script);
}

static void
call (Trace *t, PsEntry *entry)
{
  ScriptFunc script = (ScriptFunc) g_hash_table_lookup (t->scripts, entry->is->name);

  g_string_append_printf (t->order, "%s%s", t->order->len > 0 ? " " : "", entry->is->name);
  if (script != NULL)
    script (t);
}

/* The next entry, called, with the reference; NULL: the pass is done. */
PsEntry *
trace_next (Trace *t)
{
  PsEntry *entry;

  if (ps_registry_next (t->registry, FALSE, &entry) != PS_NEXT_CALL)
    {
      g_assert_null (entry);
      return NULL;
    }
  call (t, entry);
  return entry;
}

PsNext
trace_go_on (Trace *t)
{
  PsEntry *entry;
  PsNext next;

  while ((next = ps_registry_next (t->registry, t->hold, &entry)) == PS_NEXT_CALL)
    {
      call (t, entry);
      ps_registry_unref_entry (entry);
    }
  g_assert_null (entry);
  return next;
}

void
assert_order (Trace *t, const char *order)
{
  g_assert_cmpstr (t->order->str, ==, order);
  g_string_truncate (t->order, 0);
}

void
assert_pass (Trace *t, PsEvent event, const char *order)
{
  ps_registry_begin_pass (t->registry, event);
  g_assert_cmpint (trace_go_on (t), ==, PS_NEXT_DONE);
  assert_order (t, order);
  /* And it stays done. */
  g_assert_cmpint (trace_go_on (t), ==, PS_NEXT_DONE);
  assert_order (t, "");
}

/* In the end each registration that was tried is gone, once. */
void
trace_free (Trace *t)
{
  GHashTableIter iter;
  gpointer name, times;

  ps_registry_free (t->registry);
  g_hash_table_iter_init (&iter, t->added);
  while (g_hash_table_iter_next (&iter, &name, &times))
    {
      g_test_message ("notify of %s", (char *) name);
      g_assert_cmpuint (trace_gone (t, name), ==, GPOINTER_TO_UINT (times));
    }
  g_string_free (t->order, TRUE);
  g_hash_table_unref (t->ids);
  g_hash_table_unref (t->added);
  g_hash_table_unref (t->gone);
  g_hash_table_unref (t->scripts);
  g_free (t);
}
