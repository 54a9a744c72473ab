/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group F: copies of the process, which are none of our business. */
#include "common.h"

#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
say_end_of (pid_t pid)
{
  g_autofree char *end = child_wait_for (pid);

  child_sayf ("it ended with %s", end);
}

/* --- F01: a forked child that exits ----------------------------------------------------------- */

static int
forked_exit_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);
  pid_t pid = fork ();

  if (pid == 0)
    {
      child_sayf ("forked, default: %s", ps_watcher_get_default () == NULL ? "none" : "one");
      /* It has a pointer, and uses it. */
      ps_watcher_quit (watcher, 3);
      exit (5);
    }
  say_end_of (pid);
  pid = fork ();
  if (pid == 0)
    quick_exit (6);
  say_end_of (pid);
  return run (watcher);
}

static void
f01 (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (forked_exit_child, inbox);

  proc_expect_lines (child, "forked, default: none", "it ended with exit status 5",
                     "it ended with exit status 6");
  proc_expect (child, "ready");
  inbox_expect_empty (inbox);
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  inbox_expect_line (inbox, "STOPPING=1");
}

/* A child that the fork handlers of glibc do not see. */
static int
cloned_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();
  pid_t pid = (pid_t) syscall (SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

  if (pid == 0)
    {
      child_say ("cloned");
      exit (5);
    }
  say_end_of (pid);
  pid = (pid_t) syscall (SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
  if (pid == 0)
    {
      raise (SIGTERM);
      _exit (7);
    }
  say_end_of (pid);
  return run (watcher);
}

static void
f01_cloned (void)
{
  Proc *child = proc_start (cloned_child, NULL);

  proc_expect_lines (child, "cloned", "it ended with exit status 5",
                     "it ended with signal 15 (Terminated)");
  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
}

/* --- F02, F09: a forked child that gets the signal -------------------------------------------- */

static int
forked_term_child (gconstpointer data)
{
  static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
  PsWatcher *watcher = watch_all ();

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      int ready[2];
      char byte;
      pid_t pid;

      child_need (pipe (ready) == 0);
      pid = fork ();
      if (pid == 0)
        {
          child_need (write (ready[1], "x", 1) == 1);
          for (;;)
            pause ();
        }
      child_need (read (ready[0], &byte, 1) == 1);
      kill (pid, signals[i]);
      say_end_of (pid);
    }
  return run (watcher);
}

static void
f02 (void)
{
  Proc *child = proc_start (forked_term_child, NULL);

  proc_expect_lines (child, "it ended with signal 15 (Terminated)",
                     "it ended with signal 2 (Interrupt)", "it ended with signal 1 (Hangup)");
  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
}

static pid_t workers[3];

static void
say_workers_ends (PsContext *context, gpointer unused)
{
  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    say_end_of (workers[i]);
}

static int
group_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  for (guint i = 0; i < G_N_ELEMENTS (workers); i++)
    {
      workers[i] = fork ();
      if (workers[i] == 0)
        for (;;)
          pause ();
    }
  ps_watcher_on_terminate (watcher, say_workers_ends, NULL);
  return run (watcher);
}

static void
f09 (void)
{
  Proc *child = proc_start (group_child, NULL);

  proc_expect (child, "ready");
  proc_kill_group (child, SIGTERM);
  proc_expect_lines (child, "it ended with signal 15 (Terminated)",
                     "it ended with signal 15 (Terminated)", "it ended with signal 15 (Terminated)",
                     "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

/* --- F04: children that share our memory ------------------------------------------------------ */

static pid_t
vfork_and (void (*end) (void))
{
  pid_t pid;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  pid = vfork ();
#pragma GCC diagnostic pop
  if (pid == 0)
    {
      end ();
      _exit (4);
    }
  return pid;
}

static void
end_by_exit (void)
{
  _exit (3);
}

static void
end_by_term (void)
{
  raise (SIGTERM);
}

static void
end_by_segv (void)
{
  signal (SIGSEGV, SIG_DFL);
  raise (SIGSEGV);
}

static int
vfork_child (gconstpointer data)
{
  static void (*const ends[]) (void) = { end_by_exit, end_by_term, end_by_segv };
  PsWatcher *watcher = watch_all ();
  char path[] = "/bin/sh", option[] = "-c", script[] = "kill -TERM $$";
  char *argv[] = { path, option, script, NULL };
  pid_t pid;

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    say_end_of (vfork_and (ends[i]));
  child_need (posix_spawn (&pid, path, NULL, NULL, argv, environ) == 0);
  say_end_of (pid);
  child_need (g_spawn_async (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL));
  say_end_of (pid);
  return run (watcher);
}

static void
f04 (void)
{
  Proc *child = proc_start (vfork_child, NULL);

  proc_expect_lines (child, "it ended with exit status 3", "it ended with signal 15 (Terminated)",
                     "it ended with signal 11 (Segmentation fault)",
                     "it ended with signal 15 (Terminated)",
                     "it ended with signal 15 (Terminated)");
  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
}

/* --- F05, F06: at the wrong moment ------------------------------------------------------------ */

static void
do_nothing (PsContext *context, gpointer unused)
{
}

static gpointer
keep_busy (gpointer watcher)
{
  for (guint i = 0;; i++)
    {
      guint id = ps_watcher_add (watcher, PS_EVENT_RELOAD, "busy", 0, 0, do_nothing, NULL, NULL);

      ps_watcher_status (watcher, "busy %u", i);
      ps_watcher_remove (watcher, id);
      if (i % 16 == 0)
        kill (getpid (), SIGHUP);
    }
  return NULL;
}

/* Whatever lock another thread holds at the time of the fork, nobody will release in the child. */
static void
exit_only (PsWatcher *watcher)
{
  child_need (ps_watcher_get_default () == NULL);
}

static void
use_watcher (PsWatcher *watcher)
{
  ps_watcher_quit (watcher, 3);
  ps_watcher_remove (watcher, 1);
}

static void (*in_forked) (PsWatcher *watcher);

static gpointer
fork_often (gpointer watcher)
{
  for (guint i = 0; i < 300; i++)
    {
      pid_t pid = fork ();
      int status;

      if (pid == 0)
        {
          in_forked (watcher);
          exit (0);
        }
      child_need (waitpid (pid, &status, 0) == pid);
      child_need (WIFEXITED (status) && WEXITSTATUS (status) == 0);
    }
  child_say ("forked");
  return NULL;
}

static int
busy_fork_child (gconstpointer uses)
{
  PsWatcher *watcher = watch_all ();

  in_forked = uses != NULL ? use_watcher : exit_only;
  ps_watcher_set_hangup (watcher, PS_HANGUP_RELOAD);
  in_thread (keep_busy, watcher);
  in_thread (fork_often, watcher);
  return run_quietly (watcher);
}

static void
expect_no_hang (const char *uses)
{
  Proc *child = proc_start (busy_fork_child, uses);

  proc_expect (child, "forked");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static PsHold *busy_hold;

static gpointer
keep_moving (gpointer unused)
{
  for (guint ms = 60000;; ms = ms == 60000 ? 60001 : 60000)
    ps_hold_set_deadline (busy_hold, ms);
  return NULL;
}

/* As g_autoptr(PsHold) does, where the child leaves the block. */
static void
release_copy (PsWatcher *watcher)
{
  child_need (!ps_hold_is_active (busy_hold));
  ps_hold_release (busy_hold);
}

static void
hold_and_fork (PsContext *context, gpointer watcher)
{
  busy_hold = ps_context_hold (context, "busy");
  in_thread (keep_moving, NULL);
  in_thread (fork_often, watcher);
}

static int
busy_hold_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  in_forked = release_copy;
  ps_watcher_on_reload (watcher, hold_and_fork, watcher);
  return run (watcher);
}

static void
f05_hold (void)
{
  Proc *child = proc_start (busy_hold_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect (child, "forked");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static void
f05 (void)
{
  expect_no_hang (NULL);
}

static void
f05_uses (void)
{
  expect_no_hang ("uses the watcher");
}

static void
fork_here (PsContext *context, gpointer unused)
{
  pid_t pid = fork ();

  if (pid == 0)
    exit (9);
  say_end_of (pid);
}

static int
fork_in_callback_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  ps_watcher_on_terminate (watcher, fork_here, NULL);
  return run (watcher);
}

static void
f06 (void)
{
  expect_stop (proc_start (fork_in_callback_child, NULL), SIGTERM, 143,
               "it ended with exit status 9", "terminate: t", "finish: f");
}

/* And one that comes back from the callback instead: it is not the process that is watched. */
static void
fork_and_return (PsContext *context, gpointer unused)
{
  pid_t pid = fork ();

  if (pid > 0)
    say_end_of (pid);
}

static int
return_in_callback_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  ps_watcher_on_reload (watcher, fork_and_return, NULL);
  g_idle_add_full (G_PRIORITY_LOW, (GSourceFunc) (void (*) (void)) g_main_loop_quit, the_loop (),
                   NULL);
  raise (SIGHUP);
  g_main_loop_run (the_loop ());
  exit (12);
}

static void
f06_return (void)
{
  Proc *child = proc_start (return_in_callback_child, NULL);

  proc_expect_lines (child, "it ended with exit status 12", "quit: q", "finish: f");
  proc_expect_exit (child, 12);
}

/* A forked child that goes on with its copy of the loop finds it at rest. */
static int
idle_fork_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();
  pid_t pid = fork ();

  if (pid == 0)
    {
      guint n = 0;

      while (n < 1000 && g_main_context_iteration (NULL, FALSE))
        n++;
      child_sayf ("forked, busy: %d", n == 1000);
      _exit (0);
    }
  say_end_of (pid);
  return run (watcher);
}

static void
f06_idle (void)
{
  Proc *child = proc_start (idle_fork_child, NULL);

  proc_expect_lines (child, "forked, busy: 0", "it ended with exit status 0");
  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
}

static const TapCase cases[] = {
  { "F01", "a forked child exits: nothing of ours runs, nothing is sent", f01 },
  { "F01b", "so does one that glibc knows nothing of", f01_cloned },
  { "F02", "a forked child dies of the signal, the parent lives on", f02 },
  { "F04", "children that share our memory change nothing of ours", f04 },
  { "F05", "forks in one thread while others are busy do not hang", f05 },
  { "F05b", "nor when the child touches the watcher it inherited", f05_uses },
  { "F05c", "nor when it leaves the block of a hold that is in use", f05_hold },
  { "F06", "a child forked in a callback exits: the others run once", f06 },
  { "F06b", "a child forked in a callback returns from it: it is not us", f06_return },
  { "F06c", "a forked child's copy of the loop is at rest", f06_idle },
  { "F09", "the group gets SIGTERM: one finish", f09 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
