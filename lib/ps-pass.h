/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One pass over the callbacks of one event: called, timed, held for, reported. Belongs to the
 * thread that conducts; nothing here decides what comes after it. */

/* floor 1 */
#include "ps-cause.h"
/* floor 2 */
#include "ps-context-private.h"
#include "ps-hold-private.h"
#include "ps-registry.h"
/* floor 6 */
#include "ps-report-exit.h"

typedef struct
{
  PsRegistry *registry; /* borrowed */
  PsReport *report;     /* borrowed */
  PsHoldSet *holds;

  PsEvent event;
  gboolean hastened; /* holds are not waited for any more */
  gint64 tell_us;    /* when to say again who is waited for */

  /* The callback that is due or runs. */
  PsEntry *entry;
  PsContext *context;
  PsContext *spare;   /* for when somebody has kept it, and there is no memory */
  PsContext *at_work; /* atomic: its context, from its call until it is back or is given up on */
  PsStep *step;       /* once it took a hold */
  gint64 entered_us;
  int cancel_state; /* of the thread, for while a callback runs */
  guint number;

  /* Over the passes since the reset. */
  guint total;
  PsTally tally;
  gboolean vetoed;
  char failure[1024]; /* the first, of a reload; "": none */
  gboolean code_given;
  int code;
} PsPass;

/* What a callback can ask. */
typedef struct
{
  const PsCause *cause;
  const struct sigaction *previous_action;
  gint64 end_us;
  int exit_code;
} PsFacts;

void ps_pass_init (PsPass *pass, PsRegistry *registry, PsReport *report, PsHoldFunc wake,
                   GSource *source);
void ps_pass_clear (PsPass *pass);
void ps_pass_reset (PsPass *pass);
void ps_pass_count (PsPass *pass, PsEvents events);
void ps_pass_begin (PsPass *pass, PsEvent event);
PsNext ps_pass_next (PsPass *pass);
gboolean ps_pass_call (PsPass *pass, const PsFacts *facts);
gboolean ps_pass_give_up (gpointer pass);
void ps_pass_callback_is_gone (PsPass *pass);
gint64 ps_pass_keep_time (PsPass *pass, gint64 now_us);
gint64 ps_pass_tell_waiting (PsPass *pass, gint64 now_us);
void ps_pass_drop_holds (PsPass *pass, const char *reason);
void ps_pass_skip_rest (PsPass *pass, const char *reason);
