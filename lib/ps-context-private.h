/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The conductor's side of a context: it fills the question in and reads the answers. */

#include "ps-context.h"

/* floor 1 */
#include "ps-cause.h"

typedef PsHold *(*PsContextHoldFunc) (PsContext *context, const char *why, gpointer data);

struct _PsContext
{
  gatomicrefcount refs;

  /* The question. */
  PsEvent event;
  const PsCause *cause; /* the conductor's; NULL once the callback has returned */
  const struct sigaction *previous_action;
  gint64 end_us; /* when its time is over */
  PsContextHoldFunc hold;
  gpointer hold_data;
  int is_forsaken; /* atomic: the callback was given up on, and is nobody's business any more */

  /* The answers. */
  int exit_code;
  gboolean exit_code_set;
  gboolean is_vetoed;
  char veto[1024]; /* why */
  GError *error;
};

PsContext *ps_context_new (void);
PsContext *ps_context_try_new (void);
PsContext *ps_context_recycle (PsContext *context);
