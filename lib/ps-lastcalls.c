/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The registry has locks and trees, which a signal handler must not touch: the crash may have come
 * in the middle of them. So what matters in a crash is kept once more, in an array that never
 * moves: the callbacks that may run in a signal handler, and the names of the finish callbacks that
 * may not, so that the record can say what was left undone.
 *
 * Each row has a state, which is the last thing that changes when a row is filled, and the first
 * when it is emptied. A row that the handler is using is not emptied under its feet: the process is
 * about to die, and whoever wants to remove a callback just then waits for that.
 */

#include "ps-lastcalls.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum
{
  ROW_FREE,
  ROW_BUSY,   /* being filled or emptied */
  ROW_DUE,    /* to be called */
  ROW_CALLED, /* in this exit, already */
  ROW_IN_USE, /* by the handler */
};

typedef struct
{
  atomic_int state;
  unsigned long serial;
  PsLastCall call;
} Row;

/* A handler that has died otherwise (an earlier one may have recovered) is not waited for. */
#define WAIT_MS 2000

#define N_ROWS (PS_LASTCALLS_MAX + PS_LASTCALLS_NAMED)

/* Places: 0 is none, 1 and so on are rows, and this one is counted only. */
#define UNLISTED (N_ROWS + 1)

static struct
{
  Row rows[N_ROWS]; /* those that can be called, then those with only a name */
  atomic_uint used[2];
  atomic_uint unlisted, unlisted_called;
  atomic_ulong serial;
} table;

static int
swap (Row *row, int from, int to)
{
  return atomic_compare_exchange_strong (&row->state, &from, to);
}

static int
is_unsafe (const Row *row)
{
  return row >= table.rows + PS_LASTCALLS_MAX;
}

static void
fill (Row *row, PsLastCallKind kind, const char *name, int priority, void (*func) (void),
      void *data)
{
  size_t n = strnlen (name, sizeof row->call.name - 1);

  row->call = (PsLastCall){ .kind = kind, .priority = priority, .func = func, .data = data };
  memcpy (row->call.name, name, n);
  row->serial = atomic_fetch_add (&table.serial, 1);
  atomic_store (&row->state, ROW_DUE);
}

/* PS_LASTCALL_NO_PLACE: the table is full; never for the unsafe kind. */
PsLastCallPlace
ps_lastcalls_add (PsLastCallKind kind, const char *name, int priority, void (*func) (void),
                  void *data)
{
  int unsafe = kind == PS_LASTCALL_UNSAFE;
  int first = unsafe ? PS_LASTCALLS_MAX : 0;
  int end = unsafe ? N_ROWS : PS_LASTCALLS_MAX;

  if (atomic_load (&table.used[unsafe]) < (unsigned) (end - first))
    for (int i = first; i < end; i++)
      if (swap (&table.rows[i], ROW_FREE, ROW_BUSY))
        {
          atomic_fetch_add (&table.used[unsafe], 1);
          fill (&table.rows[i], kind, name, priority, func, data);
          return i + 1;
        }
  if (!unsafe)
    return PS_LASTCALL_NO_PLACE;
  atomic_fetch_add (&table.unlisted, 1);
  return UNLISTED;
}

/* Whether there is no room for more that can be called. */
int
ps_lastcalls_are_full (void)
{
  return atomic_load (&table.used[0]) == PS_LASTCALLS_MAX;
}

static void
wait_a_moment (void)
{
  const struct timespec moment = { .tv_nsec = 1000000 };

  nanosleep (&moment, NULL);
}

void
ps_lastcalls_remove (PsLastCallPlace place)
{
  Row *row;

  if (place == UNLISTED)
    atomic_fetch_sub (&table.unlisted, 1);
  if (place == PS_LASTCALL_NO_PLACE || place == UNLISTED)
    return;
  row = &table.rows[place - 1];
  for (int i = 0; i < WAIT_MS; i++)
    {
      if (swap (row, ROW_DUE, ROW_BUSY) || swap (row, ROW_CALLED, ROW_BUSY))
        break;
      wait_a_moment ();
    }
  atomic_fetch_sub (&table.used[is_unsafe (row)], 1);
  atomic_store (&row->state, ROW_FREE);
}

static void
mark (Row *row, int called)
{
  if (called)
    swap (row, ROW_DUE, ROW_CALLED);
  else
    swap (row, ROW_CALLED, ROW_DUE);
}

/* It was called in this exit, or after all was not. That holds for a function and its data, under
 * however many registrations. */
void
ps_lastcalls_mark (PsLastCallPlace place, void (*func) (void), void *data, int called)
{
  unsigned left = atomic_load (&table.used[0]);

  if (place == UNLISTED && called)
    atomic_fetch_add (&table.unlisted_called, 1);
  else if (place == UNLISTED)
    atomic_fetch_sub (&table.unlisted_called, 1);
  else if (place > PS_LASTCALLS_MAX)
    mark (&table.rows[place - 1], called);

  for (Row *row = table.rows; left > 0 && row < table.rows + PS_LASTCALLS_MAX; row++)
    {
      int state = atomic_load (&row->state);

      if (state != ROW_DUE && state != ROW_CALLED)
        continue;
      left--;
      if (row->call.func == func && row->call.data == data)
        mark (row, called);
    }
}

/* From here on each may be called once more. */
void
ps_lastcalls_begin_exit (void)
{
  for (int i = 0; i < N_ROWS; i++)
    mark (&table.rows[i], 0);
  atomic_store (&table.unlisted_called, 0);
}

/* A new watch begins. */
void
ps_lastcalls_clear (void)
{
  for (int i = 0; i < N_ROWS; i++)
    atomic_store (&table.rows[i].state, ROW_FREE);
  atomic_store (&table.used[0], 0);
  atomic_store (&table.used[1], 0);
  atomic_store (&table.unlisted, 0);
  atomic_store (&table.unlisted_called, 0);
}

/* --- In the handler: async-signal-safe ------------------------------------------------------- */

/* Crash before finish, then by priority, then the newest first. */
static int
comes_before (const Row *a, const Row *b)
{
  int a_last = a->call.kind == PS_LASTCALL_FINISH, b_last = b->call.kind == PS_LASTCALL_FINISH;

  if (a_last != b_last)
    return b_last;
  if (a->call.priority != b->call.priority)
    return a->call.priority < b->call.priority;
  return a->serial > b->serial;
}

/* None is being called any more. */
void
ps_lastcalls_end (void)
{
  for (Row *row = table.rows; row < table.rows + PS_LASTCALLS_MAX; row++)
    swap (row, ROW_IN_USE, ROW_CALLED);
}

/* The next one that is to be called, NULL after the last; each counts as called. */
const PsLastCall *
ps_lastcalls_next (void)
{
  Row *next;

  do
    {
      next = NULL;
      for (Row *row = table.rows; row < table.rows + PS_LASTCALLS_MAX; row++)
        if (atomic_load (&row->state) == ROW_DUE && (next == NULL || comes_before (row, next)))
          next = row;
      if (next == NULL)
        return NULL;
    }
  while (!swap (next, ROW_DUE, ROW_IN_USE));
  return &next->call;
}

/* The name of the n-th finish callback that is due and must not be called; NULL after the last one
 * whose name is known. */
const char *
ps_lastcalls_left (unsigned n)
{
  for (Row *row = table.rows + PS_LASTCALLS_MAX; row < table.rows + N_ROWS; row++)
    if (atomic_load (&row->state) == ROW_DUE && n-- == 0)
      return row->call.name;
  return NULL;
}

/* How many of them there are, with a name or without. */
unsigned
ps_lastcalls_count_left (void)
{
  unsigned unlisted = atomic_load (&table.unlisted), called = atomic_load (&table.unlisted_called);
  unsigned named = 0;

  while (ps_lastcalls_left (named) != NULL)
    named++;
  return named + (unlisted > called ? unlisted - called : 0);
}
