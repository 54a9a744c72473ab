/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One row of docs/exit-matrix.md: a way out, and how a child process comes to take it. */

#include <postscriptum.h>

/* What an orderly end of its kind runs. */
#define ENDS_BY_ITSELF (PS_EVENT_CHECKPOINT | PS_EVENT_QUIT | PS_EVENT_FINISH)
#define ENDS_BY_SIGNAL (PS_EVENT_CHECKPOINT | PS_EVENT_TERMINATE | PS_EVENT_FINISH)
#define CRASHES (PS_EVENT_FINISH | PS_EVENT_CRASH)
#define RELOADS PS_EVENT_RELOAD
#define RUNS_NOTHING 0

typedef enum
{
  IN_THE_LOOP,   /* act() is called by a source */
  IN_MAIN,       /* instead of running the loop */
  IN_A_THREAD,   /* while the loop runs */
  IN_A_CALLBACK, /* of a quit */
  BEFORE_ATTACH, /* and then the loop runs */
} Where;

typedef enum
{
  LIVES_ON = 1 << 0,    /* the process is not expected to end */
  ANY_SIGNAL = 1 << 1,  /* which one it dies of is not ours to say: the same as without us */
  SHOWS_CHILD = 1 << 2, /* the wait status is that of a child it forked */
  UNREPORTED = 1 << 3,  /* no callback is for crashes */
} Remarks;

typedef struct
{
  const char *way;
  PsEvents orderly;
  Where where;
  void (*act) (int argument);
  int argument;
  void (*set_up) (PsWatcher *watcher);
  Remarks remarks;
  void (*before) (void); /* there is a watcher */
} Row;

typedef struct
{
  const char *heading;
  const Row *rows;
  gsize n_rows;
} Section;

extern const Section sections[];
extern const gsize n_sections;

/* For acts. A line that is no event's name is shown as it is. Async-signal-safe. */
void matrix_say (const char *line);
GMainLoop *matrix_loop (void);
