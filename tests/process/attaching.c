/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attaching and detaching: once per process, and without a trace (O08, O09, A…). */
#include "common.h"

#include <glib-unix.h>
#include <string.h>
#include <sys/resource.h>

static const int taken[] = { SIGTERM, SIGINT, SIGHUP };

/* --- O08, O09 --------------------------------------------------------------------------------- */

/* GLib starts its thread with the first signal source, and keeps it. */
static void
warm_up (void)
{
  GMainLoop *loop = g_main_loop_new (NULL, FALSE);
  PsWatcher *watcher = ps_glib_attach (loop);

  ps_watcher_detach (watcher);
  ps_watcher_unref (watcher);
  g_main_loop_unref (loop);
}

static void
cycle (void)
{
  GMainLoop *loop = g_main_loop_new (NULL, FALSE);
  PsWatcher *watcher = ps_glib_attach (loop);

  child_need (ps_watcher_on_terminate (watcher, say, NULL) != 0);
  child_need (ps_watcher_get_default () == watcher);
  ps_watcher_detach (watcher);
  child_need (ps_watcher_get_default () == NULL);
  ps_watcher_unref (watcher);
  g_main_loop_unref (loop);
}

static int
cycles_child (gconstpointer data)
{
  struct sigaction before[G_N_ELEMENTS (taken)];
  ChildFdSet *fds;
  guint threads;
  gint64 memory = 0;
  guint n = tap_number (5000, 100000);

  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    sigaction (taken[i], NULL, &before[i]);
  warm_up ();
  fds = child_fds_note ();
  threads = child_count_threads ();
  for (guint i = 0; i < n; i++)
    {
      cycle ();
      /* Halfway everything is warm. */
      if (i == n / 2)
        memory = child_memory_kib ();
    }

  child_fds_check (fds);
  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    child_check_action (taken[i], &before[i]);
  if (child_count_threads () != threads)
    child_sayf ("%u threads, then %u", threads, child_count_threads ());
  if (tap_slowness () == 1 && child_memory_kib () - memory > 1024)
    child_sayf ("%d KiB more", (int) (child_memory_kib () - memory));
  return 0;
}

static void
o08 (void)
{
  Proc *child = proc_start (cycles_child, NULL);

  proc_set_patience (child, 100000 * tap_slowness ());
  proc_expect_exit (child, 0);
}

static int
twice_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();
  GMainLoop *other = g_main_loop_new (NULL, FALSE);
  PsWatcher *again = ps_glib_attach (the_loop ());

  child_sayf ("same: %d", again == watcher);
  ps_watcher_unref (again);
  child_sayf ("other loop: %s", ps_glib_attach (other) == NULL ? "none" : "one");
  ps_watcher_on_finish (watcher, say, (gpointer) "never");

  ps_watcher_detach (watcher);
  ps_watcher_detach (watcher);
  child_sayf ("default: %s", ps_watcher_get_default () == NULL ? "none" : "one");
  ps_watcher_quit (watcher, 3);
  child_sayf ("status: %d", ps_watcher_get_exit_status (watcher));
  ps_watcher_unref (watcher);

  again = ps_glib_attach (other);
  child_sayf ("after detach: %s", again == NULL ? "none" : "one");
  return 0;
}

static void
o09 (void)
{
  Proc *child = proc_start (twice_child, NULL);

  proc_expect_lines (child, "same: 1", "other loop: none", "default: none", "status: 0",
                     "after detach: one");
  proc_expect_exit (child, 0);
  proc_expect_output (child, "CRITICAL");
}

static int
kept_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  /* The process keeps a reference of its own. */
  ps_watcher_unref (watcher);
  return run (ps_watcher_ref (ps_watcher_get_default ()));
}

static void
a01 (void)
{
  expect_stop (proc_start (kept_child, NULL), SIGTERM, 143, "terminate: t");
}

/* --- Dispositions ----------------------------------------------------------------------------- */

static void
plain_handler (int signum)
{
  child_sayf ("plain handler: %d", signum);
}

static void
full_handler (int signum, siginfo_t *info, void *ucontext)
{
  child_sayf ("full handler: %d from %s", signum, info->si_pid == getpid () ? "myself" : "another");
}

static struct sigaction
action_of_kind (int kind)
{
  struct sigaction action = { .sa_handler = SIG_DFL };

  sigemptyset (&action.sa_mask);
  switch (kind)
    {
    case 1:
      action.sa_handler = SIG_IGN;
      break;
    case 2:
      action.sa_handler = plain_handler;
      sigaddset (&action.sa_mask, SIGUSR1);
      action.sa_flags = SA_RESTART | SA_NODEFER;
      break;
    case 3:
      action.sa_sigaction = full_handler;
      sigaddset (&action.sa_mask, SIGUSR2);
      action.sa_flags = SA_SIGINFO | SA_ONSTACK;
      break;
    default:
      break;
    }
  return action;
}

static int
give_back_child (gconstpointer data)
{
  for (int kind = 0; kind < 4; kind++)
    {
      struct sigaction before[G_N_ELEMENTS (taken)], action = action_of_kind (kind);
      PsWatcher *watcher;

      for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
        {
          sigaction (taken[i], &action, NULL);
          sigaction (taken[i], NULL, &before[i]);
        }
      if (GPOINTER_TO_INT (data))
        ps_prepare ();
      watcher = watch ();
      turn ();
      unwatch (watcher);
      for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
        child_check_action (taken[i], &before[i]);
      child_sayf ("kind %d", kind);
    }
  return 0;
}

static void
a02 (void)
{
  for (int prepared = 0; prepared <= 1; prepared++)
    {
      Proc *child = proc_start (give_back_child, GINT_TO_POINTER (prepared));

      proc_expect_lines (child, "kind 0", "kind 1", "kind 2", "kind 3");
      proc_expect_exit (child, 0);
    }
}

/* The source that GLib marked due in the turn of the loop in which a callback detaches. */
static void
detach_here (PsContext *context, gpointer watcher)
{
  say (context, (gpointer) "detaching");
  ps_watcher_detach (watcher);
}

static int
detach_while_due_child (gconstpointer data)
{
  struct sigaction before, action = action_of_kind (3);
  g_autoptr (PsWatcher) watcher = NULL;

  sigaction (SIGHUP, &action, NULL);
  sigaction (SIGHUP, NULL, &before);
  watcher = watch ();
  ps_watcher_on_reload (watcher, detach_here, watcher);
  /* The second finds the first not taken out, so that GLib's thread is told at once; most often
   * it has marked its sources before the loop turns. */
  raise (SIGHUP);
  raise (SIGHUP);
  g_usleep (20000);
  turn ();
  child_say ("turned");
  child_check_action (SIGHUP, &before);
  return 0;
}

static void
a03 (void)
{
  Proc *child = proc_start (detach_while_due_child, NULL);
  const char *line;

  proc_expect (child, "reload: detaching");
  /* Whether the second SIGHUP is sent again is R06's question. */
  line = proc_next (child);
  if (g_str_equal (line, "full handler: 1 from myself"))
    line = proc_next (child);
  tap_check (g_str_equal (line, "turned"));
  proc_expect_exit (child, 0);
}

/* --- Beside other users of g_unix_signal_add() ------------------------------------------------ */

static gboolean
others_source (gpointer word)
{
  child_sayf ("other: %s", (const char *) word);
  return G_SOURCE_CONTINUE;
}

static int
others_child (gconstpointer data)
{
  PsWatcher *watcher;

  g_unix_signal_add (SIGTERM, others_source, (gpointer) "one");
  watcher = watch ();
  g_unix_signal_add (SIGTERM, others_source, (gpointer) "two");
  ps_watcher_detach (watcher);
  ps_watcher_unref (watcher);
  say_ready_soon ();
  g_main_loop_run (the_loop ());
  return 1;
}

static gboolean
quit_by_other (gpointer unused)
{
  child_say ("other: hup");
  ps_watcher_quit (ps_watcher_get_default (), 8);
  return G_SOURCE_CONTINUE;
}

static int
others_beside_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  g_unix_signal_add (SIGUSR1, others_source, (gpointer) "usr1");
  ps_watcher_set_hangup (watcher, PS_HANGUP_RELOAD);
  g_unix_signal_add (SIGHUP, quit_by_other, NULL);
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  return run (watcher);
}

/* They get the signal as well, as long as the loop turns. */
static void
a04 (void)
{
  Proc *child = proc_start (others_beside_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGUSR1);
  proc_expect (child, "other: usr1");
  proc_kill (child, SIGHUP);
  proc_expect_lines (child, "other: hup", "quit: q");
  proc_expect_exit (child, 8);
}

/* After detach GLib's handler is back for them, from before and from later. */
static void
a05 (void)
{
  Proc *child = proc_start (others_child, NULL);
  const char *line;

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  /* In either order: GLib's thread wakes the loop for each. */
  line = proc_next (child);
  proc_expect (child, g_str_equal (line, "other: one") ? "other: two" : "other: one");
  proc_kill (child, SIGUSR2);
  proc_expect_signal (child, SIGUSR2);
}

/* --- E02: no descriptors left ----------------------------------------------------------------- */

static int
no_fds_child (gconstpointer free_fds)
{
  const rlim_t limit = 5 + GPOINTER_TO_UINT (free_fds);
  const struct rlimit few = { limit, limit };
  GMainLoop *loop;
  PsWatcher *watcher;

  child_start_thread ();
  loop = g_main_loop_new (NULL, FALSE);
  child_forgive_leaks ();
  child_need (setrlimit (RLIMIT_NOFILE, &few) == 0);
  watcher = ps_glib_attach (loop);
  child_say (watcher == NULL ? "none" : "one");
  return 0;
}

/* GLib would end the process: it must not get as far. */
static void
e02 (void)
{
  const char *line = "";

  for (guint free_fds = 1; free_fds < 12 && !tap_failed (); free_fds++)
    {
      Proc *child = proc_start (no_fds_child, GUINT_TO_POINTER (free_fds));

      line = proc_next (child);
      tap_check (g_str_equal (line, "none") || (free_fds > 1 && g_str_equal (line, "one")));
      proc_expect_exit (child, 0);
      if (g_str_equal (line, "none"))
        proc_expect_output (child, "CRITICAL");
    }
  tap_check (g_str_equal (line, "one"));
}

static const TapCase cases[] = {
  { "O08", "attached and detached again and again: no fd, thread or memory more", o08 },
  { "E02", "attaching without descriptors fails, and does not end the process", e02 },
  { "O09", "attaching and detaching twice; another loop is refused", o09 },
  { "A01", "giving the reference back ends nothing", a01 },
  { "A02", "detach gives every disposition back as it was", a02 },
  { "A03", "so it does while GLib's own source is due", a03 },
  { "A04", "other users of g_unix_signal_add() get their signals", a04 },
  { "A05", "and still get them after detach", a05 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
