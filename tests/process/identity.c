/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* F08: copies of the process whose number does not tell that they are copies. */
#include "common.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The same number as its parent, in a PID namespace below that of its parent. */
static void
act_as_copy (const char *kind)
{
  child_sayf ("%s: number %d, default: %s", kind, (int) getpid (),
              ps_watcher_get_default () == NULL ? "none" : "one");
  /* The first of a namespace does not die of it; nor may anything else happen. */
  raise (SIGTERM);
  exit (5);
}

static void
copy_by_fork (void)
{
  pid_t pid;

  child_need (unshare (CLONE_NEWPID) == 0);
  pid = fork ();
  if (pid == 0)
    act_as_copy ("forked");
  child_say (child_wait_for (pid));
}

/* One that fork handlers do not see. */
static void
copy_by_bare_fork (void)
{
  pid_t pid;

  child_need (unshare (CLONE_NEWPID) == 0);
  pid = _Fork ();
  if (pid == 0)
    act_as_copy ("forked barely");
  child_say (child_wait_for (pid));
}

/* One that glibc does not see. */
static void
copy_by_clone (void)
{
  pid_t pid = (pid_t) syscall (SYS_clone, SIGCHLD | CLONE_NEWPID, NULL, NULL, NULL, NULL);

  if (pid == 0)
    act_as_copy ("cloned");
  child_say (child_wait_for (pid));
}

/* One that shares our memory: what a handler writes there, the parent reads. */
static int
act_in_our_memory (void *unused)
{
  raise (SIGTERM);
  _exit (5);
}

static void
copy_by_vfork (void)
{
  static char stack[64 * 1024] __attribute__ ((aligned (16)));
  pid_t pid = clone (act_in_our_memory, stack + sizeof stack,
                     CLONE_VM | CLONE_VFORK | CLONE_NEWPID | SIGCHLD, NULL);

  child_need (pid > 0);
  child_say (child_wait_for (pid));
}

static gboolean
raise_now (gpointer unused)
{
  raise (SIGTERM);
  return G_SOURCE_REMOVE;
}

static int
first_process (void (*copy) (void))
{
  PsWatcher *watcher = watch_all ();

  child_need (getpid () == 1);
  copy ();
  turn ();
  child_say ("still here");
  g_idle_add (raise_now, NULL);
  return run_quietly (watcher);
}

static int
namespace_child (gconstpointer copy)
{
  pid_t first;

  child_forgive_leaks ();
  if (!child_own_pids ())
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  first = fork ();
  if (first == 0)
    exit (first_process ((void (*) (void)) copy));
  child_say (child_wait_for (first));
  return 0;
}

static void
expect_told_apart (void (*copy) (void), const char *line)
{
  Proc *child = proc_start (namespace_child, (gconstpointer) copy);

  if (!got_namespace (child))
    return;
  if (line != NULL)
    proc_expect (child, line);
  proc_expect_lines (child, "exit status 5", "still here", "terminate: t", "finish: f",
                     "exit status 143");
  proc_expect_exit (child, 0);
}

static void
f08 (void)
{
  expect_told_apart (copy_by_fork, "forked: number 1, default: none");
}

static void
f08_bare_fork (void)
{
  expect_told_apart (copy_by_bare_fork, "forked barely: number 1, default: none");
}

static void
f08_clone (void)
{
  expect_told_apart (copy_by_clone, "cloned: number 1, default: none");
}

static void
f08_vfork (void)
{
  /* It would run the handler later, in the parent. */
  if (tap_loses_signals ())
    {
      tap_skip ("ThreadSanitizer holds signals back");
      return;
    }
  expect_told_apart (copy_by_vfork, NULL);
}

static const TapCase cases[] = {
  { "F08", "a forked child that has its parent's number is not its parent", f08 },
  { "F08b", "nor is one that fork handlers did not see", f08_bare_fork },
  { "F08c", "nor one that glibc did not see", f08_clone },
  { "F08d", "nor one that shares its memory", f08_vfork },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
