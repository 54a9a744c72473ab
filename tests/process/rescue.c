/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups T, L and G where the loop does not turn: what the kernel's timer and a third signal do. */
#include "common.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DEADLINE_MS 1000

/* ThreadSanitizer holds signals back until the next call into libc: what spins never gets one. */
#ifdef __SANITIZE_THREAD__
#define CAN_SPIN FALSE
#else
#define CAN_SPIN TRUE
#endif

typedef struct
{
  PsEvents events;
  gboolean spins;
  int quit_code; /* -1: it is a signal that ends it */
} Setup;

static void
for_ever (gboolean spins)
{
  volatile guint turns = 0;

  for (;;)
    if (spins)
      turns++;
    else
      sleep (1000);
}

static void
stuck (PsContext *context, gpointer data)
{
  const Setup *setup = data;

  child_sayf ("%s: stuck", event_name (context));
  for_ever (setup->spins);
}

/* Without a log function of the test's: last words go to standard error. */
static PsWatcher *
watch_aloud (guint deadline_ms)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_log_func (watcher, say_given_up, NULL, NULL);
  ps_watcher_set_deadline (watcher, deadline_ms);
  return watcher;
}

static int
stuck_child (gconstpointer data)
{
  const Setup *setup = data;
  PsWatcher *watcher = watch_aloud (DEADLINE_MS);

  ps_watcher_add (watcher, setup->events, "stuck", 0, 0, stuck, (gpointer) setup, NULL);
  ps_watcher_add (watcher, PS_EVENT_FINISH, "after", 1, 0, say, (gpointer) "after", NULL);
  if (setup->quit_code >= 0)
    quit_soon (watcher, setup->quit_code);
  return run (watcher);
}

static void
expect_forced (const Setup *setup, const char *event, int status)
{
  g_autofree char *line = g_strdup_printf ("%s: stuck", event);
  g_autofree char *words =
      g_strdup_printf ("status %d, the exit's time was over: %s callback stuck "
                       "has been running for ",
                       status, event);
  Proc *child = proc_start (stuck_child, setup);
  gint64 start_us;

  if (setup->quit_code < 0)
    proc_expect (child, "ready");
  start_us = g_get_monotonic_time ();
  if (setup->quit_code < 0)
    proc_kill (child, SIGTERM);
  proc_expect (child, line);
  if (setup->quit_code >= 0)
    start_us = 0; /* the child's clock began before ours */
  proc_expect_exit (child, status);
  proc_expect_output (child, words);
  tap_check_int (ms_since (start_us), >=, DEADLINE_MS);
}

static void
t02 (void)
{
  for (gboolean spins = FALSE; spins <= CAN_SPIN; spins++)
    {
      Setup terminate = { PS_EVENT_TERMINATE, spins, -1 }, finish = { PS_EVENT_FINISH, spins, -1 };

      expect_forced (&terminate, "terminate", 143);
      expect_forced (&finish, "finish", 143);
    }
}

/* As in a virtual machine that is moved: there is no time in which the first timer comes alone. */
static void
t02_still (void)
{
  const Setup setup = { PS_EVENT_TERMINATE, FALSE, -1 };
  Proc *child = proc_start (stuck_child, &setup);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: stuck");
  proc_stand_still (child, DEADLINE_MS + 3000);
  proc_expect_exit (child, 143);
  proc_expect_output (child, "status 143, the exit's time was over: terminate callback stuck ");
}

/* Of what the callbacks before it said. */
static void
set_code (PsContext *context, gpointer unused)
{
  ps_context_set_exit_code (context, 5);
}

static void
exit_with_7 (PsContext *context, gpointer unused)
{
  child_forgive_leaks ();
  exit (7);
}

static int
changed_child (gconstpointer exits)
{
  static const Setup setup = { PS_EVENT_FINISH, FALSE, -1 };
  PsWatcher *watcher = watch_aloud (DEADLINE_MS);

  ps_watcher_on_terminate (watcher, exits != NULL ? exit_with_7 : set_code, NULL);
  ps_watcher_add (watcher, PS_EVENT_FINISH, "stuck", 0, 0, stuck, (gpointer) &setup, NULL);
  return run (watcher);
}

static void
t02_changed (void)
{
  Proc *child = proc_start (changed_child, NULL);

  expect_stop (child, SIGTERM, 5, "finish: stuck");
  proc_expect_output (child, "forced with status 5, ");
  child = proc_start (changed_child, "exits");
  expect_stop (child, SIGTERM, 7, "finish: stuck");
  proc_expect_output (child, "forced with status 7, ");
}

/* "ready" and the callback's line come from different sources: a quit needs no signal. */
static int
stuck_quit_child (gconstpointer data)
{
  const Setup *setup = data;
  PsWatcher *watcher = watch_aloud (DEADLINE_MS);

  ps_watcher_add (watcher, PS_EVENT_QUIT, "stuck", 0, 0, stuck, (gpointer) setup, NULL);
  if (setup->quit_code == 0)
    return 0; /* from main(): the hook runs it */
  ps_watcher_quit (watcher, setup->quit_code);
  return run_quietly (watcher);
}

static void
t02_quit (void)
{
  const Setup from_main = { PS_EVENT_QUIT, FALSE, 0 }, by_code = { PS_EVENT_QUIT, CAN_SPIN, 5 };
  Proc *child = proc_start (stuck_quit_child, &from_main);

  proc_expect (child, "quit: stuck");
  proc_expect_exit (child, 1);
  proc_expect_output (child, "quit callback stuck has been running for");
  child = proc_start (stuck_quit_child, &by_code);
  proc_expect (child, "quit: stuck");
  proc_expect_exit (child, 5);
}

/* --- S04: a name that is more than a name ---------------------------------------------------- */

#define FFFD "\357\277\275"
#define X40 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* A line break, an escape, C1 as UTF-8 and as a byte, a turn of direction, Latin-1; and the last
 * character that finds room is followed by one that does so in part only. */
static const char odd_name[] =
    "a\nb\033[2J\302\233c\233d\342\200\256e\374 " X40 X40 "xxxxxxxxxxxxxxxxxxx\303\244\303\244";
static const char shown_name[] = "a b" FFFD "[2J" FFFD "c" FFFD "d" FFFD "e" FFFD " " X40 X40
                                 "xxxxxxxxxxxxxxxxxxx\303\244 has been running for ";

static int
odd_name_child (gconstpointer setup)
{
  PsWatcher *watcher = watch_aloud (DEADLINE_MS);

  ps_watcher_add (watcher, PS_EVENT_TERMINATE, odd_name, 0, 0, stuck, (gpointer) setup, NULL);
  return run (watcher);
}

static void
s04 (void)
{
  static const Setup setup = { PS_EVENT_TERMINATE, FALSE, -1 };
  Proc *child = proc_start (odd_name_child, &setup);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: stuck");
  proc_expect_exit (child, 143);
  proc_expect_output (child, shown_name);
  proc_expect_no_output (child, "\033");
}

/* --- The loop that does not turn ------------------------------------------------------------- */

enum
{
  NEVER_RUN,
  NEVER_RUN_SPINNING,
  BLOCKED_IN_SOURCE,
  QUIT_BEFORE,
};

static gboolean
block_in_source (gpointer unused)
{
  child_say ("ready");
  for_ever (FALSE);
  return G_SOURCE_REMOVE;
}

static int
no_loop_child (gconstpointer how)
{
  PsWatcher *watcher = watch_aloud (DEADLINE_MS);

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  switch (GPOINTER_TO_INT (how))
    {
    case NEVER_RUN:
    case NEVER_RUN_SPINNING:
      child_say ("ready");
      break;
    case BLOCKED_IN_SOURCE:
      g_idle_add (block_in_source, NULL);
      return run_quietly (watcher);
    case QUIT_BEFORE:
      run (watcher);
      child_say ("main goes on");
      break;
    }
  for_ever (GPOINTER_TO_INT (how) == NEVER_RUN_SPINNING);
  return 0;
}

static void
expect_forced_idle (int how)
{
  Proc *child = proc_start (no_loop_child, GINT_TO_POINTER (how));

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  if (how == QUIT_BEFORE)
    proc_expect_lines (child, "terminate: t", "main goes on");
  proc_expect_exit (child, 143);
  proc_expect_output (child, "Exit forced with status 143, the exit's time was over: ");
}

static void
l04 (void)
{
  expect_forced_idle (NEVER_RUN);
  if (CAN_SPIN)
    expect_forced_idle (NEVER_RUN_SPINNING);
}

static void
l05 (void)
{
  expect_forced_idle (BLOCKED_IN_SOURCE);
}

static void
l05_after (void)
{
  expect_forced_idle (QUIT_BEFORE);
}

static gpointer
quit_thread (gpointer code)
{
  ps_watcher_quit (ps_watcher_get_default (), GPOINTER_TO_INT (code));
  return NULL;
}

static gboolean
block_and_quit (gpointer code)
{
  in_thread (quit_thread, code);
  for_ever (FALSE);
  return G_SOURCE_REMOVE;
}

static int
deaf_to_quit_child (gconstpointer code)
{
  PsWatcher *watcher = watch_aloud (DEADLINE_MS);

  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  g_idle_add (block_and_quit, (gpointer) code);
  return run_quietly (watcher);
}

static void
expect_forced_quit (int code, int status)
{
  Proc *child = proc_start (deaf_to_quit_child, GINT_TO_POINTER (code));

  proc_expect_exit (child, status);
  proc_expect_output (child, "the exit's time was over: no callback was running, the main loop does");
}

/* Of a thread that finds the loop hanging. A forced end is no success. */
static void
l05_quit (void)
{
  expect_forced_quit (5, 5);
  expect_forced_quit (0, 1);
}

/* What nothing catches. */
static void
block_all (PsContext *context, gpointer unused)
{
  sigset_t all;

  sigfillset (&all);
  sigprocmask (SIG_SETMASK, &all, NULL);
  child_say ("blocked");
  for_ever (FALSE);
}

static int
deaf_child (gconstpointer data)
{
  GMainLoop *loop = g_main_loop_new (NULL, FALSE);
  PsWatcher *watcher = ps_glib_attach (loop);

  ps_watcher_set_deadline (watcher, DEADLINE_MS);
  ps_watcher_on_terminate (watcher, block_all, NULL);
  say_ready_soon ();
  return run_quietly (watcher);
}

static void
l05_deaf (void)
{
  Proc *child = proc_start (deaf_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "blocked");
  proc_expect_signal (child, SIGKILL);
}

/* --- A third signal -------------------------------------------------------------------------- */

typedef struct
{
  PsEscalation escalation;
  int signum;
  guint apart_ms;
  gboolean forces;
} Pressed;

/* By the thread itself: so each is handled before the time to the next begins, however busy the
 * machine is. Where it is to be forced nothing else ends it. */
static void
press_twice_more (PsContext *context, gpointer data)
{
  const Pressed *pressed = data;

  child_say ("pressing");
  for (guint i = 0; i < 2; i++)
    {
      g_usleep (pressed->apart_ms * 1000);
      raise (pressed->signum);
    }
  if (pressed->forces)
    sleep (60);
  child_say ("pressed");
}

static int
pressed_child (gconstpointer data)
{
  const Pressed *pressed = data;
  PsWatcher *watcher = watch_aloud (0);

  ps_watcher_set_escalation (watcher, pressed->escalation);
  ps_watcher_on_terminate (watcher, press_twice_more, (gpointer) pressed);
  return run (watcher);
}

static void
press_thrice (const Pressed *pressed)
{
  Proc *child = proc_start (pressed_child, pressed);

  proc_expect (child, "ready");
  proc_kill (child, pressed->signum);
  proc_expect (child, "pressing");
  if (!pressed->forces)
    proc_expect (child, "pressed");
  proc_expect_exit (child, 128 + pressed->signum);
  if (pressed->forces)
    proc_expect_output (child,
                        "a further signal asked for it: terminate callback press_twice_more");
}

static void
g10 (void)
{
  const Pressed rows[] = {
    { PS_ESCALATION_INTERACTIVE, SIGINT, NEXT_WISH_MS, TRUE },
    { PS_ESCALATION_INTERACTIVE, SIGTERM, NEXT_WISH_MS, FALSE },
    { PS_ESCALATION_ANY, SIGTERM, NEXT_WISH_MS, TRUE },
    { PS_ESCALATION_ANY, SIGHUP, NEXT_WISH_MS, TRUE },
    { PS_ESCALATION_NONE, SIGINT, NEXT_WISH_MS, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    press_thrice (&rows[i]);
}

static void
g10_debounced (void)
{
  const Pressed once = { PS_ESCALATION_INTERACTIVE, SIGINT, 10, FALSE };

  press_thrice (&once);
}

/* --- What does not force --------------------------------------------------------------------- */

static int
vetoing_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, DEADLINE_MS);
  ps_watcher_on_query (watcher, veto_once, NULL);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  after_ms (3 * DEADLINE_MS, say_alive, NULL);
  return run (watcher);
}

/* The timer that the first signal armed is not left ticking. */
static void
t02_veto (void)
{
  Proc *child = proc_start (vetoing_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "alive");
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: t");
  proc_expect_exit (child, 143);
}

static int
vetoed_quit_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, DEADLINE_MS);
  ps_watcher_on_query (watcher, veto_once, NULL);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  after_ms (3 * DEADLINE_MS, say_alive, NULL);
  ps_watcher_quit (watcher, 5);
  return run_quietly (watcher);
}

static void
t02_vetoed_quit (void)
{
  Proc *child = proc_start (vetoed_quit_child, NULL);

  proc_expect (child, "alive");
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: t");
  proc_expect_exit (child, 143);
}

static void
reload_slowly (PsContext *context, gpointer unused)
{
  g_usleep (3 * DEADLINE_MS * 1000);
  child_say ("reloaded");
}

static int
slow_reload_child (gconstpointer data)
{
  PsWatcher *watcher = watch_aloud (DEADLINE_MS);

  ps_watcher_on_reload (watcher, reload_slowly, NULL);
  return run (watcher);
}

static void
t02_reload (void)
{
  Proc *child = proc_start (slow_reload_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect (child, "reloaded");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

/* Where no timer is to be had the rest works as ever. */
static int
no_timers_child (gconstpointer data)
{
  const struct rlimit none = { 0, 0 };

  child_need (setrlimit (RLIMIT_SIGPENDING, &none) == 0);
  return run (watch_all ());
}

static void
e04 (void)
{
  expect_stop (proc_start (no_timers_child, NULL), SIGTERM, 143, "terminate: t", "finish: f");
}

static const TapCase cases[] = {
  { "T02", "a callback that blocks or spins: forced at the deadline, and named", t02 },
  { "T02b", "likewise when the program quits; the status is no success", t02_quit },
  { "T02e", "a process that stood still for seconds when its time was over: the same", t02_still },
  { "T02f", "forced with the status that callbacks chose before", t02_changed },
  { "T02c", "a veto takes the timer back", t02_veto },
  { "T02h", "that of a quit, too", t02_vetoed_quit },
  { "T02d", "a slow reload is no exit", t02_reload },
  { "S04", "the culprit's name is one harmless line, cut at a character's end", s04 },
  { "L04", "a loop that is never run: TERM ends the process at the deadline", l04 },
  { "L05", "a source that blocks: the same", l05 },
  { "L05b", "a main() that hangs after the loop: the same", l05_after },
  { "L05d", "a quit that a blocked loop does not hear of: the same", l05_quit },
  { "L05c", "all signals blocked: SIGKILL, ten seconds later", l05_deaf },
  { "G10", "a third signal by hand forces the exit, with the loop blocked", g10 },
  { "G10b", "three within milliseconds are one", g10_debounced },
  { "E04", "without timers an exit is what it is", e04 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
