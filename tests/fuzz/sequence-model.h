/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between sequence-model.c, which reads the trace, and model-exit.c, which knows what must follow.
 */

#include "sequence.h"

#include <postscriptum.h>

#define NEVER_US G_MAXINT64

typedef enum
{
  RUNNING,
  RELOADING,
  QUERYING,
  RESUMING,
  TERMINATING,
  FINISHING,
  EXITED,
} State;

typedef enum
{
  IN_RELOAD,
  IN_REQUEST,
  IN_QUEUED,
  IN_EXIT,
  IN_VETO,
  IN_DONE,
  IN_HURRY,
  IN_DEADLINE,
} Input;

typedef enum
{
  WHY_NOTHING,
  WHY_SIGNAL,
  WHY_QUIT,
  WHY_EXIT,
  WHY_LOOP,
} WhyKind;

typedef struct
{
  WhyKind kind;
  int signum;
  int code;
  int value;
} Why;

/* What waits to be taken in. */
typedef struct
{
  Input input;
  Why why;
} Wish;

/* A function and its data: what runs once per exit. */
typedef struct
{
  guint function, number;
  gboolean called;
} Pair;

typedef struct
{
  guint id; /* 0: of a scope */
  PsEvents events;
  int priority;
  gint64 deadline_us;
  Pair *pair;
  guint serial;
  gboolean live;
  guint taken_in; /* the pass whose batch it was in */
} Item;

typedef struct
{
  guint number;
  guint generation;
  gboolean active;
  gboolean leaving; /* a thread is releasing it */
  gboolean of_round;
  gboolean overdue; /* since a callback runs: nobody need have noticed */
  gint64 deadline_us;
} Hold;

typedef struct
{
  Item *item; /* NULL: refused */
  guint generation;
  gboolean done;
} Scope;

/* What is on the child's stack. */
typedef enum
{
  FRAME_OP,
  FRAME_CALL,
  FRAME_ROUND,
  FRAME_SCOPE,
} FrameKind;

typedef struct
{
  FrameKind kind;
  guint generation;
  Scope *scope;
  gboolean code_given, veto;
  int code;
} Frame;

struct _Model
{
  gint64 now_us;
  char *complaint;
  GQueue frames;
  gboolean after_round, ended_round; /* the last line was the end of one; this one is */
  gboolean hangup_ignored;

  /* The loop: whether main() runs it, whether it was quit, and for which watcher. */
  gboolean loop_runs, loop_quit, by_hand;
  gboolean in_turn; /* the last frame that was left was a callback's */
  guint run_generation;

  /* Of the watcher; begun anew with each. */
  guint generation;
  GPtrArray *items;
  GPtrArray *pairs;
  guint serial;
  State state;
  gint64 limit_us;
  int policy, hangup;
  guint taken; /* of what sequence_choosable() says, a bit each */
  guint chosen;
  gboolean named; /* chosen by the program */
  gboolean may_choose;

  GQueue signals; /* of Wish: came, not taken in */
  GQueue deferred;
  GQueue kept; /* while another wish is being decided on */
  gboolean quit_asked;
  int quit_code;
  gboolean reload_asked;
  Why reload_why;
  Why cause;
  gint64 end_us, reserve_us, grace_us, extended_us;
  gboolean code_given, vetoed, hastened;
  int code;

  /* The pass, as in the library's documents: phases of one priority, in batches. */
  guint pass;
  PsEvent event; /* 0: none is under way */
  gboolean in_phase;
  int priority;
  GQueue batch;
  Item *running; /* called, and not returned */
  gint64 entered_us;

  /* Not of the watcher. */
  int escalation;
  guint pressed;
  gint64 pressed_us;
  GPtrArray *holds;
  GPtrArray *scopes;

  /* How the process is to end. */
  enum
  {
    END_OPEN,
    END_STATUS, /* with what the exit comes to */
    END_QUICK,  /* with this code, unless by the signal */
    END_CODE,   /* with this code */
    END_SIGNAL, /* of this signal, and now */
  } end;
  int end_code;
  gboolean forced; /* with this code, and now */
};

void model_complain (Model *m, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* model-exit.c */
void model_begin_watcher (Model *m);
void model_press (Model *m, int signum, int value);
void model_settle_signals (Model *m);
void model_give_back (Model *m, guint signals);
int model_status (Model *m);
PsHangup model_hangup_meaning (Model *m);

/* All that is to be done by itself; the callback that must be called next, or NULL. */
Item *model_turn (Model *m);

/* The end can no longer be stopped. */
void model_conclude (Model *m, Why why);

Pair *model_pair (Model *m, guint function, guint number);
