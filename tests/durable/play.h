/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One program, from its start to the end of all that it left behind, with a tracer or without. */

#include "../sweep/tracer.h"

typedef struct
{
  const char *const *arguments; /* of the program, which is the first */
  /* With one of these, each system call is stopped at: before it is made, and when it is done. */
  SweepCallFunc at_call;
  TracerReturnFunc at_return;
  void (*at_mark) (int said, Tracer *tracer, gpointer data); /* prctl (SWEEP_PRCTL, said) */
  gboolean armed;                                            /* from the start */
  gpointer data;
} PlayPlan;

typedef struct
{
  int wait_status;
  guint n_calls, n_fired; /* while it was armed */
  long call;              /* the first that failed, or 0; and with what */
  int error;
  char *output; /* on both its streams */
} Play;

void play (const PlayPlan *plan, Play *result);
void play_clear (Play *result);

/* "exited with 1", "killed by 9", and what it said. To be freed. */
char *play_describe (const Play *result);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Play, play_clear)
