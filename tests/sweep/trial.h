/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One life of the subject, with a fault in it, from outside: what it did, what it said to the
 * service manager and the journal, how it ended. */

#include <glib.h>
#include <sys/types.h>

/* A system call that is about to be made. */
typedef struct
{
  guint number; /* the how-manieth of those that are swept */
  long call;
  const guint64 *arguments; /* six */
  pid_t pid;
  pid_t thread;
} SweepCall;

/* What becomes of it: with an error it fails, and is not made at all; but close() closes whatever
 * it says. */
typedef struct
{
  int error; /* 0: it is made, and says what it will */
  gboolean is_made;
} SweepFate;

/* What is done to the subject is added to *fired. */
typedef SweepFate (*SweepCallFunc) (const SweepCall *call, gpointer data, guint *fired);

typedef struct
{
  const char *ending;  /* of the subject: "term", "quit", "alone", "exit", "thread", "reload" */
  const char *or_else; /* what it may look like as well; see judge.c */
  const char *deadline_sec; /* of the exit; NULL: long enough never to be met */
  const char *memory;       /* "N once", "N ever": which allocations fail; or NULL */

  /* With a function, each system call is stopped at: from the start up to "ready", or from the
   * signal (or the call that ends the process) on. */
  SweepCallFunc at_call;
  gpointer data;
  gboolean from_attach;
} TrialPlan;

typedef struct
{
  GPtrArray *marks;   /* what the subject said, in order */
  GPtrArray *notes;   /* to the service manager */
  GPtrArray *records; /* to the journal */
  char *output;       /* to its standard error */
  char *last_words;   /* in the termination log; NULL: there is none */
  int wait_status;
  gboolean timed_out;
  guint n_calls, n_allocations; /* that were swept */
  guint n_fired;                /* faults, of whatever kind */
  long call;                    /* the first system call that failed, or 0 */
  int error;                    /* and with what */
} TrialOutcome;

/* Makes the sockets, and a /run with the one for the journal. FALSE where no namespace is to be
 * had. Once, before the first trial. */
gboolean trial_open (void);

TrialOutcome *trial_run (const TrialPlan *plan);
void trial_outcome_free (TrialOutcome *outcome);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TrialOutcome, trial_outcome_free)
