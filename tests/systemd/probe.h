/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of ps-probed, a daemon that a test composes on the command line. */

#include <postscriptum.h>

/* --- probe-trace.c: lines to the test */

void trace_open (const char *path);
void trace (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* The same from a signal handler: a whole line with its end. */
void trace_now (const char *line);

/* --- probe-acts.c, probe-children.c: one thing that a daemon does */

typedef struct
{
  char *spec;     /* as on the command line; the journal calls the callback so */
  char *moment;   /* "terminate", or "ready" */
  PsEvents event; /* 0: a moment of our own */
  int priority;
  guint deadline_ms;
  char *argument; /* "" when there is none */
  gboolean done;
} Act;

typedef void (*ActFunc) (Act *act, PsContext *context);

typedef struct
{
  const char *word;
  ActFunc run;
  gboolean in_event_only; /* it needs a context */
} ActKind;

const ActKind *act_find (const char *word);
guint act_get_number (Act *act);

void act_child_exit (Act *act, PsContext *context);
void act_child_stay (Act *act, PsContext *context);
void act_child_chat (Act *act, PsContext *context);
void act_reap (Act *act, PsContext *context);
void act_daemonize (Act *act, PsContext *context);

/* --- probe-crash.c: what no daemon should do */

void crash_register (void);
void crash_register_twice (void);
void act_segv (Act *act, PsContext *context);
void act_thread_segv (Act *act, PsContext *context);
void act_blocked_segv (Act *act, PsContext *context);
void act_assert (Act *act, PsContext *context);

/* --- probe-script.c: all of them */

extern PsWatcher *the_watcher;
extern GMainLoop *the_loop;

gboolean script_add (const char *spec, GError **error);
void script_register (void);
void script_run_moment (const char *moment);

/* --- probe-serve.c: what a daemon is there for */

void serve_sockets (void);
void serve_bus_name (const char *name, void (*on_served) (void));
