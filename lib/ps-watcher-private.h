/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The watcher, for what conducts its exit, and for the entry points beside it. */

#include "ps-watcher.h"

/* floor 1 */
#include "ps-budget.h"
#include "ps-cause.h"
#include "ps-machine.h"
#include "ps-signums.h"
/* floor 2 */
#include "ps-cancellable.h"
#include "ps-registry.h"
#include "ps-source.h"
#include "ps-turns.h"
#include "ps-wishes.h"
/* floor 6 */
#include "ps-report-exit.h"
#include "ps-report-life.h"
/* floor 7 */
#include "ps-pass.h"
#include "ps-will.h"

struct _PsWatcher
{
  gatomicrefcount refs;
  GMainLoop *loop;
  GMainContext *context;
  GSource *source;
  GSource *watchdog;
  gint64 ping_us; /* how long the last ping took */
  PsRegistry *registry;
  PsReport *report;
  PsCancellable cancellable;
  PsRun *previous_run; /* NULL: not known, or there was none */
  PsWill *will;        /* atomic; NULL: no record is open */

  /* Options. */
  gint64 limit_us;
  gboolean limit_is_administrators;
  PsExitPolicy policy;
  PsHangup hangup;
  PsSignums signals;  /* that ask for the end */
  gboolean are_named; /* by the program, which wants them even if they were ignored */

  PsTurns turns; /* who works here */
  int aside;     /* atomic: callbacks that run outside of turns, in whatever thread */

  /* For other threads; under the lock. */
  GMutex lock;
  gboolean quit_asked; /* atomic, too: asked after each callback */
  int quit_code;

  /* The rest belongs to the thread that works. */
  PsState state; /* atomic, for those that peek */
  int detached;  /* atomic */
  int is_closed; /* atomic: the exit is complete, and what comes after it has been done */
  PsCause cause; /* the first; none: no exit is under way */
  PsBudget budget;
  gint64 begun_us;
  gint64 taken_us; /* when the last signal that was looked at came */
  PsWishes deferred; /* what has to wait until the running callback returns */
  PsWishes kept;     /* each is to have its own query */
  guint lost;        /* realtime signals whose values are */
  guint times_lost;
  gboolean reload_asked;
  PsCause reload_cause;
  PsPass pass;
  int round; /* atomic: the ID of the checkpoint that is at work while life goes on; 0: none */

  /* Cleared by nobody, and so the last. */
  PsWish places[2][PS_WISHES_PLACES];
};

/* The exit's course. */
int ps_watcher_get_status_now (PsWatcher *self);
void ps_watcher_settle_status (PsWatcher *self);
void ps_watcher_note_lost (PsWatcher *self, int signum, guint count);
void ps_watcher_extend (PsWatcher *self, gint64 now_us);
void ps_watcher_input (PsWatcher *self, PsInput what, PsCause *why);
gboolean ps_watcher_take_first (PsWatcher *self, PsWishes *wishes);
void ps_watcher_end_pass (PsWatcher *self);
gboolean ps_watcher_catch_up (PsWatcher *self, PsCause *why);
gboolean ps_watcher_reload_if_asked (PsWatcher *self);
PsState ps_watcher_peek_state (PsWatcher *self);

/* Turns are in ps-turn.c. */
gboolean ps_watcher_is_forked (PsWatcher *self);
gboolean ps_watcher_enter (PsWatcher *self);
gboolean ps_watcher_enter_alone (PsWatcher *self);
void ps_watcher_leave (PsWatcher *self);
void ps_watcher_settle_hangup (PsWatcher *self);
void ps_watcher_take_asked (PsWatcher *self);
void ps_watcher_turn (gpointer self);

/* The end of the process is in ps-conclude.c. */
int ps_watcher_at_exit (int status, void *self);

/* What has to do with crashes is in ps-crash-watcher.c. */
guint ps_watcher_register (PsWatcher *self, PsRegistration *registration);
void ps_watcher_prepare_thread_for_crashes (void);
void ps_watcher_begin_crash_reports (void);
void ps_watcher_inherit_crash_reports (PsWatcher *self);
void ps_watcher_end_crash_reports (void);

/* What has to do with the choice of signals is in ps-chosen.c. */
void ps_watcher_take_default_signals (PsWatcher *self);
void ps_watcher_settle_signals (PsWatcher *self);
void ps_watcher_give_signals_back (PsWatcher *self);
