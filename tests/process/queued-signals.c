/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups G and E: realtime signals, of which each one counts, with its value (G18, E04). */
#include "common.h"

#include <errno.h>
#include <ps-ids.h>
#include <sys/resource.h>
#include <unistd.h>

#define QUEUED (SIGRTMIN + 3)

static void
send_value (pid_t pid, int signum, int value)
{
  const union sigval with = { .sival_int = value };

  if (sigqueue (pid, signum, with) < 0)
    tap_fail (G_STRLOC, "sigqueue: %s", g_strerror (errno));
}

static void
send_to_oneself (int signum, int value)
{
  const union sigval with = { .sival_int = value };

  child_need (sigqueue (getpid (), signum, with) == 0);
}

static void
say_value (PsContext *context, gpointer unused)
{
  int value = 0;

  if (ps_context_get_signal (context) != QUEUED)
    child_sayf ("%s: signal %d", event_name (context), ps_context_get_signal (context));
  else if (ps_context_get_signal_value (context, &value))
    child_sayf ("%s: %d", event_name (context), value);
  else
    child_sayf ("%s: no value", event_name (context));
}

/* Only SIGTERM ends it. */
static void
veto_queued (PsContext *context, gpointer unused)
{
  say_value (context, NULL);
  if (ps_context_get_signal (context) == QUEUED)
    ps_context_veto (context, "not by this");
}

static PsWatcher *
watch_queued (void)
{
  const int list[] = { SIGTERM, QUEUED };
  PsWatcher *watcher;
  sigset_t queued;

  /* The second thread is to block it. Two that take signals at once write them down as it happens.
   */
  sigemptyset (&queued);
  sigaddset (&queued, QUEUED);
  sigprocmask (SIG_BLOCK, &queued, NULL);
  watcher = watch ();
  sigprocmask (SIG_UNBLOCK, &queued, NULL);
  child_need (ps_watcher_set_signals (watcher, list, G_N_ELEMENTS (list), NULL));
  ps_watcher_on_terminate (watcher, say_value, NULL);
  return watcher;
}

/* TRUE: the case is left out. */
static gboolean
are_merged (void)
{
  if (tap_loses_signals ())
    tap_skip ("ThreadSanitizer keeps one signal of a number at a time");
  return tap_loses_signals ();
}

/* --- G18: six in order, each vetoed ----------------------------------------------------------- */

static gboolean
send_six (gpointer unused)
{
  for (int i = 1; i <= 6; i++)
    send_to_oneself (QUEUED, 10 * i);
  return G_SOURCE_REMOVE;
}

static int
six_child (gconstpointer from_child)
{
  PsWatcher *watcher = watch_queued ();

  ps_watcher_on_query (watcher, veto_queued, NULL);
  ps_watcher_on_resume (watcher, say, (gpointer) "r");
  say_ready_soon ();
  if (from_child != NULL)
    g_idle_add (send_six, NULL);
  return run_quietly (watcher);
}

static void
expect_six (Proc *child)
{
  proc_expect_lines (child, "query: 10", "resume: r", "query: 20", "resume: r", "query: 30",
                     "resume: r", "query: 40", "resume: r", "query: 50", "resume: r", "query: 60",
                     "resume: r");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "query: signal 15", "terminate: signal 15");
  proc_expect_exit (child, 143);
}

static void
g18 (void)
{
  Proc *child;

  if (are_merged ())
    return;
  child = proc_start (six_child, NULL);
  proc_expect (child, "ready");
  for (int i = 1; i <= 6; i++)
    send_value (proc_pid (child), QUEUED, 10 * i);
  expect_six (child);

  child = proc_start (six_child, "itself");
  proc_expect (child, "ready");
  expect_six (child);
}

/* --- G18b: while a query runs ----------------------------------------------------------------- */

static void
veto_when_told (PsContext *context, gpointer nests)
{
  static guint n;

  veto_queued (context, NULL);
  if (n++ > 0)
    return;
  child_await ("go");
  if (nests != NULL)
    turn ();
}

static int
during_query_child (gconstpointer nests)
{
  PsWatcher *watcher = watch_queued ();

  ps_watcher_on_query (watcher, veto_when_told, (gpointer) nests);
  ps_watcher_on_resume (watcher, say, (gpointer) "r");
  return run (watcher);
}

static void
expect_during_query (const char *nests)
{
  Proc *child = proc_start (during_query_child, nests);

  proc_expect (child, "ready");
  send_value (proc_pid (child), QUEUED, 10);
  proc_expect (child, "query: 10");
  for (int i = 2; i <= 6; i++)
    send_value (proc_pid (child), QUEUED, 10 * i);
  proc_tell (child, "go");
  proc_expect (child, "resume: r");
  proc_expect_lines (child, "query: 20", "resume: r", "query: 30", "resume: r", "query: 40",
                     "resume: r", "query: 50", "resume: r", "query: 60", "resume: r");
  proc_kill (child, QUEUED);
  proc_expect_lines (child, "query: no value", "resume: r");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "query: signal 15", "terminate: signal 15");
  proc_expect_exit (child, 143);
}

static void
g18_query (void)
{
  if (are_merged ())
    return;
  expect_during_query (NULL);
  expect_during_query ("runs the loop within");
}

/* --- G18c: while life goes on ---------------------------------------------------------------- */

/* A new one that comes while life goes on again is behind those that wait. */
static void
send_one_more (PsContext *context, gpointer unused)
{
  static gboolean once;

  say (context, (gpointer) "r");
  if (!once)
    send_to_oneself (QUEUED, 70);
  once = TRUE;
}

static int
resuming_child (gconstpointer data)
{
  PsWatcher *watcher = watch_queued ();

  ps_watcher_on_query (watcher, veto_queued, NULL);
  ps_watcher_on_resume (watcher, send_one_more, NULL);
  send_to_oneself (QUEUED, 10);
  send_to_oneself (QUEUED, 20);
  return run_quietly (watcher);
}

static void
g18_resume (void)
{
  Proc *child;

  if (are_merged ())
    return;
  child = proc_start (resuming_child, NULL);
  proc_expect_lines (child, "query: 10", "resume: r", "query: 20", "resume: r", "query: 70",
                     "resume: r");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "query: signal 15", "terminate: signal 15");
  proc_expect_exit (child, 143);
}

/* --- Another signal, and a quit -------------------------------------------------------------- */

static void
ask_otherwise (PsContext *context, gpointer unused)
{
  static gboolean once;

  veto_queued (context, NULL);
  if (once)
    return;
  once = TRUE;
  send_to_oneself (QUEUED, 20);
  for (guint i = 0; i < 3; i++)
    {
      raise (SIGTERM);
      ps_watcher_quit (ps_watcher_get_default (), 7);
    }
}

static void
veto_all_but_quit (PsContext *context, gpointer unused)
{
  if (ps_context_get_signal (context) != 0)
    ps_context_veto (context, "only quit ends it");
}

static int
otherwise_child (gconstpointer data)
{
  PsWatcher *watcher = watch_queued ();

  ps_watcher_on_query (watcher, ask_otherwise, NULL);
  ps_watcher_on_query (watcher, veto_all_but_quit, NULL);
  ps_watcher_on_quit (watcher, say_value, NULL);
  send_to_oneself (QUEUED, 10);
  return run_quietly (watcher);
}

/* A veto is an answer to what was asked, and to nothing else; what is asked twice is asked once. */
static void
queries_01 (void)
{
  Proc *child = proc_start (otherwise_child, NULL);

  proc_expect_lines (child, "query: 10", "query: 20", "query: signal 15", "query: signal 0",
                     "quit: signal 0");
  proc_expect_exit (child, 7);
}

/* --- G18d: the first that is not vetoed ------------------------------------------------------- */

static void
say_signal_record (int priority, const char *message, const GLogField *fields, gsize n_fields,
                   gpointer unused)
{
  const char *id = record_field (fields, n_fields, "MESSAGE_ID");
  const char *name = record_field (fields, n_fields, "PS_SIGNAL");
  const char *value = record_field (fields, n_fields, "PS_SIGNAL_VALUE");
  const char *lost = record_field (fields, n_fields, "PS_SIGNALS_LOST");

  if (g_strcmp0 (id, PS_MESSAGE_SIGNAL_AGAIN) == 0 || g_strcmp0 (id, PS_MESSAGE_EXIT_BEGUN) == 0)
    child_sayf ("%s: %s %s", id[0] == PS_MESSAGE_EXIT_BEGUN[0] ? "begun" : "again", name, value);
  else if (g_strcmp0 (id, PS_MESSAGE_SIGNALS_LOST) == 0)
    child_sayf ("lost: %s of %s", lost, name);
  else if (g_strcmp0 (id, PS_MESSAGE_EXIT_FINISHED) == 0)
    child_sayf ("lost: %s in all", lost);
}

static void
veto_the_first (PsContext *context, gpointer unused)
{
  static guint n;

  say_value (context, NULL);
  if (++n <= 2)
    ps_context_veto (context, "not yet");
}

static int
third_child (gconstpointer data)
{
  PsWatcher *watcher = watch_queued ();

  ps_watcher_set_log_func (watcher, say_signal_record, NULL, NULL);
  ps_watcher_on_query (watcher, veto_the_first, NULL);
  g_idle_add (send_six, NULL);
  return run_quietly (watcher);
}

static void
g18_accepted (void)
{
  Proc *child;

  if (are_merged ())
    return;
  child = proc_start (third_child, NULL);
  proc_expect_lines (child, "query: 10", "query: 20", "query: 30", "begun: SIGRTMIN+3 30",
                     "again: SIGRTMIN+3 40", "again: SIGRTMIN+3 50", "again: SIGRTMIN+3 60",
                     "terminate: 30", "lost: 0 in all");
  proc_expect_exit (child, 165);
}

/* --- G18e: more than there is room for -------------------------------------------------------- */

#define ROOM 64
#define SENT 100

static gboolean
send_many (gpointer unused)
{
  for (int i = 0; i < SENT; i++)
    send_to_oneself (QUEUED, i);
  kill (getpid (), SIGTERM);
  return G_SOURCE_REMOVE;
}

static int
many_child (gconstpointer data)
{
  PsWatcher *watcher = watch_queued ();

  ps_watcher_set_log_func (watcher, say_signal_record, NULL, NULL);
  ps_watcher_on_query (watcher, veto_queued, NULL);
  g_idle_add (send_many, NULL);
  return run_quietly (watcher);
}

/* The values that are lost are counted, and that is said, before anything else is made of them. */
static void
g18_lost (void)
{
  g_autofree char *lost = g_strdup_printf ("lost: %d of SIGRTMIN+3", SENT - ROOM);
  g_autofree char *in_all = g_strdup_printf ("lost: %d in all", SENT - ROOM);
  Proc *child;

  if (are_merged ())
    return;
  child = proc_start (many_child, NULL);
  proc_expect (child, lost);
  for (int i = 0; i < ROOM; i++)
    {
      g_autofree char *line = g_strdup_printf ("query: %d", i);

      proc_expect (child, line);
    }
  /* There was no room for SIGTERM either, which has no value to lose. */
  proc_expect_lines (child, "query: signal 15", "begun: SIGTERM (null)", "again: SIGRTMIN+3 (null)",
                     "terminate: signal 15", in_all);
  proc_expect_exit (child, 143);
}

/* --- G18f: what waits when the signal falls out of the list ----------------------------------- */

static void
own_handler (int signum, siginfo_t *info, void *ucontext)
{
  child_sayf ("own handler: %d", info->si_value.sival_int);
}

static void
let_go_of_it (PsContext *context, gpointer unused)
{
  const int term = SIGTERM;

  veto_queued (context, NULL);
  if (ps_context_get_signal (context) == QUEUED)
    child_need (ps_watcher_set_signals (ps_watcher_get_default (), &term, 1, NULL));
}

static int
unheard_child (gconstpointer detaches)
{
  struct sigaction action = { .sa_sigaction = own_handler, .sa_flags = SA_SIGINFO };
  PsWatcher *watcher;

  sigaction (QUEUED, &action, NULL);
  watcher = watch_queued ();
  if (detaches != NULL)
    {
      send_six (NULL);
      unwatch (watcher);
      return 0;
    }
  ps_watcher_on_query (watcher, let_go_of_it, NULL);
  ps_watcher_on_resume (watcher, say, (gpointer) "r");
  say_ready_soon ();
  g_idle_add (send_six, NULL);
  return run_quietly (watcher);
}

static void
g18_unheard (void)
{
  Proc *child;

  if (are_merged ())
    return;
  child = proc_start (unheard_child, NULL);
  proc_expect_lines (child, "ready", "query: 10", "own handler: 20", "own handler: 30",
                     "own handler: 40", "own handler: 50", "own handler: 60", "resume: r");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "query: signal 15", "terminate: signal 15");
  proc_expect_exit (child, 143);

  child = proc_start (unheard_child, "detaches");
  proc_expect_lines (child, "own handler: 10", "own handler: 20", "own handler: 30",
                     "own handler: 40", "own handler: 50", "own handler: 60");
  proc_expect_exit (child, 0);
}

/* --- E04: the kernel's own queue is full ------------------------------------------------------ */

static void
say_sender (PsContext *context, gpointer unused)
{
  say_value (context, NULL);
  child_say (ps_context_get_sender (context) != NULL ? "sender known" : "sender unknown");
}

static int
no_queue_child (gconstpointer data)
{
  const struct rlimit none = { 0, 0 };
  PsWatcher *watcher;

  child_need (setrlimit (RLIMIT_SIGPENDING, &none) == 0);
  watcher = watch_queued ();
  ps_watcher_on_finish (watcher, say_sender, NULL);
  child_sayf ("sigqueue: %s", sigqueue (getpid (), QUEUED, (union sigval){ .sival_int = 1 }) < 0
                                  ? g_strerror (errno)
                                  : "sent");
  return run (watcher);
}

/* Who sends a value is told that there is no room, and we see nothing of it. Without a value it
 * comes, and that is all that is known. */
static void
e04 (void)
{
  Proc *child = proc_start (no_queue_child, NULL);

  proc_expect (child, "sigqueue: Resource temporarily unavailable");
  expect_stop (child, QUEUED, 165, "terminate: no value", "finish: no value", "sender unknown");
}

static const TapCase cases[] = {
  { "G18", "six with values, each vetoed: six queries in order, each with its value", g18 },
  { "G18b", "likewise for those that come while a query runs", g18_query },
  { "G18c", "one that comes when life goes on is behind those that wait", g18_resume },
  { "G18d", "the first that is not vetoed is the cause, the others are noted", g18_accepted },
  { "G18e", "more than there is room for: the lost are counted", g18_lost },
  { "G18f", "what waits when the signal is given back goes to what was there", g18_unheard },
  { "queries-01", "another signal and a quit have their own queries, too", queries_01 },
  { "E04", "a full queue of the kernel's: the sender is told, or is not known", e04 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
