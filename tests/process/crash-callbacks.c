/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group C: what runs in a crash, in which order, and what is named as not run. */
#include "crash-common.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All that say something here do so by one write(). */
static void
say_word (PsContext *context, gpointer word)
{
  child_say (word);
}

static void
say_crash (const PsCrash *crash, void *word)
{
  child_say (word);
}

static void
add_safe (PsWatcher *watcher, PsEvents events, int priority, const char *word)
{
  guint id = ps_watcher_add (watcher, events | PS_ASYNC_SIGNAL_SAFE, word, priority, 0, say_word,
                             (gpointer) word, NULL);

  child_need (id != 0);
}

/* --- Order ----------------------------------------------------------------------------------- */

static int
order_child (gconstpointer data)
{
  PsWatcher *watcher = watch_aloud ();
  guint removed;

  add_safe (watcher, PS_EVENT_FINISH, 0, "finish, first");
  add_safe (watcher, PS_EVENT_FINISH, 0, "finish, second");
  add_safe (watcher, PS_EVENT_FINISH, -1, "finish, early");
  add_safe (watcher, PS_EVENT_TERMINATE | PS_EVENT_FINISH, 1, "finish, late");
  ps_watcher_on_finish (watcher, say_word, (gpointer) "unsafe");
  ps_watcher_on_terminate (watcher, say_word, (gpointer) "terminate");
  ps_watcher_on_crash (watcher, say_crash, (gpointer) "crash, first");
  removed = ps_watcher_on_crash (watcher, say_crash, (gpointer) "crash, removed");
  ps_watcher_on_crash (watcher, say_crash, (gpointer) "crash, second");
  add_safe (watcher, PS_EVENT_CRASH | PS_EVENT_FINISH, 0, "crash, or finish");
  child_need (ps_watcher_remove (watcher, removed));
  crash_by_fault (SIGSEGV);
  return 0;
}

static void
c16 (void)
{
  Proc *child = proc_start (order_child, NULL);

  proc_expect_lines (child, "crash, or finish", "crash, second", "crash, first", "finish, early",
                     "finish, second", "finish, first", "finish, late");
  expect_crash (child, SIGSEGV, 1);
  proc_expect_output (child, "  finish callbacks that were not run: say_word\n");
}

static int
normal_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();

  add_safe (watcher, PS_EVENT_CRASH | PS_EVENT_FINISH, 0, "crash, or finish");
  ps_watcher_on_crash (watcher, say_crash, (gpointer) "crash");
  return run (watcher);
}

static void
c16_normal (void)
{
  expect_stop (proc_start (normal_child, NULL), SIGTERM, 143, "crash, or finish");
}

/* --- C11 ------------------------------------------------------------------------------------- */

static void
crash_in_step (PsContext *context, gpointer unused)
{
  child_say ("step");
  crash_by_fault (SIGSEGV);
}

static int
crash_in_terminate_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();

  add_safe (watcher, PS_EVENT_FINISH, 0, "safe");
  ps_watcher_on_finish (watcher, say_word, (gpointer) "f");
  ps_watcher_on_terminate (watcher, say_word, (gpointer) "not reached");
  ps_watcher_on_terminate (watcher, crash_in_step, NULL);
  return run (watcher);
}

static void
c11 (void)
{
  Proc *child = proc_start (crash_in_terminate_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "step", "safe");
  expect_crash (child, SIGSEGV, 1);
  proc_expect_output (child, ", in the terminate callback crash_in_step after ");
  proc_expect_output (child, "not run: say_word\n");
}

static int
crash_in_finish_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();

  add_safe (watcher, PS_EVENT_FINISH, 1, "safe, later");
  ps_watcher_add (watcher, PS_EVENT_FINISH, "unsafe, later", 1, 0, say_word, (gpointer) "no", NULL);
  ps_watcher_on_finish (watcher, crash_in_step, NULL);
  add_safe (watcher, PS_EVENT_FINISH, -1, "safe, before");
  ps_watcher_add (watcher, PS_EVENT_FINISH, "unsafe, before", -1, 0, say_word,
                  (gpointer) "unsafe, before", NULL);
  return run (watcher);
}

/* What has run does not run again, and is not named. */
static void
c11_finish (void)
{
  Proc *child = proc_start (crash_in_finish_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "unsafe, before", "safe, before", "step", "safe, later");
  expect_crash (child, SIGSEGV, 1);
  proc_expect_output (child, ", in the finish callback crash_in_step after ");
  proc_expect_output (child, "not run: unsafe, later\n");
}

static void
crash_later (PsContext *context, gpointer unused)
{
  crash_by_fault (SIGSEGV);
}

/* After a veto everything may run once more. */
static int
veto_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();

  ps_watcher_add (watcher, PS_EVENT_QUERY | PS_EVENT_FINISH, "both", -1, 0, say_word,
                  (gpointer) "both", NULL);
  add_safe (watcher, PS_EVENT_QUERY | PS_EVENT_FINISH, -1, "safe both");
  ps_watcher_on_query (watcher, veto_once, NULL);
  ps_watcher_on_resume (watcher, say_word, (gpointer) "resume");
  ps_watcher_on_reload (watcher, crash_later, NULL);
  return run (watcher);
}

static void
c11_veto (void)
{
  Proc *child = proc_start (veto_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "safe both", "both", "resume");
  proc_kill (child, SIGHUP);
  proc_expect (child, "safe both");
  expect_crash (child, SIGSEGV, 1);
  proc_expect_output (child, ", in the reload callback crash_later after ");
  proc_expect_output (child, "not run: both\n");
}

static gpointer
crash_elsewhere (gpointer unused)
{
  crash_by_fault (SIGBUS);
  return NULL;
}

static void
wait_for_culprit (PsContext *context, gpointer unused)
{
  in_culprit (crash_elsewhere, NULL);
}

static int
elsewhere_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();

  ps_watcher_on_terminate (watcher, wait_for_culprit, NULL);
  return run (watcher);
}

static void
c11_elsewhere (void)
{
  Proc *child = proc_start (elsewhere_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  expect_crash (child, SIGBUS, 1);
  proc_expect_output (child,
                      "\"culprit\", while the terminate callback wait_for_culprit was running"
                      " in another for ");
}

static void
say_freed (gpointer word)
{
  child_say (word);
}

/* --- Bounds ---------------------------------------------------------------------------------- */

static int
many_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();
  guint ids[100];

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autofree char *name = g_strdup_printf ("number %u", i);

      ids[i] = ps_watcher_add (watcher, PS_EVENT_FINISH, name, 0, 0, say_word, NULL, NULL);
    }
  ps_watcher_remove (watcher, ids[99]);
  ps_watcher_remove (watcher, ids[0]);
  crash_by_fault (SIGSEGV);
  return 0;
}

static void
c16_many (void)
{
  Proc *child = proc_start (many_child, NULL);

  expect_crash (child, SIGSEGV, 1);
  proc_expect_output (child, "not run: number 1, number 2, ");
  proc_expect_output (child, ", number 15 and 83 more\n");
}

static int
full_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();
  guint last = 0;

  for (guint i = 0; i < 64; i++)
    {
      last = ps_watcher_on_crash (watcher, say_crash, (gpointer) "called");
      child_need (last != 0);
    }
  child_sayf ("one more: %u", ps_watcher_on_crash (watcher, say_crash, NULL));
  child_sayf ("one more: %u",
              ps_watcher_add (watcher, PS_EVENT_FINISH | PS_ASYNC_SIGNAL_SAFE, "safe", 0, 0,
                              say_word, (gpointer) "freed", say_freed));
  ps_watcher_remove (watcher, last);
  child_sayf ("again: %d", ps_watcher_on_crash (watcher, say_crash, (gpointer) "called") != 0);
  crash_by_fault (SIGSEGV);
  return 0;
}

static void
c16_full (void)
{
  Proc *child = proc_start (full_child, NULL);

  proc_expect_lines (child, "one more: 0", "freed", "one more: 0", "again: 1");
  for (guint i = 0; i < 64; i++)
    proc_expect (child, "called");
  expect_crash (child, SIGSEGV, 1);
  proc_expect_output (child, "there are 64 callbacks for crashes already");
}

/* --- What they are told ---------------------------------------------------------------------- */

static void
check_context (PsContext *context, gpointer unused)
{
  gboolean right = ps_context_get_event (context) == PS_EVENT_FINISH
                   && ps_context_get_signal (context) == SIGSEGV
                   && ps_context_get_recommended_exit_status (context) == 128 + SIGSEGV
                   && ps_context_get_sender (context) == NULL;

  child_say (right ? "context" : "another context");
}

static void
check_crash (const PsCrash *crash, void *unused)
{
  gboolean right = crash->signum == SIGSEGV && crash->code == SEGV_MAPERR && crash->is_fault
                   && crash->address == CRASH_ADDRESS && crash->tid == gettid ()
                   && strcmp (crash->signal_name, "SIGSEGV") == 0
                   && strcmp (crash->reason, "SEGV_MAPERR: address not mapped") == 0
                   && crash->step == NULL && crash->n_frames > 3 && crash->frames[0].module != NULL
                   && crash->frames[0].offset > 0 && crash->info->si_addr == (void *) CRASH_ADDRESS
                   && crash->ucontext != NULL;

  child_say (right ? "crash" : "another crash");
}

static int
told_child (gconstpointer data)
{
  PsWatcher *watcher = watch_aloud ();

  ps_watcher_on_crash (watcher, check_crash, NULL);
  ps_watcher_add (watcher, PS_EVENT_FINISH | PS_ASYNC_SIGNAL_SAFE, NULL, 0, 0, check_context, NULL,
                  NULL);
  crash_by_fault (SIGSEGV);
  return 0;
}

static void
c16_told (void)
{
  Proc *child = proc_start (told_child, NULL);

  proc_expect_lines (child, "crash", "context");
  expect_crash (child, SIGSEGV, 1);
}

static const TapCase cases[] = {
  { "C16", "crash callbacks, then safe finish callbacks, in their order", c16 },
  { "C16b", "in a normal exit no crash callback runs", c16_normal },
  { "C16c", "of many that were not run some are named, all are counted", c16_many },
  { "C16d", "no room for more is said, and used again when it is free", c16_full },
  { "C16e", "what callbacks are told", c16_told },
  { "C11", "a crash in a terminate callback names it", c11 },
  { "C11b", "in a finish callback: what has run does not run again", c11_finish },
  { "C11c", "after a veto everything is due again", c11_veto },
  { "C11d", "while a callback runs in another thread", c11_elsewhere },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
