/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who wants to be called for what, and in which order. Thread-safe. */

#include "ps-types.h"

/* floor 0 */
#include "ps-lastcalls.h"
#include "ps-registration.h"
/* floor 1 */
#include "ps-pairs.h"

typedef struct _PsRegistry PsRegistry;

/* A registration that was made: constant, but for what is the registry's own. */
typedef struct
{
  union
  {
    struct
    {
      const PsRegistration *is; /* its name is one line, and never NULL; it has no user data */
      gpointer user_data;
    };
    /*< private >*/
    PsPair pair;
  };
  gatomicrefcount refs;
  guint8 slot;
  guint8 last_call; /* a PsLastCallPlace */
  guint8 is_removed;
  guint8 is_gone; /* and nobody refers to it */
  GList links[];  /* one per event */
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
void ps_registry_claim (PsRegistry *registry, guint id);
void ps_registry_unclaim (PsRegistry *registry, PsEntry *entry);

PsEntry *ps_registry_ref_entry (PsRegistry *registry, guint id);
void ps_registry_unref_entry (PsEntry *entry);
guint ps_registry_get_id (const PsEntry *entry);
