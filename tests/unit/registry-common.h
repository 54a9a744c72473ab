/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A registry whose callbacks are letters: passes are compared as text, "b a c". What a callback
 * does while it is called is a function that the test gives it. */

#include "ps-registry.h"
#include "ps-text.h"

typedef struct
{
  PsRegistry *registry;
  GString *order;      /* names, as they were called */
  GHashTable *ids;     /* name → the ID it has, or had */
  GHashTable *added;   /* name → how often a registration was tried */
  GHashTable *gone;    /* name → how often its notify was called */
  GHashTable *scripts; /* name → ScriptFunc */
  gboolean hold;       /* every callback of this pass holds */
} Trace;

typedef void (*ScriptFunc) (Trace *t);

Trace *trace_new (void);
void trace_free (Trace *t);

/* Each name is a pair of its own; trace_add_pair() makes it share that of another name. */
guint trace_add (Trace *t, const char *name, PsEvents events, int priority);
guint trace_add_pair (Trace *t, const char *name, const char *pair, PsEvents events, int priority);
void trace_remove (Trace *t, const char *name);
guint trace_gone (Trace *t, const char *name);
void trace_on_call (Trace *t, const char *name, ScriptFunc script);
void trace_callback (PsContext *context, gpointer data);

/* Goes on with a pass until it is done, or waits. */
PsNext trace_go_on (Trace *t);
PsEntry *trace_next (Trace *t);
void assert_order (Trace *t, const char *order);
void assert_pass (Trace *t, PsEvent event, const char *order);
