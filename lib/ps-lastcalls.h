/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is to be called when the process crashes, and what can no longer be: a table that a signal
 * handler can read at any moment. Process-wide. Whoever changes it holds the lock of a registry, of
 * which there may be two: that of a watcher that was detached is still its owner's. */

#define PS_LASTCALLS_MAX 64   /* that can be called */
#define PS_LASTCALLS_NAMED 16 /* that cannot, and are known by name; the rest is only counted */

typedef enum
{
  PS_LASTCALL_NONE,
  PS_LASTCALL_CRASH_FUNC, /* a PsCrashFunc */
  PS_LASTCALL_CRASH,      /* a PsCallback for the event of that name, async-signal-safe */
  PS_LASTCALL_FINISH,     /* likewise */
  PS_LASTCALL_UNSAFE,     /* a finish callback that must not run in a signal handler */
} PsLastCallKind;

typedef struct
{
  PsLastCallKind kind;
  int priority;
  char name[64];
  void (*func) (void);
  void *data;
} PsLastCall;

/* Where a registration stands in the table. */
typedef int PsLastCallPlace;
#define PS_LASTCALL_NO_PLACE 0

PsLastCallPlace ps_lastcalls_add (PsLastCallKind kind, const char *name, int priority,
                                  void (*func) (void), void *data);
int ps_lastcalls_are_full (void);
void ps_lastcalls_remove (PsLastCallPlace place);
void ps_lastcalls_mark (PsLastCallPlace place, void (*func) (void), void *data, int called);
void ps_lastcalls_begin_exit (void);
void ps_lastcalls_clear (void);

/* Async-signal-safe. */
const PsLastCall *ps_lastcalls_next (void);
void ps_lastcalls_end (void);
const char *ps_lastcalls_left (unsigned n);
unsigned ps_lastcalls_count_left (void);
