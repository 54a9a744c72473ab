/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group N, second part: watchdog pings and what comes by the environment (N11, N21). */
#include "common.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  Inbox *inbox;
  const char *usec;
  gboolean foreign; /* WATCHDOG_PID names another process */
} Setup;

static PsWatcher *
watch_dog (const Setup *setup)
{
  g_autofree char *pid =
      g_strdup_printf ("%d", setup->foreign ? (int) getppid () : (int) getpid ());

  g_setenv ("NOTIFY_SOCKET", inbox_path (setup->inbox), TRUE);
  g_setenv ("WATCHDOG_USEC", setup->usec, TRUE);
  g_setenv ("WATCHDOG_PID", pid, TRUE);
  return watch ();
}

static gboolean
block_loop (gpointer unused)
{
  child_say ("blocked");
  child_await ("go");
  return G_SOURCE_REMOVE;
}

static int
pinged_child (gconstpointer data)
{
  PsWatcher *watcher = watch_dog (data);

  g_timeout_add (150, block_loop, NULL);
  return run (watcher);
}

/* Half of 100 ms: the loop is seen to turn; and when it does not, nobody says it did. */
static void
n11 (void)
{
  Setup setup = { .inbox = inbox_new (), .usec = "100000" };
  Proc *child = proc_start (pinged_child, &setup);

  proc_expect (child, "ready");
  inbox_expect (setup.inbox, "WATCHDOG=1");
  proc_expect (child, "blocked");
  inbox_drain (setup.inbox);
  g_usleep (300000);
  inbox_expect_empty (setup.inbox);
  proc_tell (child, "go");
  for (guint i = 0; i < 3; i++)
    inbox_expect (setup.inbox, "WATCHDOG=1");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

/* How long GLib would wait, where nothing but pings is due. */
static int
asking_child (gconstpointer data)
{
  PsWatcher *watcher = watch_dog (data);
  GMainContext *context = g_main_context_default ();
  GPollFD fds[16];
  int priority, timeout_ms = 0;

  child_need (g_main_context_acquire (context));
  turn ();
  g_main_context_prepare (context, &priority);
  g_main_context_query (context, priority, &timeout_ms, fds, G_N_ELEMENTS (fds));
  g_main_context_release (context);
  child_say (timeout_ms > 9000 && timeout_ms <= 10000 ? "half" : "another time");
  unwatch (watcher);
  return 0;
}

static void
n11_half (void)
{
  Setup setup = { .inbox = inbox_new (), .usec = "20000000" };
  Proc *child;

  if (tap_loses_signals ())
    {
      tap_skip ("ThreadSanitizer holds signals back: the loop has a timer against it");
      return;
    }
  child = proc_start (asking_child, &setup);
  proc_expect (child, "half");
  proc_expect_exit (child, 0);
}

static gboolean
quit_watcher (gpointer watcher)
{
  ps_watcher_quit (watcher, 0);
  return G_SOURCE_REMOVE;
}

static gboolean
begin_short_life (gpointer watcher)
{
  child_say ("ready");
  g_timeout_add (900, quit_watcher, watcher);
  return G_SOURCE_REMOVE;
}

static int
short_life_child (gconstpointer data)
{
  PsWatcher *watcher = watch_dog (data);

  g_idle_add (begin_short_life, watcher);
  return run_quietly (watcher);
}

/* Those that found room in the queue. */
static guint
count_pings (Proc *child, Inbox *inbox)
{
  guint n = 0;

  proc_expect (child, "ready");
  proc_expect_exit (child, 0);
  while (!tap_failed () && inbox_has_more (inbox))
    n += strcmp (inbox_next (inbox), "WATCHDOG=1") == 0;
  return n;
}

static void
n11_values (void)
{
  static const struct
  {
    const char *usec;
    gboolean foreign;
    guint least, most;
  } rows[] = {
    { "200000", FALSE, 2, 10 },
    { "200000", TRUE, 0, 0 },
    { "1", FALSE, 1, 400 },
    { "0", FALSE, 0, 0 },
    { "abc", FALSE, 0, 0 },
    { "-5", FALSE, 0, 0 },
    { "18446744073709551615", FALSE, 0, 0 },
    { "18446744073709551614", FALSE, 0, 2 },
    { "4294967296000", FALSE, 0, 2 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows) && !tap_failed (); i++)
    {
      Setup setup = { .inbox = inbox_new (), .usec = rows[i].usec, .foreign = rows[i].foreign };
      guint n = count_pings (proc_start (short_life_child, &setup), setup.inbox);

      tap_check_int (n, >=, rows[i].least);
      tap_check_int (n, <=, rows[i].most);
    }
}

static int
forked_dog_child (gconstpointer data)
{
  PsWatcher *watcher = watch_dog (data);
  pid_t pid = fork ();

  if (pid == 0)
    {
      /* Its copy of the loop goes on, and must not say that the parent's does. */
      for (guint i = 0; i < 20; i++)
        {
          g_usleep (10000);
          g_main_context_iteration (NULL, FALSE);
        }
      child_say ("turned");
      _exit (0);
    }
  child_need (waitpid (pid, NULL, 0) == pid);
  child_await ("go");
  return run (watcher);
}

static void
n11_forked (void)
{
  Setup setup = { .inbox = inbox_new (), .usec = "20000" };
  Proc *child = proc_start (forked_dog_child, &setup);

  proc_expect (child, "turned");
  /* One from attach. */
  inbox_expect (setup.inbox, "WATCHDOG=1");
  inbox_expect_empty (setup.inbox);
  proc_tell (child, "go");
  inbox_expect (setup.inbox, "WATCHDOG=1");
  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

/* During an exit whose holds are awaited the loop still turns, and the manager is to know. */
static PsHold *hold;

static gboolean
let_go (gpointer unused)
{
  child_say ("released");
  ps_hold_release (hold);
  return G_SOURCE_REMOVE;
}

static void
hold_a_while (PsContext *context, gpointer unused)
{
  hold = ps_context_hold (context, "a while");
  child_say ("held");
  g_timeout_add (2000, let_go, NULL);
}

static int
stopping_dog_child (gconstpointer data)
{
  PsWatcher *watcher = watch_dog (data);

  ps_watcher_on_terminate (watcher, hold_a_while, NULL);
  return run (watcher);
}

static void
n11_stopping (void)
{
  /* Nobody reads at first: few enough that all find room. */
  Setup setup = { .inbox = inbox_new (), .usec = "600000" };
  Proc *child = proc_start (stopping_dog_child, &setup);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "held");
  inbox_find_line (setup.inbox, "STOPPING=1");
  inbox_find_line (setup.inbox, "WATCHDOG=1");
  inbox_find_line (setup.inbox, "WATCHDOG=1");
  proc_expect (child, "released");
  proc_expect_exit (child, 143);
}

/* --- ps_prepare() and the environment --------------------------------------------------------- */

static int
cleared_child (gconstpointer data)
{
  const Setup *setup = data;
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());
  PsWatcher *watcher;

  g_setenv ("NOTIFY_SOCKET", inbox_path (setup->inbox), TRUE);
  g_setenv ("WATCHDOG_USEC", setup->usec, TRUE);
  g_setenv ("WATCHDOG_PID", pid, TRUE);
  ps_prepare ();
  clearenv ();
  watcher = watch ();
  ps_watcher_ready (watcher, "with nothing around");
  child_sayf ("%s", g_getenv ("NOTIFY_SOCKET") == NULL ? "not set" : "set");
  return run (watcher);
}

static void
n21 (void)
{
  Setup setup = { .inbox = inbox_new (), .usec = "1000000" };
  Proc *child = proc_start (cleared_child, &setup);

  inbox_find_line (setup.inbox, "READY=1");
  proc_expect_lines (child, "not set", "ready");
  inbox_find_line (setup.inbox, "WATCHDOG=1");
  proc_kill (child, SIGTERM);
  inbox_find_line (setup.inbox, "STOPPING=1");
  proc_expect_exit (child, 143);
}

/* --- N21b: the environment is left alone ----------------------------------------------------- */

typedef struct
{
  int stop;
  guint seen;
} Watch;

static gpointer
watch_environment (gpointer data)
{
  Watch *seen = data;

  while (!g_atomic_int_get (&seen->stop))
    if (g_getenv ("NOTIFY_SOCKET") != NULL)
      seen->seen++;
  return NULL;
}

static int
untouched_child (gconstpointer inbox)
{
  Watch seen = { FALSE, 0 };
  PsWatcher *watcher;
  GThread *thread;

  g_setenv ("NOTIFY_SOCKET", inbox_path ((Inbox *) inbox), TRUE);
  ps_prepare ();
  clearenv ();
  watcher = watch ();
  thread = g_thread_new ("environment", watch_environment, &seen);
  for (guint i = 0; i < 400; i++)
    ps_watcher_status (watcher, "%u", i);
  g_atomic_int_set (&seen.stop, TRUE);
  g_thread_join (thread);
  child_sayf ("seen %u times", seen.seen);
  return run (watcher);
}

static void
n21_untouched (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (untouched_child, inbox);

  inbox_expect (inbox, "STATUS=0");
  proc_expect (child, "seen 0 times");
  inbox_drain (inbox);
  expect_stop (child, SIGTERM, 143, NULL);
}

static const TapCase cases[] = {
  { "N11", "pings at half the interval, by the loop and nobody else", n11 },
  { "N11f", "the next ping is due when half the interval is over", n11_half },
  { "N11b", "of odd WATCHDOG_USEC and WATCHDOG_PID the good ones count", n11_values },
  { "N11c", "a forked child's loop does not ping for us", n11_forked },
  { "N11d", "pings go on while an exit waits for a hold", n11_stopping },
  { "N21", "a daemon that clears its environment after ps_prepare() is heard", n21 },
  { "N21b", "and its other threads find the environment as it left it", n21_untouched },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
