/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group G, second part: signals that come in numbers, together, again, or at the wrong moment
 * (G07 to G09, G12, G13, G17, G20). */
#include "common.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- G07: 100,000 times SIGTERM --------------------------------------------------------------- */

#define STORM 100000

static PsHold *hold;

static gpointer
term_storm (gpointer unused)
{
  gint64 memory = 0;

  for (guint i = 0; i < STORM; i++)
    {
      kill (getpid (), SIGTERM);
      if (i == STORM / 10)
        memory = child_memory_kib ();
    }
  if (tap_slowness () == 1 && child_memory_kib () - memory > 1024)
    child_sayf ("%d KiB more", (int) (child_memory_kib () - memory));
  child_say ("storm over");
  ps_hold_release (hold);
  return NULL;
}

static void
wait_for_storm (PsContext *context, gpointer word)
{
  say (context, word);
  hold = ps_context_hold (context, "the storm");
  in_thread (term_storm, NULL);
}

static int
term_storm_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, wait_for_storm, (gpointer) "t");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
g07 (void)
{
  expect_stop (proc_start (term_storm_child, NULL), SIGTERM, 143, "terminate: t", "storm over",
               "finish: f");
}

/* --- G08, G09: reloads ------------------------------------------------------------------------ */

static void
count_reload (PsContext *context, gpointer unused)
{
  static guint n;

  child_sayf ("reload %u", ++n);
}

static int
paced_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_reload (watcher, count_reload, NULL);
  return run (watcher);
}

static void
g08 (void)
{
  Proc *child;

  if (tap_loses_signals ())
    {
      tap_skip ("ThreadSanitizer loses a signal now and then");
      return;
    }
  child = proc_start (paced_child, NULL);
  proc_expect (child, "ready");
  for (guint i = 1; i <= 10000 && !tap_failed (); i++)
    {
      g_autofree char *line = g_strdup_printf ("reload %u", i);

      proc_kill (child, SIGHUP);
      proc_expect (child, line);
    }
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

/* What is to be read: the reload that comes last has to see the last of it. */
static gint generation;

static gpointer
change_and_hang_up (gpointer unused)
{
  for (int i = 1; i <= 10000; i++)
    {
      g_atomic_int_set (&generation, i);
      kill (getpid (), SIGHUP);
    }
  return NULL;
}

static void
read_generation (PsContext *context, gpointer unused)
{
  static gboolean said;

  if (g_atomic_int_get (&generation) == 10000 && !said)
    {
      child_say ("seen the last");
      said = TRUE;
    }
}

static int
unpaced_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_reload (watcher, read_generation, NULL);
  in_thread (change_and_hang_up, NULL);
  return run_quietly (watcher);
}

static void
g08_unpaced (void)
{
  for (guint i = 0; i < 10 && !tap_failed (); i++)
    {
      Proc *child = proc_start (unpaced_child, NULL);

      proc_expect (child, "seen the last");
      proc_kill (child, SIGTERM);
      proc_expect_exit (child, 143);
    }
}

static void
hang_up_oneself (PsContext *context, gpointer unused)
{
  static guint n;

  child_sayf ("reload %u begins", ++n);
  if (n == 1)
    for (guint i = 0; i < 3; i++)
      raise (SIGHUP);
  child_sayf ("reload %u ends", n);
}

static int
reload_again_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_reload (watcher, hang_up_oneself, NULL);
  return run (watcher);
}

static void
g09 (void)
{
  Proc *child = proc_start (reload_again_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect_lines (child, "reload 1 begins", "reload 1 ends", "reload 2 begins", "reload 2 ends");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

/* --- G12, G13, G20: at the wrong moment ------------------------------------------------------- */

static int
term_in_finish_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "never");
  ps_watcher_on_finish (watcher, say, (gpointer) "second");
  ps_watcher_on_finish (watcher, raise_it, GINT_TO_POINTER (SIGTERM));
  ps_watcher_on_finish (watcher, say, (gpointer) "first");
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  quit_soon (watcher, 6);
  return run_quietly (watcher);
}

static void
g12 (void)
{
  Proc *child = proc_start (term_in_finish_child, NULL);

  proc_expect_lines (child, "quit: q", "finish: first", "finish: second");
  proc_expect_exit (child, 6);
}

static int
together_child (gconstpointer reloads)
{
  PsWatcher *watcher;
  sigset_t all, none;

  /* The second thread, too: whoever does not block a signal takes it at once. */
  sigfillset (&all);
  sigprocmask (SIG_BLOCK, &all, &none);
  watcher = watch ();
  if (reloads != NULL)
    ps_watcher_on_reload (watcher, say, (gpointer) "r");
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");

  sigprocmask (SIG_BLOCK, &all, NULL);
  child_say ("blocked");
  child_await ("sent");
  sigprocmask (SIG_SETMASK, &none, NULL);
  return run_quietly (watcher);
}

/* All three are pending in one thread, and delivered at once: the outcome is the same each time. */
static void
expect_together (gconstpointer reloads)
{
  int first = -1;

  for (guint i = 0; i < 20 && !tap_failed (); i++)
    {
      Proc *child = proc_start (together_child, reloads);
      const char *line;
      int status;

      proc_expect (child, "blocked");
      proc_kill (child, SIGHUP);
      proc_kill (child, SIGINT);
      proc_kill (child, SIGTERM);
      proc_tell (child, "sent");
      line = proc_next (child);
      if (reloads != NULL && g_str_equal (line, "reload: r"))
        line = proc_next (child);
      tap_check (g_str_equal (line, "terminate: t"));
      proc_expect (child, "finish: f");
      status = proc_wait (child);
      tap_check (WIFEXITED (status));
      if (reloads != NULL)
        tap_check (WEXITSTATUS (status) == 143 || WEXITSTATUS (status) == 130);
      if (first < 0)
        first = status;
      tap_check_int (status, ==, first);
    }
}

static void
g13 (void)
{
  expect_together (NULL);
  expect_together ("reloads");
}

static gboolean
stop_and_raise (gpointer loop)
{
  g_main_loop_quit (loop);
  raise (SIGTERM);
  return G_SOURCE_REMOVE;
}

static int
last_turn_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  g_idle_add (stop_and_raise, the_loop ());
  return run_quietly (watcher);
}

static int
own_loop_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  g_idle_add (stop_and_raise, the_loop ());
  g_main_loop_run (the_loop ());
  return 3;
}

static void
g20 (void)
{
  Proc *child = proc_start (last_turn_child, NULL);

  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

/* Who runs the loop by himself ends with the status he returns, unless he asks for ours. */
static void
g20_own_loop (void)
{
  Proc *child = proc_start (own_loop_child, NULL);

  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 3);
}

/* --- G17: interrupted calls ------------------------------------------------------------------- */

static gint storming = TRUE;

static gpointer
storm_thread (gpointer unused)
{
  while (g_atomic_int_get (&storming))
    kill (getpid (), SIGTERM);
  return NULL;
}

static int
interrupted_child (gconstpointer data)
{
  Inbox *inbox = (Inbox *) data;
  PsWatcher *watcher;

  g_setenv ("NOTIFY_SOCKET", inbox_path (inbox), TRUE);
  watcher = watch ();
  for (guint i = 0; i < 50; i++)
    ps_watcher_on_terminate (watcher, say, g_strdup_printf ("%u", i));
  in_thread (storm_thread, NULL);
  in_thread (storm_thread, NULL);
  return run_quietly (watcher);
}

/* Reads what is there, so that the queue stays short; returns how many had STOPPING=1. */
static guint
check_messages (Inbox *inbox)
{
  guint n_stopping = 0;

  while (!tap_failed () && inbox_has_more (inbox))
    {
      g_auto (GStrv) lines = g_strsplit (inbox_next (inbox), "\n", -1);

      n_stopping += g_strv_contains ((const char *const *) lines, "STOPPING=1");
      for (guint i = 0; lines[i] != NULL; i++)
        tap_check (lines[i][0] == '\0' || strchr (lines[i], '=') != NULL);
    }
  return n_stopping;
}

/* Everything that is sent to the manager in a storm arrives whole, and STOPPING=1 once. */
static void
g17 (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (interrupted_child, inbox);
  guint n_stopping = 0;

  for (int i = 49; i >= 0; i--)
    {
      g_autofree char *line = g_strdup_printf ("terminate: %d", i);

      proc_expect (child, line);
      n_stopping += check_messages (inbox);
    }
  proc_expect_exit (child, 143);
  n_stopping += check_messages (inbox);
  tap_check_int (n_stopping, ==, 1);
}

static const TapCase cases[] = {
  { "G07", "100,000 SIGTERM: terminate once, finish once", g07 },
  { "G08", "10,000 SIGHUP, each awaited: 10,000 reloads", g08 },
  { "G08b", "10,000 SIGHUP at once: a reload after the last", g08_unpaced },
  { "G09", "SIGHUP during a reload: one more reload after it", g09 },
  { "G12", "SIGTERM during the finish of a quit: nothing begins anew", g12 },
  { "G13", "HUP, INT and TERM at once: terminate once, each time alike", g13 },
  { "G17", "a storm does not tear messages", g17 },
  { "G20", "SIGTERM in the last turn of the loop is not lost", g20 },
  { "G20b", "nor when the program runs the loop itself", g20_own_loop },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
