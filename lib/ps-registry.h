/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who wants to be called for what, and in which order. Thread-safe. */

#include "ps-types.h"

/* floor 0 */
#include "ps-lastcalls.h"

typedef struct _PsRegistry PsRegistry;
typedef struct _PsPair PsPair;

/* What is asked for. */
typedef struct
{
  PsEvents events;
  const char *name; /* NULL: it has none */
  int priority;
  gint64 deadline_us; /* a duration; 0: none */
  PsCallback callback;
  gpointer user_data;
  GDestroyNotify notify; /* called with notify_data when the registration is gone */
  gpointer notify_data;
  PsLastCallKind last_call; /* what it is to a crash */
} PsRegistration;

/* A registration that was made: constant, but for what is the registry's own. */
typedef struct
{
  guint id;
  PsRegistration is; /* its name is never NULL */

  /*< private >*/
  PsPair *pair;
  PsLastCallPlace last_call;
  guint64 serial;
  gatomicrefcount refs;
  guint batch_place; /* its index in the batch, plus one; 0: it is in none */
  gboolean removed;
  GList links[]; /* one per event */
} PsEntry;

typedef enum
{
  PS_NEXT_CALL, /* here is one to be called */
  PS_NEXT_WAIT, /* the next phase begins when the holds of this one are released */
  PS_NEXT_DONE, /* all have been called */
} PsNext;

PsRegistry *ps_registry_new (void);
void ps_registry_free (PsRegistry *registry);

guint ps_registry_add (PsRegistry *registry, const PsRegistration *registration);
gboolean ps_registry_remove (PsRegistry *registry, guint id);
void ps_registry_clear (PsRegistry *registry);
void ps_registry_close (PsRegistry *registry);
gboolean ps_registry_is_at_rest (PsRegistry *registry);
guint ps_registry_count (PsRegistry *registry, PsEvent event);

void ps_registry_begin_exit (PsRegistry *registry);
void ps_registry_begin_pass (PsRegistry *registry, PsEvent event);
PsNext ps_registry_next (PsRegistry *registry, gboolean holds, PsEntry **entry);
void ps_registry_unclaim (PsRegistry *registry, PsEntry *entry);

PsEntry *ps_registry_ref_entry (PsRegistry *registry, guint id);
void ps_registry_unref_entry (PsEntry *entry);
