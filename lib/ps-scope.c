/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A scope can end by itself and by the end of the process at the same time, in two threads. The
 * one that comes second must wait for the first: its caller is about to leave the block whose
 * variables the cleanup uses. The lock is recursive, since a cleanup may end its own scope.
 */

#include "ps-scope.h"
#include "ps-watcher-private.h"

struct _PsScope
{
  gatomicrefcount refs; /* the caller's and the registration's */
  GRecMutex lock;
  gboolean done;
  PsWatcher *watcher;
  PsCallback callback;
  gpointer user_data;
  guint id;
};

static void
scope_unref (gpointer data)
{
  PsScope *scope = data;

  if (!g_atomic_ref_count_dec (&scope->refs))
    return;
  ps_watcher_unref (scope->watcher);
  g_rec_mutex_clear (&scope->lock);
  g_free (scope);
}

/* Holds the lock while the cleanup runs; that one must not wait for a thread that ends the scope.
 */
static void
scope_run (PsContext *context, gpointer data)
{
  PsScope *scope = data;

  g_rec_mutex_lock (&scope->lock);
  if (!scope->done)
    {
      scope->done = TRUE;
      scope->callback (context, scope->user_data);
    }
  g_rec_mutex_unlock (&scope->lock);
}

PsScope *(ps_scope_new) (PsWatcher *self, PsCallback callback, gpointer user_data)
{
  return ps_scope_new_named (self, NULL, callback, user_data);
}

PsScope *
ps_scope_new_named (PsWatcher *self, const char *name, PsCallback callback, gpointer user_data)
{
  PsScope *scope;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (callback != NULL, NULL);

  scope = g_new0 (PsScope, 1);
  g_atomic_ref_count_init (&scope->refs);
  g_atomic_ref_count_inc (&scope->refs);
  g_rec_mutex_init (&scope->lock);
  scope->watcher = ps_watcher_ref (self);
  scope->callback = callback;
  scope->user_data = user_data;
  scope->id = ps_watcher_add (self, PS_EVENT_FINISH, name, 0, 0, scope_run, scope, scope_unref);
  return scope;
}

void
ps_scope_end (PsScope *scope)
{
  const PsCause nothing = { .kind = PS_CAUSE_NONE };
  g_autoptr (PsContext) context = NULL;

  /* A forked child leaves the block, too; what is to be cleaned up is its parent's. */
  if (scope == NULL || ps_watcher_is_forked (scope->watcher))
    return;
  context = ps_context_new ();
  context->event = PS_EVENT_FINISH;
  context->cause = &nothing;
  g_atomic_int_inc (&scope->watcher->aside);
  scope_run (context, scope);
  g_atomic_int_add (&scope->watcher->aside, -1);
  context = ps_context_recycle (g_steal_pointer (&context));
  ps_watcher_remove (scope->watcher, scope->id);
  scope_unref (scope);
}
