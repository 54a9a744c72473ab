/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group X, as the first process of a PID namespace, that is of a container (X18). The kernel spares
 * such a process every signal that it has no handler for, those it sends itself included. */
#include "common.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  PsExitPolicy policy;
  int signum;
  int status;
} Row;

/* --- Who starts the first process, and tells how it ended ------------------------------------ */

/* For a first process that waits until all signals were sent; -1: it does not. */
static int all_sent[2] = { -1, -1 };

/* What is sent too soon after another is the same wish delivered twice; and a signal may take its
 * time. */
static void
next_wish (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int) pid);

  for (gboolean taken = FALSE; !taken; sched_yield ())
    {
      g_autofree char *text = NULL;

      child_need (g_file_get_contents (path, &text, NULL, NULL));
      taken = strstr (text, "\nShdPnd:\t0000000000000000\n") != NULL;
    }
  g_usleep (NEXT_WISH_MS * 1000);
}

/* Starts first (data) as the first process. Its signals come from here, which is outside. */
static int
container_child (ProcMain first, gconstpointer data, const int *signals)
{
  g_autofree char *end = NULL;
  pid_t pid;

  if (!child_own_pids ())
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  child_forgive_leaks ();
  pid = fork ();
  if (pid == 0)
    {
      child_need (getpid () == 1);
      exit (first (data));
    }
  for (; *signals != 0; signals++)
    {
      child_await ("send");
      kill (pid, *signals);
      next_wish (pid);
    }
  if (all_sent[1] >= 0)
    close (all_sent[1]);
  end = child_wait_for (pid);
  child_say (end);
  return 0;
}

static void
expect_end (Proc *child, const char *end)
{
  proc_expect (child, end);
  proc_expect_exit (child, 0);
}

/* --- Each policy, each signal ---------------------------------------------------------------- */

static int
policy_first (gconstpointer data)
{
  const Row *row = data;
  PsWatcher *watcher = watch_all ();

  ps_watcher_set_exit_policy (watcher, row->policy);
  return run (watcher);
}

static int
policy_child (gconstpointer data)
{
  const Row *row = data;
  const int signals[] = { row->signum, 0 };

  return container_child (policy_first, data, signals);
}

static void
x18 (void)
{
  static const Row rows[] = {
    { PS_EXIT_POLICY_STATUS, SIGTERM, 143 }, { PS_EXIT_POLICY_STATUS, SIGINT, 130 },
    { PS_EXIT_POLICY_STATUS, SIGHUP, 129 },  { PS_EXIT_POLICY_RERAISE, SIGTERM, 143 },
    { PS_EXIT_POLICY_RERAISE, SIGINT, 130 }, { PS_EXIT_POLICY_RERAISE, SIGHUP, 129 },
    { PS_EXIT_POLICY_SUCCESS, SIGTERM, 0 },  { PS_EXIT_POLICY_SUCCESS, SIGINT, 0 },
    { PS_EXIT_POLICY_SUCCESS, SIGHUP, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows) && !tap_failed (); i++)
    {
      Proc *child = proc_start (policy_child, &rows[i]);
      g_autofree char *end = g_strdup_printf ("exit status %d", rows[i].status);

      if (!got_namespace (child))
        return;
      proc_expect (child, "ready");
      proc_tell (child, "send");
      proc_expect_lines (child, "terminate: t", "finish: f");
      expect_end (child, end);
    }
}

/* --- A forced end ---------------------------------------------------------------------------- */

static void
get_stuck (PsContext *context, gpointer unused)
{
  child_say ("stuck");
  for (;;)
    sleep (1000);
}

static int
stuck_first (gconstpointer policy)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_exit_policy (watcher, (PsExitPolicy) GPOINTER_TO_INT (policy));
  ps_watcher_set_deadline (watcher, FORCED_MS);
  ps_watcher_on_terminate (watcher, get_stuck, NULL);
  return run (watcher);
}

static int
stuck_child (gconstpointer policy)
{
  static const int signals[] = { SIGTERM, 0 };

  return container_child (stuck_first, policy, signals);
}

static int
pressed_first (gconstpointer unused)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, 0);
  ps_watcher_on_terminate (watcher, get_stuck, NULL);
  return run (watcher);
}

static int
pressed_child (gconstpointer unused)
{
  static const int signals[] = { SIGINT, SIGINT, SIGINT, 0 };

  return container_child (pressed_first, NULL, signals);
}

static void
x18_deadline (void)
{
  static const PsExitPolicy policies[] = { PS_EXIT_POLICY_STATUS, PS_EXIT_POLICY_RERAISE };

  for (guint i = 0; i < G_N_ELEMENTS (policies) && !tap_failed (); i++)
    {
      Proc *child = proc_start (stuck_child, GINT_TO_POINTER (policies[i]));

      if (!got_namespace (child))
        return;
      proc_expect (child, "ready");
      proc_tell (child, "send");
      proc_expect (child, "stuck");
      expect_end (child, "exit status 143");
    }
}

static void
x18_pressed (void)
{
  Proc *child = proc_start (pressed_child, NULL);

  if (!got_namespace (child))
    return;
  proc_expect (child, "ready");
  proc_tell (child, "send");
  proc_expect (child, "stuck");
  proc_tell (child, "send");
  proc_tell (child, "send");
  expect_end (child, "exit status 130");
}

/* --- What is different there ----------------------------------------------------------------- */

static void
say_sender (PsContext *context, gpointer unused)
{
  const PsSender *sender = ps_context_get_sender (context);

  child_sayf ("from pid %d, uid %d, %s", (int) sender->pid, (int) sender->uid,
              sender->comm != NULL ? sender->comm : "unknown");
}

static int
sender_first (gconstpointer unused)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say_sender, NULL);
  return run (watcher);
}

static int
sender_child (gconstpointer unused)
{
  static const int signals[] = { SIGTERM, 0 };

  return container_child (sender_first, NULL, signals);
}

/* Who is outside has no pid here: the runtime that stops a container is nobody. */
static void
x18_sender (void)
{
  Proc *child = proc_start (sender_child, NULL);
  g_autofree char *line = g_strdup_printf ("from pid 0, uid %d, unknown", (int) getuid ());

  if (!got_namespace (child))
    return;
  proc_expect (child, "ready");
  proc_tell (child, "send");
  proc_expect (child, line);
  expect_end (child, "exit status 143");
}

/* An orphan of the namespace ends, and is the first process's to be waited for. */
static void
say_zombie (PsContext *context, gpointer pid)
{
  siginfo_t info = { 0 };

  child_need (waitid (P_ALL, 0, &info, WEXITED | WNOWAIT) == 0);
  child_sayf ("%s: the orphan is a zombie: %d", event_name (context),
              info.si_pid == GPOINTER_TO_INT (pid));
}

static int
zombie_first (gconstpointer unused)
{
  PsWatcher *watcher = watch ();
  pid_t middle, orphan = 0;
  int ends[2];

  child_need (pipe (ends) == 0);
  middle = fork ();
  if (middle == 0)
    {
      orphan = fork ();
      if (orphan > 0)
        child_need (write (ends[1], &orphan, sizeof orphan) == sizeof orphan);
      _exit (0);
    }
  child_need (waitpid (middle, NULL, 0) == middle);
  child_need (read (ends[0], &orphan, sizeof orphan) == sizeof orphan);
  ps_watcher_on_terminate (watcher, say_zombie, GINT_TO_POINTER (orphan));
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static int
zombie_child (gconstpointer unused)
{
  static const int signals[] = { SIGTERM, 0 };

  return container_child (zombie_first, NULL, signals);
}

static void
x18_zombie (void)
{
  Proc *child = proc_start (zombie_child, NULL);

  if (!got_namespace (child))
    return;
  proc_expect (child, "ready");
  proc_tell (child, "send");
  proc_expect_lines (child, "terminate: the orphan is a zombie: 1", "finish: f");
  expect_end (child, "exit status 143");
}

/* --- Without us ------------------------------------------------------------------------------ */

static int
plain_first (gconstpointer unused)
{
  char nothing;

  close (all_sent[1]);
  child_need (read (all_sent[0], &nothing, 1) == 0);
  raise (SIGTERM);
  child_say ("alive");
  return 7;
}

static int
plain_child (gconstpointer unused)
{
  static const int signals[] = { SIGTERM, SIGINT, 0 };

  child_need (pipe (all_sent) == 0);
  return container_child (plain_first, NULL, signals);
}

/* The reason why a container needs a handler at all, and why re-raise cannot work: what the page on
 * containers says is seen here. */
static void
x18_plain (void)
{
  Proc *child = proc_start (plain_child, NULL);

  if (!got_namespace (child))
    return;
  proc_tell (child, "send");
  proc_tell (child, "send");
  proc_expect (child, "alive");
  expect_end (child, "exit status 7");
}

static const TapCase cases[] = {
  { "X18", "every policy, every signal: the callbacks, and a status", x18 },
  { "X18b", "a callback that blocks: forced at the deadline", x18_deadline },
  { "X18c", "a third signal by hand forces the exit", x18_pressed },
  { "X18d", "a sender outside is known by its uid alone", x18_sender },
  { "X18e", "orphans are left to the program", x18_zombie },
  { "X18f", "without a handler SIGTERM and SIGINT do nothing there", x18_plain },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
