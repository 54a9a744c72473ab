/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends and watches that cross: begun within one another, by another thread, or by who is told. */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_at, is_leaving; /* atomic */

static gpointer
exit_thread (gpointer status)
{
  child_forgive_leaks ();
  exit (GPOINTER_TO_INT (status));
}

/* --- One watch after another ------------------------------------------------------------------ */

static void
begin_anew (PsContext *context, gpointer unused)
{
  PsWatcher *watcher = ps_watcher_get_default ();

  ps_context_set_exit_code (context, 3);
  ps_watcher_detach (watcher);
  ps_watcher_unref (watcher);
  watcher = ps_glib_attach (the_loop ());
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  ps_watcher_on_terminate (watcher, say, (gpointer) "second");
  child_say ("anew");
}

static int
anew_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, FORCED_MS);
  ps_watcher_on_terminate (watcher, begin_anew, NULL);
  say_ready_soon ();
  after_ms (FORCED_MS + 1500, say_alive, NULL);
  g_main_loop_run (the_loop ());
  return ps_watcher_get_exit_status (ps_watcher_get_default ());
}

/* What the first one's exit was to end with is not for the second. */
static void
l10_status (void)
{
  Proc *child = proc_start (anew_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "anew", "alive");
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: second");
  proc_expect_exit (child, 143);
}

static void
end_watch (PsContext *context, gpointer unused)
{
  child_say ("reload");
  in_thread (exit_thread, GINT_TO_POINTER (3));
  g_usleep (300 * 1000);
  ps_watcher_detach (ps_watcher_get_default ());
  child_say ("detached");
}

static int
detaching_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);

  ps_watcher_on_reload (watcher, end_watch, NULL);
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  return run (watcher);
}

/* The exit waits for the callback; when that has ended the watch, there is no exit of ours. */
static void
x15_detached (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (detaching_child, inbox);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect_lines (child, "reload", "detached");
  proc_expect_exit (child, 3);
  while (!tap_failed () && inbox_has_more (inbox))
    tap_check (strstr (inbox_next (inbox), "STOPPING=1") == NULL);
}

/* --- The last steps, and another thread ------------------------------------------------------- */

static void
log_finished (int priority, const char *message, const GLogField *fields, gsize n_fields,
              gpointer unused)
{
  if (!g_str_has_prefix (message, "Exit finished"))
    return;
  g_atomic_int_set (&is_at, TRUE);
  await (&is_leaving);
  wait_until_asleep (getpid ());
  child_say ("told");
}

static void
note_leaving (void)
{
  g_atomic_int_set (&is_leaving, TRUE);
}

static gpointer
loop_thread (gpointer watcher)
{
  ps_watcher_run (watcher);
  return NULL;
}

static int
returning_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_log_func (watcher, log_finished, NULL, NULL);
  atexit (note_leaving); /* called before what was registered with the watch */
  say_ready_soon ();
  in_thread (loop_thread, watcher);
  await (&is_at);
  child_forgive_leaks ();
  return 0;
}

/* main() ends while the loop's thread is still at what comes after the callbacks. */
static void
x08_last_steps (void)
{
  Proc *child = proc_start (returning_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "told");
  proc_expect_exit (child, 143);
}

/* --- Who is told ------------------------------------------------------------------------------ */

static const char *exit_at;

static void
exit_when_told (int priority, const char *message, const GLogField *fields, gsize n_fields,
                gpointer unused)
{
  static guint n;

  if (!g_str_has_prefix (message, exit_at))
    return;
  n++;
  child_sayf ("told %u", n);
  child_forgive_leaks ();
  exit (4);
}

static void
hold_for_ever (PsContext *context, gpointer unused)
{
  ps_context_hold (context, "for ever");
  child_say ("holds");
}

static int
given_up_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  exit_at = "Gave up";
  ps_watcher_set_log_func (watcher, exit_when_told, NULL, NULL);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "holds", -5, 0, hold_for_ever, NULL, NULL);
  child_forgive_leaks ();
  return run (watcher);
}

/* A second SIGINT hurries: of the hold somebody is told, who calls exit() there. */
static void
x10_given_up (void)
{
  Proc *child = proc_start (given_up_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGINT);
  proc_expect (child, "holds");
  g_usleep (NEXT_WISH_MS * 1000);
  proc_kill (child, SIGINT);
  proc_expect_lines (child, "told 1", "finish: f");
  proc_expect_exit (child, 4);
}

static void
exit_in_callback (PsContext *context, gpointer unused)
{
  child_sayf ("%s: exits", event_name (context));
  child_forgive_leaks ();
  exit (3);
}

static int
told_child (gconstpointer prefix)
{
  PsWatcher *watcher = watch_all ();

  exit_at = prefix;
  ps_watcher_set_log_func (watcher, exit_when_told, NULL, NULL);
  ps_watcher_on_reload (watcher, say, (gpointer) "second");
  ps_watcher_on_reload (watcher, exit_in_callback, NULL);
  return run (watcher);
}

/* What a callback that called exit() leaves behind is told, and that calls exit(), too. */
static void
x10_skipped (void)
{
  expect_stop (proc_start (told_child, "Skipped reload"), SIGHUP, 4, "reload: exits", "told 1",
               "quit: q", "finish: f");
  expect_stop (proc_start (told_child, "Step 1 done"), SIGTERM, 4, "terminate: t", "told 1",
               "finish: f");
}

/* --- A checkpoint that ends the process ------------------------------------------------------- */

static void
exit_in_round (PsContext *context, gpointer unused)
{
  child_say ("checkpoint");
  child_forgive_leaks ();
  exit (4);
}

static int
round_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  ps_watcher_add_checkpoint (watcher, 10, exit_in_round, NULL);
  ps_watcher_add_checkpoint (watcher, 1000000, say, (gpointer) "another");
  return run_quietly (watcher);
}

static void
checkpoint_05 (void)
{
  Proc *child = proc_start (round_child, NULL);

  proc_expect_lines (child, "checkpoint", "checkpoint: another", "quit: q", "finish: f");
  proc_expect_exit (child, 4);
}

/* --- A thread that is to be cancelled --------------------------------------------------------- */

static gpointer
doomed_thread (gpointer unused)
{
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, SIGTERM);
  pthread_sigmask (SIG_UNBLOCK, &set, NULL);
  pthread_cancel (pthread_self ());
  pthread_kill (pthread_self (), SIGTERM);
  g_atomic_int_set (&is_at, TRUE);
  pthread_testcancel ();
  child_say ("was not cancelled");
  return NULL;
}

static int
doomed_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();
  pthread_t thread;
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, SIGTERM);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
  child_need (pthread_create (&thread, NULL, doomed_thread, NULL) == 0);
  pthread_join (thread, NULL);
  child_say (g_atomic_int_get (&is_at) ? "came back" : "did not come back");
  return run_quietly (watcher);
}

/* In the handler there are calls at which a thread may be cancelled. */
static void
l11_handler (void)
{
  Proc *child = proc_start (doomed_child, NULL);

  proc_expect_lines (child, "came back", "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

/* --- Other exit hooks ------------------------------------------------------------------------- */

static void
say_status (int status, void *unused)
{
  child_sayf ("status %d", status);
}

static int
hooked_child (gconstpointer status)
{
  on_exit (say_status, NULL);
  watch_all ();
  child_forgive_leaks ();
  exit (GPOINTER_TO_INT (status));
}

/* They are told what exit() was given, unless a callback has changed it. */
static void
x04_hooks (void)
{
  Proc *child = proc_start (hooked_child, GINT_TO_POINTER (-1));

  proc_expect_lines (child, "quit: q", "finish: f", "status -1");
  proc_expect_exit (child, 255);
  child = proc_start (hooked_child, GINT_TO_POINTER (259));
  proc_expect_lines (child, "quit: q", "finish: f", "status 259");
  proc_expect_exit (child, 3);
  /* The kernel would make a success of it. */
  child = proc_start (hooked_child, GINT_TO_POINTER (256));
  proc_expect_lines (child, "quit: q", "finish: f", "status 255");
  proc_expect_exit (child, 255);
}

/* --- Before the watch ------------------------------------------------------------------------- */

static int
early_child (gconstpointer data)
{
  PsWatcher *watcher;

  ps_prepare ();
  raise (SIGTERM);
  g_setenv ("PS_DEADLINE_SEC", "0.5", TRUE);
  watcher = ps_glib_attach (g_main_loop_new (NULL, FALSE));
  child_need (watcher != NULL);
  child_say ("attached");
  for (;;)
    sleep (1000);
}

static void
l04_early (void)
{
  Proc *child = proc_start (early_child, NULL);

  proc_expect (child, "attached");
  proc_expect_exit (child, 143);
  proc_expect_output (child, "Exit forced with status 143, the exit's time was over: ");
}

/* Both are counted when they come, and mean something else when they are looked at. */
static int
no_wish_child (gconstpointer signum)
{
  PsWatcher *watcher;

  if (GPOINTER_TO_INT (signum) == SIGINT)
    {
      ps_prepare ();
      raise (SIGINT);
      signal (SIGINT, SIG_IGN);
    }
  g_setenv ("PS_DEADLINE_SEC", "0.5", TRUE);
  watcher = watch ();
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  if (GPOINTER_TO_INT (signum) == SIGHUP)
    {
      raise (SIGHUP);
      ps_watcher_on_reload (watcher, say, (gpointer) "r");
    }
  after_ms (2000, say_alive, NULL);
  return run_quietly (watcher);
}

static void
t02_no_wish (void)
{
  static const int rows[] = { SIGINT, SIGHUP };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Proc *child = proc_start (no_wish_child, GINT_TO_POINTER (rows[i]));

      if (rows[i] == SIGHUP)
        proc_expect (child, "reload: r");
      proc_expect (child, "alive");
      proc_kill (child, SIGTERM);
      proc_expect (child, "terminate: t");
      proc_expect_exit (child, 143);
    }
}

static struct sigaction ours;

static void
call_ours (int signum, siginfo_t *info, void *ucontext)
{
  child_sayf ("handler: %d", signum);
  ours.sa_sigaction (signum, info, ucontext);
}

static int
circular_child (gconstpointer data)
{
  struct sigaction action = { .sa_sigaction = call_ours, .sa_flags = SA_SIGINFO };
  PsWatcher *watcher;

  ps_prepare ();
  sigaction (SIGTERM, &action, &ours);
  watcher = watch ();
  ps_watcher_set_chain_previous (watcher, TRUE);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  return run (watcher);
}

/* A handler that was put over ours calls what it has found there, which is ours. */
static void
g21_circle (void)
{
  expect_stop (proc_start (circular_child, NULL), SIGTERM, 143, "handler: 15", "terminate: t");
}

static const TapCase cases[] = {
  { "L10c", "a callback chooses a code, ends the watch and begins another: no timer is left",
    l10_status },
  { "X15b", "a callback ends the watch while another thread is in exit()", x15_detached },
  { "X08c", "return from main() while the loop's thread is at its last steps", x08_last_steps },
  { "X10e", "exit() by who is told that a hold was given up on: finish callbacks run",
    x10_given_up },
  { "X10f", "exit() by who is told that a callback was skipped, or is over", x10_skipped },
  { "checkpoint-05", "a round that calls exit() is not called within itself", checkpoint_05 },
  { "L11j", "a thread that is to be cancelled does not end in the handler", l11_handler },
  { "X04b", "other exit hooks are told the status that exit() was given", x04_hooks },
  { "L04b", "a signal that came since ps_prepare() is bounded, too", l04_early },
  { "T02i", "a signal that was no wish to end after all leaves no timer", t02_no_wish },
  { "G21f", "a handler over ours that calls ours is called once", g21_circle },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
