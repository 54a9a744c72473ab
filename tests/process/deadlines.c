/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group T: how long an exit may take (T01, T03, T04, T06), and who says so. */
#include "common.h"

#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* A tenth is kept for the finish callbacks, which do not need it: that much a machine may be late
 * that has fifteen others to run on each of its processors. */
#define DEADLINE_MS 20000
#define CUT_MS (DEADLINE_MS - DEADLINE_MS / 10)

/* --- A clock that can be set ------------------------------------------------------------------ */

static gint64 jump_sec;

/* These two in place of libc's, for this program and all libraries in it. */
int
clock_gettime (clockid_t clock, struct timespec *time)
{
  int r = (int) syscall (SYS_clock_gettime, clock, time);

  if (r == 0 && clock == CLOCK_REALTIME)
    time->tv_sec += jump_sec;
  return r;
}

int
gettimeofday (struct timeval *time, void *zone)
{
  struct timespec now;
  int r = clock_gettime (CLOCK_REALTIME, &now);

  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return r;
}

/* --- T01: three callbacks, and time for one and a half ---------------------------------------- */

static PsHold *holds[3];

static gboolean
let_go (gpointer which)
{
  guint i = GPOINTER_TO_UINT (which);

  child_sayf ("done %u, awaited: %d", i, ps_hold_is_active (holds[i]));
  ps_hold_release (holds[i]);
  return G_SOURCE_REMOVE;
}

static void
hold_for_12_s (PsContext *context, gpointer which)
{
  guint i = GPOINTER_TO_UINT (which);

  child_sayf ("%s: %u", event_name (context), i);
  holds[i] = ps_context_hold (context, "12 s");
  g_timeout_add (12000, let_go, which);
}

static int
budget_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, DEADLINE_MS);
  ps_watcher_set_log_func (watcher, say_given_up, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (holds); i++)
    ps_watcher_add (watcher, PS_EVENT_TERMINATE, "worker", (int) i, 0, hold_for_12_s,
                    GUINT_TO_POINTER (i), NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
t01 (void)
{
  Proc *child = proc_start (budget_child, NULL);
  gint64 start_us;

  proc_expect (child, "ready");
  start_us = g_get_monotonic_time ();
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: 0", "done 0, awaited: 1", "terminate: 1",
                     "given up: 12 s of worker", "skipped: worker", "finish: f");
  proc_expect_exit (child, 143);
  tap_check_int (ms_since (start_us), >=, CUT_MS);
  tap_check_int (ms_since (start_us), <, (DEADLINE_MS + PROMPT_MS) * tap_slowness ());
}

/* One that blocks until the time for terminate is over leaves that of the finish callbacks alone;
 * what comes after it is not begun. */
static void
block_till_late (PsContext *context, gpointer which)
{
  child_sayf ("%s: %u", event_name (context), GPOINTER_TO_UINT (which));
  while (ps_context_get_time_left_us (context) > 0)
    g_usleep (10000);
}

static int
blocking_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, DEADLINE_MS);
  for (guint i = 0; i < 3; i++)
    ps_watcher_add (watcher, PS_EVENT_TERMINATE, "worker", (int) i, 0, block_till_late,
                    GUINT_TO_POINTER (i), NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
t01_blocking (void)
{
  expect_stop (proc_start (blocking_child, NULL), SIGTERM, 143, "terminate: 0", "finish: f");
}

/* --- T03: the wall clock jumps ---------------------------------------------------------------- */

static void
jump (PsContext *context, gpointer days)
{
  gint64 before = g_get_real_time (), jumped;

  jump_sec = (gint64) GPOINTER_TO_INT (days) * 24 * 60 * 60;
  jumped = g_get_real_time () - before;
  child_sayf ("jumped: %d", ABS (jumped - jump_sec * G_USEC_PER_SEC) < G_USEC_PER_SEC);
  holds[0] = ps_context_hold (context, "for ever");
}

static int
jump_child (gconstpointer days)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, DEADLINE_MS);
  ps_watcher_on_terminate (watcher, jump, (gpointer) days);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
t03 (void)
{
  static const int days[] = { 1, -1, 10000 };

  Proc *children[G_N_ELEMENTS (days)];
  gint64 start_us;

  for (guint i = 0; i < G_N_ELEMENTS (days); i++)
    {
      children[i] = proc_start (jump_child, GINT_TO_POINTER (days[i]));
      proc_expect (children[i], "ready");
    }
  start_us = g_get_monotonic_time ();
  for (guint i = 0; i < G_N_ELEMENTS (days); i++)
    proc_kill (children[i], SIGTERM);
  for (guint i = 0; i < G_N_ELEMENTS (days); i++)
    {
      proc_expect_lines (children[i], "jumped: 1", "finish: f");
      proc_expect_exit (children[i], 143);
      tap_check_int (ms_since (start_us), >=, CUT_MS);
      tap_check_int (ms_since (start_us), <, (DEADLINE_MS + PROMPT_MS) * tap_slowness ());
    }
}

/* --- T04: the manager's patience follows ours ------------------------------------------------- */

static gpointer
extend_and_release (gpointer unused)
{
  child_await ("extend");
  ps_hold_extend (holds[0], 100000);
  child_say ("extended");
  child_await ("release");
  ps_hold_release (holds[0]);
  return NULL;
}

static void
hold_on (PsContext *context, gpointer unused)
{
  holds[0] = ps_context_hold (context, "progress");
  child_say ("held");
  in_thread (extend_and_release, NULL);
}

static int
extend_child (gconstpointer inbox)
{
  PsWatcher *watcher;

  g_setenv ("NOTIFY_SOCKET", inbox_path ((Inbox *) inbox), TRUE);
  watcher = watch ();
  ps_watcher_set_deadline (watcher, 5000);
  ps_watcher_on_terminate (watcher, hold_on, NULL);
  return run (watcher);
}

static gint64
extended_ms (Inbox *inbox)
{
  g_autofree char *value = NULL;

  while (!tap_failed () && value == NULL)
    {
      inbox_next (inbox);
      value = inbox_field (inbox, "EXTEND_TIMEOUT_USEC");
    }
  return value != NULL ? g_ascii_strtoll (value, NULL, 10) / 1000 : 0;
}

static void
t04 (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (extend_child, inbox);
  gint64 first_ms, second_ms;

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "held");
  first_ms = extended_ms (inbox);
  tap_check_int (first_ms, >=, 5000);
  tap_check_int (first_ms, <, 25000);
  proc_tell (child, "extend");
  proc_expect (child, "extended");
  second_ms = extended_ms (inbox);
  tap_check_int (second_ms, >=, 100000);
  tap_check_int (second_ms, <, 120000);
  proc_tell (child, "release");
  proc_expect_exit (child, 143);
}

/* --- T06, PS_DEADLINE_SEC: odd values --------------------------------------------------------- */

typedef struct
{
  const char *environment;
  guint set_ms;
  gint64 least_ms, most_ms; /* time left, as a callback sees it; -1: there is no end */
} Row;

static void
say_time_left (PsContext *context, gpointer unused)
{
  gint64 left_us = ps_context_get_time_left_us (context);

  if (left_us == G_MAXINT64)
    child_say ("-1");
  else
    child_sayf ("%" G_GINT64_FORMAT, left_us / 1000);
}

static int
time_left_child (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = NULL;

  if (row->environment != NULL)
    g_setenv ("PS_DEADLINE_SEC", row->environment, TRUE);
  child_start_thread ();
  watcher = ps_glib_attach (loop);
  if (row->set_ms != 1)
    ps_watcher_set_deadline (watcher, row->set_ms);
  ps_watcher_on_terminate (watcher, say_time_left, NULL);
  say_ready_soon ();
  return ps_watcher_run (watcher);
}

static Proc *
expect_time_left (const Row *row)
{
  Proc *child = proc_start (time_left_child, row);
  gint64 left_ms;

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  left_ms = g_ascii_strtoll (proc_next (child), NULL, 10);
  if (!tap_failed () && (left_ms < row->least_ms || left_ms > row->most_ms))
    tap_fail (G_STRLOC, "PS_DEADLINE_SEC=%s, set to %u ms: %" G_GINT64_FORMAT " ms are left",
              row->environment, row->set_ms, left_ms);
  proc_expect_exit (child, 143);
  return child;
}

/* set_ms 1 stands for "not set". A tenth of the time, 5 s at most, is kept for finish. */
static void
t06 (void)
{
  static const Row rows[] = {
    { NULL, 1, 50000, 55000 },
    { NULL, 0, -1, -1 },
    { NULL, 20000, 16000, 18000 },
    { NULL, G_MAXUINT, 4294900000, 4294967295 },
    { "30", 1, 25000, 27000 },
    { "30", 2000, 25000, 27000 },
    { " 30 ", 1, 25000, 27000 },
    { "2e1", 1, 16000, 18000 },
    { "20.5", 0, 16000, 18450 },
    { "infinity", 2000, -1, -1 },
    { "0", 2000, -1, -1 },
    { "1e300", 2000, -1, -1 },
    { "9223372036854775807", 2000, -1, -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows) && !tap_failed (); i++)
    expect_time_left (&rows[i]);
}

/* A value that makes no sense is said to, with the cure, and what the program set holds. */
static void
t06_bad (void)
{
  static const Row rows[] = {
    { "", 1, 50000, 55000 },         { "-1", 1, 50000, 55000 },
    { "soon", 20000, 16000, 18000 }, { "30 s", 1, 50000, 55000 },
    { "nan", 1, 50000, 55000 },      { "12abc\nx", 1, 50000, 55000 },
    { "inf", 20000, 16000, 18000 },  { "-infinity", 20000, 16000, 18000 }
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows) && !tap_failed (); i++)
    {
      Proc *child = expect_time_left (&rows[i]);

      proc_expect_output (child, "PS_DEADLINE_SEC");
    }
}

static const TapCase cases[] = {
  { "T01", "three callbacks, time for one and a half: cut, skipped, finished", t01 },
  { "T01b", "callbacks that block: what is too late is not begun", t01_blocking },
  { "T03", "the wall clock jumps: the deadline stays", t03 },
  { "T04", "EXTEND_TIMEOUT_USEC covers our deadline, and follows it", t04 },
  { "T06", "deadlines of 0, of 49 days and of no end, set or by PS_DEADLINE_SEC", t06 },
  { "T06b", "a bad PS_DEADLINE_SEC is named and left", t06_bad },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
