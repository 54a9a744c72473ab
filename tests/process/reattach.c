/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* F03: a forked child that goes on as the daemon, and what becomes of its parent. */
#include "common.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Parts of children ------------------------------------------------------------------------ */

static void
take_over (PsWatcher *watcher)
{
  g_autoptr (GError) error = NULL;

  if (ps_watcher_reattach (watcher, &error))
    child_sayf ("taken over, default: %s",
                ps_watcher_get_default () == watcher ? "the same" : "another");
  else
    child_sayf ("refused: %s %d", g_quark_to_string (error->domain), error->code);
}

static gboolean
raise_now (gpointer signum)
{
  raise (GPOINTER_TO_INT (signum));
  return G_SOURCE_REMOVE;
}

static void
raise_soon (int signum)
{
  g_idle_add (raise_now, GINT_TO_POINTER (signum));
}

typedef struct
{
  int ends[2];
} Gate;

static Gate
gate_new (void)
{
  Gate gate;

  child_need (pipe2 (gate.ends, O_CLOEXEC) == 0);
  return gate;
}

static void
gate_open (Gate *gate)
{
  child_need (write (gate->ends[1], "x", 1) == 1);
}

static void
gate_wait (Gate *gate)
{
  char byte;

  child_need (TEMP_FAILURE_RETRY (read (gate->ends[0], &byte, 1)) == 1);
}

/* Whatever this child forks that ends by exit() is a copy that leaks. */
static PsWatcher *
watch_for_child (void)
{
  child_forgive_leaks ();
  return watch_all ();
}

/* ThreadSanitizer turns itself off in what a process with threads forks, and with it the delivery
 * of the signals that it holds back. */
static gboolean
left_out (void)
{
  if (tap_loses_signals ())
    tap_skip ("ThreadSanitizer delivers no signals in a forked child");
  return tap_loses_signals ();
}

/* --- The parent waits, and ends --------------------------------------------------------------- */

static int
fork_child (gconstpointer data)
{
  PsWatcher *watcher = watch_for_child ();
  Gate gate = gate_new ();
  pid_t pid = fork ();

  if (pid == 0)
    {
      take_over (watcher);
      gate_open (&gate);
      raise_soon (SIGTERM);
      exit (run (watcher));
    }
  gate_wait (&gate);
  child_say (child_wait_for (pid));
  child_sayf ("parent, default: %s", ps_watcher_get_default () == NULL ? "none" : "one");
  take_over (watcher);
  exit (3);
}

static void
f03 (void)
{
  Proc *child;

  if (left_out ())
    return;
  child = proc_start (fork_child, NULL);
  proc_expect_lines (child, "taken over, default: the same", "ready", "terminate: t", "finish: f",
                     "exit status 143", "parent, default: none", "refused: ps-error-quark 3");
  proc_expect_exit (child, 3);
}

/* The parent ends at once, as daemon(3) has it. */
static int
daemon_child (gconstpointer data)
{
  PsWatcher *watcher = watch_for_child ();
  pid_t pid = fork ();

  if (pid == 0)
    {
      child_need (daemon (1, 1) == 0);
      take_over (watcher);
      raise_soon (SIGHUP);
      exit (run (watcher));
    }
  child_need (g_str_equal (child_wait_for (pid), "exit status 0"));
  _exit (4);
}

static void
f03_daemon (void)
{
  Proc *child;

  if (left_out ())
    return;
  child = proc_start (daemon_child, NULL);
  proc_expect_lines (child, "taken over, default: the same", "ready", "terminate: t", "finish: f");
  proc_expect_exit (child, 4);
}

/* --- Whoever is first ------------------------------------------------------------------------- */

static void
open_gate (PsContext *context, gpointer gate)
{
  say (context, (gpointer) "parent ends");
  gate_open (gate);
}

static int
parent_first_child (gconstpointer data)
{
  PsWatcher *watcher = watch_for_child ();
  Gate gate = gate_new (), second = gate_new ();
  pid_t pid = fork ();

  if (pid == 0)
    {
      gate_wait (&gate);
      take_over (watcher);
      gate_open (&second);
      exit (5);
    }
  ps_watcher_on_finish (watcher, open_gate, &gate);
  exit (3);
}

static void
f03_parent_first (void)
{
  Proc *child = proc_start (parent_first_child, NULL);

  proc_expect_lines (child, "quit: q", "finish: parent ends");
  /* From two processes, in any order. */
  for (guint i = 0; i < 2 && !tap_failed (); i++)
    {
      const char *line = proc_next (child);

      tap_check (g_str_equal (line, "finish: f")
                 || g_str_equal (line, "refused: ps-error-quark 3"));
    }
  proc_expect_exit (child, 3);
}

static int
siblings_child (gconstpointer data)
{
  PsWatcher *watcher = watch_for_child ();
  Gate gate = gate_new ();
  pid_t first = fork (), second;

  if (first == 0)
    {
      take_over (watcher);
      gate_open (&gate);
      raise_soon (SIGTERM);
      exit (run (watcher));
    }
  gate_wait (&gate);
  child_say (child_wait_for (first));
  second = fork ();
  if (second == 0)
    {
      take_over (watcher);
      exit (6);
    }
  child_say (child_wait_for (second));
  return 0;
}

static void
f03_siblings (void)
{
  Proc *child;

  if (left_out ())
    return;
  child = proc_start (siblings_child, NULL);
  proc_expect_lines (child, "taken over, default: the same", "ready", "terminate: t", "finish: f",
                     "exit status 143", "refused: ps-error-quark 3", "exit status 6");
  proc_expect_exit (child, 0);
}

/* A signal does to a parent that has been left what it did before it attached. */
static int
left_parent_child (gconstpointer data)
{
  PsWatcher *watcher = watch_for_child ();
  Gate gate = gate_new ();
  pid_t pid = fork ();

  if (pid == 0)
    {
      take_over (watcher);
      gate_open (&gate);
      child_await ("end");
      raise_soon (SIGTERM);
      exit (run (watcher));
    }
  gate_wait (&gate);
  raise (SIGTERM);
  return 1;
}

static void
f03_left_parent (void)
{
  Proc *child;

  if (left_out ())
    return;
  child = proc_start (left_parent_child, NULL);
  proc_expect (child, "taken over, default: the same");
  proc_tell (child, "end");
  proc_expect_lines (child, "ready", "terminate: t", "finish: f");
  proc_expect_signal (child, SIGTERM);
}

/* --- Everything is there ---------------------------------------------------------------------- */

static void
reload_then_quit (PsContext *context, gpointer word)
{
  say (context, word);
  raise_soon (SIGTERM);
}

static gboolean
release (gpointer hold)
{
  child_say ("released");
  ps_hold_release (hold);
  return G_SOURCE_REMOVE;
}

static void
hold_a_little (PsContext *context, gpointer unused)
{
  after_ms (1, release, ps_context_hold (context, "a little"));
}

static void
again (PsContext *context, gpointer word)
{
  say (context, word);
  raise_soon (SIGTERM);
}

static void
checkpoint (PsContext *context, gpointer unused)
{
  static gboolean done;

  if (!done)
    {
      child_say ("checkpoint");
      raise_soon (SIGHUP);
    }
  done = TRUE;
}

/* Reload, veto, resume, hold, checkpoint: as registered before two forks. */
static int
everything_child (gconstpointer data)
{
  PsWatcher *watcher = watch_for_child ();
  pid_t pid;

  ps_watcher_on_reload (watcher, reload_then_quit, (gpointer) "r");
  ps_watcher_on_query (watcher, veto_once, NULL);
  ps_watcher_on_resume (watcher, again, (gpointer) "again");
  ps_watcher_on_terminate (watcher, hold_a_little, NULL);
  ps_watcher_add_checkpoint (watcher, 5, checkpoint, NULL);
  ps_watcher_set_exit_policy (watcher, PS_EXIT_POLICY_RERAISE);
  pid = fork ();
  if (pid == 0)
    {
      pid = fork ();
      if (pid == 0)
        {
          /* Some turns of the loop before it takes over change nothing. */
          g_usleep (20000);
          turn ();
          take_over (watcher);
          exit (run_quietly (watcher));
        }
      child_say (child_wait_for (pid));
      _exit (0);
    }
  child_say (child_wait_for (pid));
  return 0;
}

static void
f03_everything (void)
{
  Proc *child;

  if (left_out ())
    return;
  child = proc_start (everything_child, NULL);
  proc_expect_lines (child, "taken over, default: the same", "checkpoint", "reload: r",
                     "resume: again", "terminate: t", "released", "finish: f",
                     "signal 15 (Terminated)", "exit status 0");
  proc_expect_exit (child, 0);
}

static void
block (PsContext *context, gpointer unused)
{
  child_say ("blocks");
  for (;;)
    pause ();
}

/* The rescue, and the ways out that no signal is in. */
static void
end_this_way (PsWatcher *watcher, const char *way)
{
  if (g_str_equal (way, "exit"))
    exit (7);
  if (g_str_equal (way, "quit"))
    quit_soon (watcher, 8);
  else
    {
      ps_watcher_set_deadline (watcher, FORCED_MS);
      ps_watcher_on_terminate (watcher, block, NULL);
      raise_soon (SIGTERM);
    }
  _exit (run_quietly (watcher));
}

static int
way_child (gconstpointer way)
{
  PsWatcher *watcher = watch_for_child ();
  pid_t pid = fork ();

  if (pid == 0)
    {
      take_over (watcher);
      end_this_way (watcher, way);
    }
  child_say (child_wait_for (pid));
  /* The parent is to end; it is not watched over again. */
  child_say (ps_glib_attach (the_loop ()) == NULL ? "left" : "attached anew");
  return 0;
}

static Proc *
expect_taken_over (const char *way)
{
  Proc *child = proc_start (way_child, way);

  proc_expect (child, "taken over, default: the same");
  return child;
}

static void
f03_ways (void)
{
  Proc *child;

  if (left_out ())
    return;
  child = expect_taken_over ("exit");
  proc_expect_lines (child, "quit: q", "finish: f", "exit status 7", "left");
  proc_expect_exit (child, 0);
  proc_expect_output (child, "CRITICAL");

  child = expect_taken_over ("quit");
  proc_expect_lines (child, "quit: q", "finish: f", "exit status 8", "left");
  proc_expect_exit (child, 0);

  child = expect_taken_over ("rescue");
  proc_expect_lines (child, "blocks", "exit status 143", "left");
  proc_expect_exit (child, 0);
}

/* --- The service manager ---------------------------------------------------------------------- */

static gboolean
say_pings (gpointer watcher)
{
  child_say ("pings are due");
  raise (SIGTERM);
  return G_SOURCE_REMOVE;
}

static int
managed_child (gconstpointer inbox)
{
  g_autofree char *number = g_strdup_printf ("%d", (int) getpid ());
  PsWatcher *watcher;
  pid_t pid;

  g_setenv ("WATCHDOG_USEC", "40000", TRUE);
  g_setenv ("WATCHDOG_PID", number, TRUE);
  watcher = watch_managed (inbox);
  child_forgive_leaks ();
  pid = fork ();
  if (pid == 0)
    {
      g_autofree char *wanted = g_strdup_printf ("%d", (int) getpid ());

      ps_watcher_set_log_func (watcher, say_record, NULL, NULL);
      take_over (watcher);
      ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
      child_sayf ("WATCHDOG_PID is %s",
                  g_strcmp0 (g_getenv ("WATCHDOG_PID"), wanted) == 0 ? "ours" : "another's");
      child_say (wanted);
      after_ms (50, say_pings, watcher);
      _exit (run_quietly (watcher));
    }
  child_say (child_wait_for (pid));
  return 0;
}

static void
n16 (void)
{
  Inbox *inbox;
  Proc *child;
  g_autofree char *main_pid = NULL;

  if (left_out ())
    return;
  inbox = inbox_new ();
  child = proc_start (managed_child, inbox);
  proc_expect_lines (child, "record run-begun", "taken over, default: the same",
                     "WATCHDOG_PID is ours");
  main_pid = g_strconcat ("MAINPID=", proc_next (child), NULL);
  proc_expect_lines (child, "pings are due", "terminate: t", "finish: f", "exit status 143");
  proc_expect_exit (child, 0);
  /* The parent's, when it attached; then all of it is the child's. */
  inbox_expect (inbox, "WATCHDOG=1");
  inbox_expect (inbox, main_pid);
  inbox_expect (inbox, "WATCHDOG=1");
  inbox_expect (inbox, "WATCHDOG=1");
  inbox_find_line (inbox, "STOPPING=1");
}

/* --- Where it cannot be had ------------------------------------------------------------------- */

static void
refuse_in_fork (PsWatcher *watcher)
{
  pid_t pid = fork ();

  if (pid == 0)
    {
      take_over (watcher);
      exit (5);
    }
  child_say (child_wait_for (pid));
}

static void
fork_here (PsContext *context, gpointer watcher)
{
  refuse_in_fork (watcher);
}

static gboolean
fork_in_source (gpointer watcher)
{
  refuse_in_fork (watcher);
  raise (SIGTERM);
  return G_SOURCE_REMOVE;
}

static PsHold *held;

static void
hold (PsContext *context, gpointer watcher)
{
  refuse_in_fork (watcher);
  held = ps_context_hold (context, "until forked");
  g_idle_add (fork_in_source, watcher);
}

static int
in_event_child (gconstpointer data)
{
  PsWatcher *watcher = watch_for_child ();

  ps_watcher_on_terminate (watcher, fork_here, watcher);
  ps_watcher_on_reload (watcher, hold, watcher);
  raise_soon (SIGHUP);
  return run (watcher);
}

static void
f03_in_event (void)
{
  Proc *child;

  if (left_out ())
    return;
  child = proc_start (in_event_child, NULL);
  /* In a callback, in a reload that goes on, and when the end has begun. */
  proc_expect_lines (child, "ready", "refused: ps-error-quark 2", "exit status 5",
                     "refused: ps-error-quark 2", "exit status 5", "refused: ps-error-quark 3",
                     "exit status 5", "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static void
fork_in_round (PsContext *context, gpointer watcher)
{
  refuse_in_fork (watcher);
  if (ps_context_get_signal (context) == 0)
    raise (SIGTERM);
}

static gboolean
begin_rounds (gpointer watcher)
{
  ps_watcher_add_checkpoint (watcher, 1, fork_in_round, watcher);
  return G_SOURCE_REMOVE;
}

static int
aside_child (gconstpointer data)
{
  PsWatcher *watcher = watch_for_child ();

  ps_scope_end (ps_scope_new (watcher, fork_here, watcher));
  g_idle_add_full (G_PRIORITY_LOW, begin_rounds, watcher, NULL);
  return run (watcher);
}

static void
f03_aside (void)
{
  Proc *child;

  if (left_out ())
    return;
  child = proc_start (aside_child, NULL);
  /* When a scope ends, in a round, and when the end has begun. */
  proc_expect_lines (child, "refused: ps-error-quark 2", "exit status 5", "ready",
                     "refused: ps-error-quark 2", "exit status 5", "refused: ps-error-quark 3",
                     "exit status 5", "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static gpointer
run_loop (gpointer loop)
{
  g_main_loop_run (loop);
  return NULL;
}

static pid_t loop_thread;

static gboolean
open_loop_gate (gpointer gate)
{
  loop_thread = gettid ();
  gate_open (gate);
  return G_SOURCE_REMOVE;
}

static int
other_thread_child (gconstpointer data)
{
  PsWatcher *watcher = watch_for_child ();
  Gate gate = gate_new ();

  g_idle_add (open_loop_gate, &gate);
  in_thread (run_loop, the_loop ());
  gate_wait (&gate);
  /* A loop that does not sleep may hold its own lock: then the fork is one that cannot be helped. */
  wait_until_asleep (loop_thread);
  refuse_in_fork (watcher);
  ps_watcher_detach (watcher);
  refuse_in_fork (watcher);
  return 0;
}

static void
f03_other_thread (void)
{
  Proc *child = proc_start (other_thread_child, NULL);

  proc_expect_lines (child, "refused: ps-error-quark 2", "exit status 5",
                     "refused: ps-error-quark 3", "exit status 5");
  proc_expect_exit (child, 0);
}

static int
closed_child (gconstpointer data)
{
  PsWatcher *watcher = watch_for_child ();
  pid_t pid = fork ();

  if (pid == 0)
    {
      close_range (5, ~0U, 0);
      take_over (watcher);
      exit (5);
    }
  child_say (child_wait_for (pid));
  ps_watcher_detach (watcher);
  return 0;
}

static void
f03_closed (void)
{
  Proc *child = proc_start (closed_child, NULL);

  proc_expect_lines (child, "refused: ps-error-quark 1", "exit status 5");
  proc_expect_exit (child, 0);
}

/* --- And attaching anew instead --------------------------------------------------------------- */

static int
anew_child (gconstpointer data)
{
  PsWatcher *old = watch_for_child ();
  pid_t pid = fork ();

  if (pid == 0)
    {
      PsWatcher *watcher = watch ();

      ps_watcher_on_terminate (watcher, say, (gpointer) "new");
      take_over (old);
      raise_soon (SIGTERM);
      exit (run (watcher));
    }
  child_say (child_wait_for (pid));
  raise_soon (SIGTERM);
  return run (old);
}

static void
f03_anew (void)
{
  Proc *child;

  if (left_out ())
    return;
  child = proc_start (anew_child, NULL);
  proc_expect_lines (child, "refused: ps-error-quark 2", "ready", "terminate: new",
                     "exit status 143", "ready", "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static const TapCase cases[] = {
  { "F03", "a forked child takes the watch over, its parent's exit() runs nothing", f03 },
  { "F03b", "so after daemon(3)", f03_daemon },
  { "F03c", "a parent that ends first has the watch, the child is told", f03_parent_first },
  { "F03d", "of two children the first has it", f03_siblings },
  { "F03e", "the parent dies of a signal, as before it attached", f03_left_parent },
  { "F03f", "every event, after two forks", f03_everything },
  { "F03g", "exit(), quit and the rescue", f03_ways },
  { "F03h", "in a callback, or during an exit or a reload, it is refused", f03_in_event },
  { "F03l", "so it is in a scope's cleanup, and in a checkpoint's round", f03_aside },
  { "F03i", "so it is while another thread runs the loop, and after detach", f03_other_thread },
  { "F03j", "so it is when the descriptors are closed", f03_closed },
  { "F03k", "a forked child may attach anew instead", f03_anew },
  { "N16", "MAINPID=, WATCHDOG_PID and pings are the child's, the run begins anew", n16 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
