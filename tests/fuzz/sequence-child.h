/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between sequence-child.c, which has the main loop, and sequence-ops.c, which does things in it.
 */

#include <postscriptum.h>

#include "sequence.h"

/* What a callback is called with. */
typedef struct
{
  guint number;
  guint body, body_end; /* the operations it carries out */
  gint registered, freed;
} Data;

typedef struct
{
  PsScope *scope; /* NULL: ended */
  guint number;
  guint body, body_end;
  gboolean ending;
} Scope;

typedef struct
{
  const Sequence *sequence;
  int trace_fd;
  pid_t pid;
  GMainLoop *loop;
  PsWatcher *watcher;
  guint generation; /* of watchers */

  Data data[64];
  guint n_data;
  guint ids[256];
  guint n_ids;
  PsHold *holds[128];
  guint n_holds;
  Scope scopes[32];
  guint n_scopes;

  PsContext *context; /* of the callback whose operations are carried out; NULL: of none */
  guint depth;        /* callbacks that are running */
  guint budget;       /* how many operations may still be carried out */
  gboolean exiting;   /* exit() and its like have been called */

  guint chosen; /* signals, a bit each */
  int last_value;

  gboolean loop_quit; /* since main() ran it */

  GThread *threads[32]; /* each releases a hold */
  guint released[32];
  guint n_threads;
} Child;

extern Child child;

/* A line of the trace, with the time before it. */
void child_tell (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Carries out the operations from i on; child_perform() just the one, and returns the next. */
guint child_perform (guint i, guint end);
void child_perform_all (guint i, guint end);

void child_attach (void);
void child_send_early_signal (void);
void child_choose_signals (guint chosen);

/* TRUE: there was somebody to wait for. */
gboolean child_join_threads (void);
gboolean child_release_all (void);

void child_quit_loop (void);
