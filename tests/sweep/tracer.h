/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Stops at each system call of a process and all its threads. */

#include "trial.h"

/* A call that was swept has come back, with this result: a negative one is an error. */
typedef void (*TracerReturnFunc) (const SweepCall *call, gint64 result, gpointer data);

typedef struct
{
  pid_t thread;
  gboolean is_own; /* the subject's own business: not swept */
  SweepFate fate;  /* of the call that is being made, */
  SweepCall call;  /* which is this; number 0: it is not swept */
  guint64 arguments[6];
} TracedThread;

typedef struct
{
  pid_t pid;
  SweepCallFunc at_call;      /* may be NULL */
  TracerReturnFunc at_return; /* likewise */
  gpointer data;
  gboolean armed;
  guint n_calls;
  guint n_fired;
  long call; /* the first that failed */
  int error;
  TracedThread threads[16];
  guint n_threads;
} Tracer;

/* The last of what the subject said by prctl(), as in sweep.h; -1: it said nothing. */
int tracer_take_stop (Tracer *self, pid_t thread, int status);
