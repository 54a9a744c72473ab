/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Group G: ten processes send signals, all at once, while the process is in one certain state (G07,
 * second part). Each state is entered by an ordinary way, and is left when the storm is over.
 *
 * Whatever state it is: terminate and finish run once, in order, and the status is that of SIGTERM.
 */
#include "common.h"

#include <sys/wait.h>
#include <unistd.h>

#define N_SENDERS 10
#define N_SIGNALS 200 /* of each sender */

typedef enum
{
  RUNNING,
  RELOADING,
  QUERYING,
  RESUMING,
  TERMINATING,
  FINISHING,
  N_STATES,
} State;

typedef struct
{
  State state;
  PsEscalation escalation;
} Weather;

static const char *const names[] = { "RUNNING",  "RELOADING",   "QUERYING",
                                     "RESUMING", "TERMINATING", "FINISHING" };

/* --- In the child ---------------------------------------------------------------------------- */

static const Weather *weather;
static PsHold *first_hold; /* what makes a state last that the storm itself ends */
static pid_t senders[N_SENDERS];

/* SIGTERM means the end and SIGHUP a reload, here; SIGUSR1 is none of the library's. */
static void
send_signals (pid_t to, guint n)
{
  static const int signals[] = { SIGTERM, SIGHUP, SIGTERM, SIGUSR1 };

  for (guint i = 0; i < N_SIGNALS; i++)
    kill (to, signals[(i + n) % G_N_ELEMENTS (signals)]);
}

static void
start_senders (void)
{
  pid_t parent = getpid ();
  int gate[2];
  char nothing;

  child_need (pipe (gate) == 0);
  for (guint i = 0; i < N_SENDERS; i++)
    {
      senders[i] = fork ();
      child_need (senders[i] >= 0);
      if (senders[i] == 0)
        {
          close (gate[1]);
          /* All at once. */
          while (read (gate[0], &nothing, 1) != 0)
            ;
          send_signals (parent, i);
          _exit (0);
        }
    }
  close (gate[0]);
  close (gate[1]);
}

static gpointer
await_senders (gpointer hold)
{
  for (guint i = 0; i < N_SENDERS; i++)
    {
      g_autofree char *end = child_wait_for (senders[i]);

      if (!g_str_equal (end, "exit status 0"))
        child_say (end);
    }
  child_say ("storm over");
  if (first_hold != NULL)
    ps_hold_release (first_hold);
  ps_hold_release (hold);
  return NULL;
}

/* A request to end leaves these at once: it is the terminate callback that awaits the storm. */
static gboolean
is_left_at_once (State state)
{
  return state == RUNNING || state == RELOADING;
}

static void
storm (PsContext *context, State state)
{
  static gboolean done;

  if (state != weather->state || done)
    return;
  done = TRUE;
  child_sayf ("storm in %s", names[state]);
  start_senders ();
  if (!is_left_at_once (state))
    in_thread (await_senders, ps_context_hold (context, "the storm"));
  else if (context != NULL)
    first_hold = ps_context_hold (context, "for a while");
}

static gboolean
be_running (gpointer unused)
{
  storm (NULL, RUNNING);
  return G_SOURCE_REMOVE;
}

static void
reload (PsContext *context, gpointer unused)
{
  storm (context, RELOADING);
}

/* The first exit is vetoed where it takes that to get to the state. */
static void
query (PsContext *context, gpointer unused)
{
  static guint n;

  storm (context, QUERYING);
  if (weather->state == RESUMING && n++ == 0)
    ps_context_veto (context, "not yet");
}

static void
resume (PsContext *context, gpointer unused)
{
  storm (context, RESUMING);
}

static void
terminate (PsContext *context, gpointer unused)
{
  child_say ("terminate");
  storm (context, TERMINATING);
  if (is_left_at_once (weather->state))
    in_thread (await_senders, ps_context_hold (context, "the storm"));
}

static void
finish (PsContext *context, gpointer unused)
{
  child_say ("finish");
  storm (context, FINISHING);
}

static int
stormy_child (gconstpointer data)
{
  const struct sigaction ignore = { .sa_handler = SIG_IGN };
  PsWatcher *watcher;

  weather = data;
  child_forgive_leaks ();
  sigaction (SIGUSR1, &ignore, NULL);
  watcher = watch ();
  ps_watcher_set_escalation (watcher, weather->escalation);
  ps_watcher_on_reload (watcher, reload, NULL);
  ps_watcher_on_query (watcher, query, NULL);
  ps_watcher_on_resume (watcher, resume, NULL);
  ps_watcher_on_terminate (watcher, terminate, NULL);
  ps_watcher_on_finish (watcher, finish, NULL);
  if (weather->state == RUNNING)
    g_idle_add (be_running, NULL);
  return weather->state == RUNNING ? run_quietly (watcher) : run (watcher);
}

/* --- In the parent --------------------------------------------------------------------------- */

/* Where the storm stands in the account. */
static void
expect_account (Proc *child, State state)
{
  if (state == QUERYING || state == RESUMING)
    proc_expect (child, "storm over");
  proc_expect (child, "terminate");
  if (state == TERMINATING)
    proc_expect (child, "storm in TERMINATING");
  if (state == TERMINATING || is_left_at_once (state))
    proc_expect (child, "storm over");
  proc_expect (child, "finish");
  if (state == FINISHING)
    proc_expect_lines (child, "storm in FINISHING", "storm over");
  proc_expect_exit (child, 143);
}

static void
weather_the_storm (State state, PsEscalation escalation)
{
  const Weather data = { state, escalation };
  g_autofree char *begun = g_strdup_printf ("storm in %s", names[state]);
  Proc *child = proc_start (stormy_child, &data);

  if (state != RUNNING)
    {
      proc_expect (child, "ready");
      proc_kill (child, state == RELOADING ? SIGHUP : SIGTERM);
    }
  if (state < TERMINATING)
    proc_expect (child, begun);
  expect_account (child, state);
}

static void
g07 (void)
{
  for (State state = RUNNING; state < N_STATES && !tap_failed (); state++)
    {
      weather_the_storm (state, PS_ESCALATION_INTERACTIVE);
      weather_the_storm (state, PS_ESCALATION_NONE);
    }
}

static const TapCase cases[] = {
  { "G07", "ten processes signal at once, in every state: one orderly exit", g07 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
