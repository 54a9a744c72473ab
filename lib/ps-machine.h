/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The states of a process that ends, as a table. docs/states.md shows it; a test compares them. */

#include "ps-types.h"

typedef enum
{
  PS_STATE_RUNNING,
  PS_STATE_RELOADING,   /* reload callbacks run */
  PS_STATE_QUERYING,    /* query callbacks run: nothing irreversible has happened */
  PS_STATE_RESUMING,    /* the exit was vetoed, resume callbacks run */
  PS_STATE_TERMINATING, /* irreversible: checkpoints, then terminate or quit callbacks run */
  PS_STATE_FINISHING,   /* finish callbacks run */
  PS_STATE_EXITED,      /* nothing is left to do */
  PS_STATE_FORKED,      /* we are a copy of the process that is watched over: nothing is ours */
  PS_N_STATES,
} PsState;

typedef enum
{
  PS_INPUT_RELOAD,   /* a reload is asked for */
  PS_INPUT_REQUEST,  /* an exit is asked for, which may be vetoed */
  PS_INPUT_QUEUED,   /* likewise, by another wish than the one being decided on */
  PS_INPUT_EXIT,     /* the process is ending and nothing can stop it: exit(), the loop is gone */
  PS_INPUT_VETO,     /* the state's callbacks are through, and one vetoed */
  PS_INPUT_DONE,     /* the state's callbacks are through and their holds released */
  PS_INPUT_HURRY,    /* a second signal: stop waiting */
  PS_INPUT_DEADLINE, /* the time for this state is over */
  PS_INPUT_FORK,     /* we find ourselves in a forked child */
  PS_N_INPUTS,
} PsInput;

typedef enum
{
  PS_ACTION_UNSET,  /* a cell nobody filled; a test finds none */
  PS_ACTION_NONE,   /* nothing to do */
  PS_ACTION_NOTE,   /* write down that it was asked for again */
  PS_ACTION_KEEP,   /* keep the wish, to ask again when life goes on */
  PS_ACTION_LATER,  /* remember the reload for when we are running */
  PS_ACTION_RELOAD, /* run the reload callbacks */
  PS_ACTION_READY,  /* the reload is over */
  PS_ACTION_QUERY,  /* run the query callbacks */
  PS_ACTION_RESUME, /* run the resume callbacks */
  PS_ACTION_RUN,    /* life goes on */
  PS_ACTION_STOP,   /* pass the point of no return, run the terminate or quit callbacks */
  PS_ACTION_FINISH, /* give up what is left, run the finish callbacks */
  PS_ACTION_HASTEN, /* give up the holds and wait for no others */
  PS_ACTION_CLOSE,  /* everything has been done: say so, quit the loop */
  PS_ACTION_FORGET, /* let go of everything that belongs to the parent */
} PsAction;

typedef struct
{
  PsState next;
  PsAction action;
} PsTransition;

/* What a termination signal amounts to, after those before it. */
typedef enum
{
  PS_PRESS_ASKS,    /* it asks for an exit, or asks again */
  PS_PRESS_HURRIES, /* a second one by hand: stop waiting */
  PS_PRESS_FORCES,  /* a third one: end now */
} PsPress;

/* How often an exit has been asked for by hand. */
typedef struct
{
  guint count;
  gint64 last_us;   /* the last that counted */
  gint64 newest_us; /* the last of all */
} PsPressure;

PsTransition ps_machine_next (PsState state, PsInput input);
PsPress ps_machine_press (PsPressure *pressure, PsEscalation escalation, int signum, gint64 now_us);
void ps_machine_relax (PsPressure *pressure, gint64 since_us);

const char *ps_machine_state_name (PsState state);
const char *ps_machine_input_name (PsInput input);
const char *ps_machine_action_name (PsAction action);
