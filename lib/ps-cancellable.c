/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Made when it is first asked for: most daemons never do, and many have no GIO. From then on it is
 * known what cancels it and gives it back; an exit looks up nothing.
 *
 * The object is in its place before the mark is read, and the exit sets the mark before it looks
 * there: one of the two cancels it.
 */
#include "ps-cancellable.h"

/* floor 0 */
#include "ps-late.h"

#include <dlfcn.h>
#include <gio/gio.h>

/* GIO's; there before any object is. */
static typeof (&g_cancellable_cancel) cancel;
static typeof (&g_object_unref) unref;

/* Returns NULL when there is no GIO. */
static GCancellable *
make (PsLate how)
{
  gpointer gio = ps_late_open ("libgio-2.0.so.0", how, "ps_watcher_get_cancellable");
  typeof (&g_cancellable_new) new;

  if (gio == NULL)
    return NULL;
  new = dlsym (gio, "g_cancellable_new");
  g_atomic_pointer_set (&cancel, dlsym (gio, "g_cancellable_cancel"));
  g_atomic_pointer_set (&unref, dlsym (gio, "g_object_unref")); /* of the GObject it stands on */
  return new ();
}

GCancellable *
ps_cancellable_get (PsCancellable *self)
{
  GCancellable *object = g_atomic_pointer_get (&self->object);

  if (object != NULL)
    return object;
  object = make (g_atomic_int_get (&self->is_cancelled) ? PS_LATE_FIND_ONLY : PS_LATE_LOAD);
  if (object == NULL)
    return NULL;
  if (!g_atomic_pointer_compare_and_exchange (&self->object, NULL, object))
    {
      unref (object);
      object = g_atomic_pointer_get (&self->object);
    }
  if (g_atomic_int_get (&self->is_cancelled))
    cancel (object);
  return object;
}

void
ps_cancellable_cancel (PsCancellable *self)
{
  GCancellable *object;

  g_atomic_int_set (&self->is_cancelled, TRUE);
  object = g_atomic_pointer_get (&self->object);
  if (object != NULL)
    cancel (object);
}

void
ps_cancellable_clear (PsCancellable *self)
{
  if (self->object != NULL)
    unref (self->object);
  self->object = NULL;
}
