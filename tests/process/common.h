/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What most children of this folder begin and end with. */

#include <postscriptum.h>

#include "ps-child.h"
#include "ps-inbox.h"
#include "ps-places.h"
#include "ps-proc.h"

/* --- In the child ---------------------------------------------------------------------------- */

/* Attaches to a new loop of the default context, in silence, with a second thread alive. */
PsWatcher *watch (void);

/* Detaches, and lets the watcher and the loop go. */
void unwatch (PsWatcher *watcher);

/* As watch(), with callbacks that say "terminate: t", "quit: q" and "finish: f". */
PsWatcher *watch_all (void);

/* The same as a service, whose manager is the inbox. */
PsWatcher *watch_managed (gconstpointer inbox);

/* The loop that watch() has made. */
GMainLoop *the_loop (void);

/* Says "ready" from inside the loop, runs it, gives the reference back; returns the status. */
int run (PsWatcher *watcher);

/* Says "ready" when the loop turns. */
void say_ready_soon (void);

/* As run(), without a word. */
int run_quietly (PsWatcher *watcher);

/* Quits from inside the loop. */
void quit_soon (PsWatcher *watcher, int code);

/* For tests of what happens in between: lets the default context turn until nothing is ready. */
void turn (void);

/* "query", "terminate", … */
const char *event_name (PsContext *context);

/* A callback that says its event and its word: "terminate: word". */
void say (PsContext *context, gpointer word);
void veto_once (PsContext *context, gpointer unused); /* the first query of this process */

/* A callback that raises the signal whose number is the data. */
void raise_it (PsContext *context, gpointer signum);

/* A destroy notify that says "freed: word". */
void say_and_free (gpointer word);

/* A log function that says the kind of each record and what it is about: "record step-begun
 * terminate flush". Not for runs with many callbacks. */
void say_record (int priority, const char *message, const GLogField *fields, gsize n_fields,
                 gpointer unused);
const char *record_field (const GLogField *fields, gsize n_fields, const char *name);

/* A log function that says what was "skipped: STEP" and "given up: WHY of STEP". */
void say_given_up (int priority, const char *message, const GLogField *fields, gsize n_fields,
                   gpointer unused);

/* Starts func (data) in a thread that joins itself. */
void in_thread (GThreadFunc func, gpointer data);

/* Whether this thread of ours sleeps, or for it to do so; or for all but the caller. One that is
 * just starting takes memory, and may hold locks. */
gboolean thread_sleeps (pid_t tid);
void wait_until_asleep (pid_t tid);
void wait_until_others_sleep (void);

/* What a line of a will or of a record begins with: the CRC-32C of the text. */
guint32 line_checksum (const char *text);

/* Lets the loop call func (data) after ms. */
void after_ms (guint ms, GSourceFunc func, gpointer data);

/* For that: says "alive". */
gboolean say_alive (gpointer unused);

/* Waits until another thread has set it. */
void await (const int *what);

/* Signals that stand for their kind: neither is in the default list. */
#define PLAIN_SIGNAL SIGALRM
#define GLIBS_SIGNAL SIGUSR2

/* Sets the signals of the watcher; a child whose choice is refused gives up. */
void choose_signals (PsWatcher *watcher, const int *signums, gsize n);
#define choose_these(watcher, ...)                                                                 \
  G_STMT_START                                                                                     \
  {                                                                                                \
    const int these_[] = { __VA_ARGS__ };                                                          \
    choose_signals (watcher, these_, G_N_ELEMENTS (these_));                                       \
  }                                                                                                \
  G_STMT_END

/* --- In the parent --------------------------------------------------------------------------- */

/* The child is ready, gets the signal, says these lines and exits with the status. */
void expect_stop_at (const char *where, Proc *child, int signum, int status,
                     const char *const *lines);
#define expect_stop(child, signum, status, ...)                                                    \
  expect_stop_at (G_STRLOC, child, signum, status, (const char *const[]){ __VA_ARGS__, NULL })

/* Takes the first line of a child that needed namespaces; FALSE when it has to be left out. */
gboolean got_namespace (Proc *child);
#define NO_NAMESPACE "no namespace"

/* Far below what waiting for ever, or for a default deadline of 60 s, would take; and far above
 * what a busy machine needs. How fast things are is for tests/bench to say. */
#define PROMPT_MS 20000

/* Two signals within 200 ms are one wish. */
#define NEXT_WISH_MS 250

/* The deadline of an exit that is to be forced, or cut: time enough for a busy machine to get as far
 * as that. */
#define FORCED_MS 2000

/* Milliseconds since start_us. */
gint64 ms_since (gint64 start_us);

/* A directory in TMPDIR that goes with its case, and all that is in it. */
const char *new_directory (void);

/* The one file in it whose name ends so; NULL: there is none. To be freed. */
char *find_file (const char *directory, const char *suffix);
