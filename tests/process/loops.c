/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group L: loops, contexts and threads. */
#include "common.h"

#include <string.h>

/* --- L01, L10: from within a callback --------------------------------------------------------- */

static gboolean
kill_oneself (gpointer signum)
{
  raise (GPOINTER_TO_INT (signum));
  return G_SOURCE_REMOVE;
}

static void
note_again (int priority, const char *message, const GLogField *fields, gsize n_fields,
            gpointer unused)
{
  const char *event = record_field (fields, n_fields, "PS_SIGNALS_AGAIN");

  if (event != NULL)
    child_sayf ("signals again: %s", event);
}

static void
nested (PsContext *context, gpointer word)
{
  g_autoptr (GMainLoop) inner = g_main_loop_new (NULL, FALSE);

  child_say ("nested begins");
  g_timeout_add (20, kill_oneself, GINT_TO_POINTER (SIGTERM));
  g_timeout_add (60, (GSourceFunc) (void (*) (void)) g_main_loop_quit, inner);
  g_main_loop_run (inner);
  say (context, word);
}

static int
nested_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_log_func (watcher, note_again, NULL, NULL);
  ps_watcher_on_terminate (watcher, say, (gpointer) "next");
  ps_watcher_on_terminate (watcher, nested, (gpointer) "nested");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
l01 (void)
{
  expect_stop (proc_start (nested_child, NULL), SIGTERM, 143, "nested begins", "terminate: nested",
               "terminate: next", "finish: f", "signals again: 1");
}

static gboolean signals_itself;

static gboolean
say_turned (gpointer unused)
{
  child_say ("turned");
  return G_SOURCE_REMOVE;
}

static void
detach_and_attach (PsContext *context, gpointer word)
{
  PsWatcher *watcher = ps_watcher_get_default ();

  say (context, word);
  ps_watcher_detach (watcher);
  ps_watcher_unref (watcher);
  watcher = ps_glib_attach (the_loop ());
  child_sayf ("attached: %d", watcher != NULL);
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  ps_watcher_on_terminate (watcher, say, (gpointer) "new t");
  ps_watcher_on_finish (watcher, say, (gpointer) "new f");
  if (signals_itself)
    raise (SIGTERM);
  else
    g_idle_add (say_turned, NULL);
}

static int
reattach_child (gconstpointer signals)
{
  PsWatcher *watcher = watch ();

  signals_itself = signals != NULL;
  ps_watcher_on_reload (watcher, detach_and_attach, (gpointer) "old");
  ps_watcher_on_finish (watcher, say, (gpointer) "old");
  say_ready_soon ();
  g_main_loop_run (the_loop ());
  return ps_watcher_get_exit_status (ps_watcher_get_default ());
}

static void
l10 (void)
{
  Proc *child = proc_start (reattach_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect_lines (child, "reload: old", "attached: 1", "turned");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: new t", "finish: new f");
  proc_expect_exit (child, 143);
}

/* The signal comes while the old watcher's callback still runs; it is for the new one. */
static void
l10_signal (void)
{
  Proc *child = proc_start (reattach_child, "signals itself");

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect_lines (child, "reload: old", "attached: 1", "terminate: new t", "finish: new f");
  proc_expect_exit (child, 143);
}

/* --- L02, L07: other contexts, other threads -------------------------------------------------- */

static int
own_context_child (gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainContext) pushed = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr (PsWatcher) watcher = NULL;

  child_start_thread ();
  g_main_context_push_thread_default (pushed);
  watcher = ps_glib_attach (loop);
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  raise (SIGTERM);
  for (guint i = 0; i < 10; i++)
    {
      g_main_context_iteration (pushed, FALSE);
      g_main_context_iteration (NULL, FALSE);
    }
  child_say ("not there");
  return ps_watcher_run (watcher);
}

static void
l02 (void)
{
  Proc *child = proc_start (own_context_child, NULL);

  proc_expect_lines (child, "not there", "terminate: t");
  proc_expect_exit (child, 143);
}

static GThread *loop_thread;

static void
say_thread (PsContext *context, gpointer word)
{
  child_sayf ("%s: %s, in the loop's thread: %d", event_name (context), (const char *) word,
              g_thread_self () == loop_thread);
}

static gpointer
run_elsewhere (gpointer attaches_here)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr (PsWatcher) watcher = ps_glib_attach (loop);

  loop_thread = g_thread_self ();
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  ps_watcher_on_terminate (watcher, say_thread, (gpointer) "t");
  ps_watcher_on_finish (watcher, say_thread, (gpointer) "f");
  child_say ("ready");
  return GINT_TO_POINTER (ps_watcher_run (watcher));
}

static int
other_thread_child (gconstpointer data)
{
  GThread *thread = g_thread_new ("loop", run_elsewhere, NULL);

  return GPOINTER_TO_INT (g_thread_join (thread));
}

static void
l07 (void)
{
  expect_stop (proc_start (other_thread_child, NULL), SIGTERM, 143,
               "terminate: t, in the loop's thread: 1", "finish: f, in the loop's thread: 1");
}

/* --- L03, L06: somebody else's loop ----------------------------------------------------------- */

static gboolean
quit_loop (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
veto (PsContext *context, gpointer word)
{
  say (context, word);
  ps_context_veto (context, "no");
}

static int
loop_quit_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_query (watcher, veto, (gpointer) "never");
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  g_idle_add (quit_loop, the_loop ());
  return run_quietly (watcher);
}

static void
l03 (void)
{
  Proc *child = proc_start (loop_quit_child, NULL);

  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 0);
}

static int
run_twice_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_reload (watcher, say, (gpointer) "r");
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  for (guint i = 0; i < 2; i++)
    {
      g_idle_add (quit_loop, the_loop ());
      raise (SIGHUP);
      g_main_loop_run (the_loop ());
      child_sayf ("run %u", i);
    }
  say_ready_soon ();
  g_main_loop_run (the_loop ());
  return ps_watcher_get_exit_status (watcher);
}

static void
l06 (void)
{
  Proc *child = proc_start (run_twice_child, NULL);

  proc_expect_lines (child, "reload: r", "run 0", "reload: r", "run 1");
  expect_stop (child, SIGTERM, 143, "terminate: t");
}

/* --- L08, L09 --------------------------------------------------------------------------------- */

static int
context_gone_child (gconstpointer data)
{
  GMainContext *context = g_main_context_new ();
  GMainLoop *loop = g_main_loop_new (context, FALSE);
  PsWatcher *watcher;

  child_start_thread ();
  watcher = ps_glib_attach (loop);
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  ps_watcher_on_terminate (watcher, say, (gpointer) "never");
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  g_main_loop_unref (loop);
  g_main_context_unref (context);
  child_say ("gone");
  if (data != NULL)
    {
      ps_watcher_detach (watcher);
      ps_watcher_unref (watcher);
      raise (SIGTERM);
    }
  return 5;
}

static void
l08 (void)
{
  Proc *child = proc_start (context_gone_child, "detaches");

  proc_expect (child, "gone");
  proc_expect_signal (child, SIGTERM);
  child = proc_start (context_gone_child, NULL);
  proc_expect_lines (child, "gone", "quit: q");
  proc_expect_exit (child, 5);
}

static int
two_loops_child (gconstpointer data)
{
  GThread *one = g_thread_new ("one", run_elsewhere, NULL);
  g_autoptr (GMainLoop) other = NULL;
  PsWatcher *second;

  child_await ("go");
  other = g_main_loop_new (NULL, FALSE);
  second = ps_glib_attach (other);
  child_sayf ("second: %s", second == NULL ? "none" : "one");
  return GPOINTER_TO_INT (g_thread_join (one));
}

static void
l09 (void)
{
  Proc *child = proc_start (two_loops_child, NULL);

  proc_expect (child, "ready");
  proc_tell (child, "go");
  proc_expect (child, "second: none");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t, in the loop's thread: 1",
                     "finish: f, in the loop's thread: 1");
  proc_expect_exit (child, 143);
  proc_expect_output (child, "CRITICAL");
}

/* --- L13: a crowded context ------------------------------------------------------------------- */

static gboolean
always_ready (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

/* Of this thread's time: how long others have the processor is no matter of ours. */
static gint64
spent_us (void)
{
  struct timespec spent;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &spent);
  return spent.tv_sec * G_USEC_PER_SEC + spent.tv_nsec / 1000;
}

static gint64 sent_us;

static void
say_latency (PsContext *context, gpointer word)
{
  gint64 took_ms = (spent_us () - sent_us) / 1000;

  say (context, word);
  if (took_ms > 500 * tap_slowness ())
    child_sayf ("took %d ms", (int) took_ms);
}

static gboolean
send_to_oneself (gpointer unused)
{
  sent_us = spent_us ();
  raise (SIGTERM);
  return G_SOURCE_REMOVE;
}

static int
crowded_child (gconstpointer priority)
{
  PsWatcher *watcher = watch ();

  for (guint i = 0; i < 10000; i++)
    g_idle_add_full (GPOINTER_TO_INT (priority), always_ready, NULL, NULL);
  g_timeout_add_full (G_PRIORITY_HIGH - 1, 50, send_to_oneself, NULL, NULL);
  ps_watcher_on_terminate (watcher, say_latency, (gpointer) "t");
  return run_quietly (watcher);
}

static void
l13 (void)
{
  static const int priorities[] = { G_PRIORITY_DEFAULT, G_PRIORITY_HIGH };

  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      Proc *child = proc_start (crowded_child, GINT_TO_POINTER (priorities[i]));

      proc_expect (child, "terminate: t");
      proc_expect_exit (child, 143);
    }
}

static const TapCase cases[] = {
  { "L01", "a loop within a callback sees the second SIGTERM", l01 },
  { "L02", "the loop's own context is taken, not the pushed one", l02 },
  { "L03", "the loop is quit by somebody else: quit and finish, no veto", l03 },
  { "L06", "run, quit, run again: armed each time", l06 },
  { "L07", "the loop runs in another thread; its callbacks, too", l07 },
  { "L08", "the context is let go before detach, or exit", l08 },
  { "L09", "a second loop is refused; the first ends once", l09 },
  { "L10", "a callback detaches and attaches anew", l10 },
  { "L10b", "a signal that comes right then is the new watcher's", l10_signal },
  { "L13", "10,000 sources that are always ready do not hide a signal", l13 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
