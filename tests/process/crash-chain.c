/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group C: handlers of others, before us and after us; and copies of the process. */
#include "crash-common.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static void
handle_with (int signum, void (*handler) (int, siginfo_t *, void *), int flags)
{
  const struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

  child_need (sigaction (signum, &action, NULL) == 0);
}

/* --- C12 ------------------------------------------------------------------------------------- */

static void
say_info (int signum, siginfo_t *info, void *ucontext)
{
  child_sayf ("theirs: %d, code %d, at %#lx", signum, info->si_code, (gulong) info->si_addr);
  signal (signum, SIG_DFL);
}

static int
chained_child (gconstpointer data)
{
  handle_with (SIGSEGV, say_info, 0);
  watch_crashes ();
  crash_by_fault (SIGSEGV);
  return 0;
}

/* It returns, and the instruction fails again: as it would without us. */
static void
c12 (void)
{
  Proc *child = proc_start (chained_child, NULL);

  proc_expect (child, "theirs: 11, code 1, at 0x1230");
  expect_crash (child, SIGSEGV, 1);
}

static void
say_sender (int signum, siginfo_t *info, void *ucontext)
{
  child_sayf ("theirs: %d, from the harness: %d", signum, info->si_pid == getppid ());
}

static int
chained_sent_child (gconstpointer data)
{
  handle_with (SIGSEGV, say_sender, 0);
  return run (watch_crashes ());
}

/* It lives on, and the second time nobody is before it. */
static void
c12_sent (void)
{
  Proc *child = proc_start (chained_sent_child, NULL);

  proc_expect (child, "ready");
  for (guint i = 0; i < 2; i++)
    {
      proc_kill (child, SIGSEGV);
      proc_expect (child, "theirs: 11, from the harness: 1");
    }
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
  proc_expect_output (child, "Crashed: SIGSEGV (SI_USER");
}

static void
leave (int signum)
{
  _exit (7);
}

static int
plain_child (gconstpointer data)
{
  signal (SIGILL, leave);
  watch_crashes ();
  crash_by_fault (SIGILL);
  return 0;
}

static void
c12_plain (void)
{
  Proc *child = proc_start (plain_child, NULL);

  proc_expect_exit (child, 7);
  proc_expect_output (child, "Crashed: SIGILL");
}

static sigjmp_buf back;

static void
jump (int signum, siginfo_t *info, void *ucontext)
{
  siglongjmp (back, signum);
}

static gpointer
crash_otherwise (gpointer unused)
{
  crash_by_fault (SIGBUS);
  return NULL;
}

static int
recovering_child (gconstpointer data)
{
  handle_with (SIGSEGV, jump, 0);
  watch_crashes ();
  for (guint i = 0; i < 2; i++)
    if (sigsetjmp (back, 1) == 0)
      crash_by_fault (SIGSEGV);
    else
      child_say ("recovered");
  in_culprit (crash_otherwise, NULL);
  return 0;
}

static void
c12_recovering (void)
{
  Proc *child = proc_start (recovering_child, NULL);

  proc_expect_lines (child, "recovered", "recovered");
  expect_crash (child, SIGBUS, 2);
}

/* And whatever became of the crash callbacks. */
static int callbacks_called;

static void
crash_again (const PsCrash *crash, void *unused)
{
  callbacks_called++;
  crash_by_fault (SIGFPE);
}

static void
hang (const PsCrash *crash, void *unused)
{
  callbacks_called++;
  for (;;)
    ;
}

static gpointer
crash_and_recover (gpointer signum)
{
  if (sigsetjmp (back, 1) == 0)
    crash_by_fault (GPOINTER_TO_INT (signum));
  return NULL;
}

static int
recovering_from_all_child (gconstpointer data)
{
  PsWatcher *watcher;
  guint id;

  handle_with (SIGSEGV, jump, 0);
  handle_with (SIGBUS, jump, 0);
  watcher = watch_crashes ();
  ps_watcher_on_crash (watcher, hang, NULL);
  id = ps_watcher_on_crash (watcher, crash_again, NULL);
  in_culprit (crash_and_recover, GINT_TO_POINTER (SIGSEGV));
  child_sayf ("removed: %d", ps_watcher_remove (watcher, id));
  in_culprit (crash_and_recover, GINT_TO_POINTER (SIGBUS));
  child_sayf ("called: %d", callbacks_called);
  return 5;
}

static void
c12_recovering_from_all (void)
{
  Proc *child;

  if (left_out_for_jumps ())
    return;
  child = proc_start (recovering_from_all_child, NULL);
  proc_expect_lines (child, "removed: 1", "called: 2");
  proc_expect_exit (child, 5);
  proc_expect_output (child, "in the crash: crash_again: it crashed, too");
  proc_expect_output (child, "in the crash: hang: it took too long");
}

/* As debuggers' helpers do: they keep what they find, and call it when they have done their part.
 */
static struct sigaction found;

static void
call_found (int signum, siginfo_t *info, void *ucontext)
{
  child_say ("theirs");
  if (found.sa_flags & SA_SIGINFO)
    found.sa_sigaction (signum, info, ucontext);
}

static void
put_over (void)
{
  child_need (sigaction (SIGSEGV, NULL, &found) == 0);
  handle_with (SIGSEGV, call_found, SA_ONSTACK | SA_NODEFER);
}

static int
put_over_child (gconstpointer data)
{
  watch_crashes ();
  put_over ();
  crash_by_fault (SIGSEGV);
  return 0;
}

static int
put_over_and_again_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();

  put_over ();
  ps_watcher_detach (watcher);
  ps_watcher_report_crashes (ps_glib_attach (the_loop ()));
  crash_by_fault (SIGSEGV);
  return 0;
}

static int
put_over_and_detach_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();

  put_over ();
  ps_watcher_detach (watcher);
  crash_by_fault (SIGSEGV);
  return 0;
}

static void
c12_later (void)
{
  Proc *child = proc_start (put_over_child, NULL);

  proc_expect (child, "theirs");
  expect_crash (child, SIGSEGV, 1);
  /* Ours, theirs, and ours again in turn. */
  child = proc_start (put_over_and_again_child, NULL);
  proc_expect (child, "theirs");
  expect_crash (child, SIGSEGV, 1);
  child = proc_start (put_over_and_detach_child, NULL);
  proc_expect (child, "theirs");
  expect_crash (child, SIGSEGV, 0);
}

/* --- Given back ------------------------------------------------------------------------------ */

static void
note_actions (struct sigaction *actions)
{
  for (const int *signum = crash_signals; *signum != 0; signum++)
    child_need (sigaction (*signum, NULL, &actions[*signum]) == 0);
}

static void
watch_and_detach (void)
{
  PsWatcher *watcher = watch_crashes ();

  ps_watcher_detach (watcher);
  ps_watcher_unref (watcher);
}

static int
give_back_child (gconstpointer data)
{
  static struct sigaction before[NSIG];
  ChildFdSet *fds;

  handle_with (SIGBUS, say_info, SA_RESTART);
  signal (SIGFPE, SIG_IGN);
  note_actions (before);
  /* GLib keeps what it has opened the first time. */
  watch_and_detach ();
  fds = child_fds_note ();
  for (guint i = 0; i < 300; i++)
    {
      watch_and_detach ();
      for (const int *signum = crash_signals; *signum != 0; signum++)
        child_check_action (*signum, &before[*signum]);
    }
  child_sayf ("more descriptors: %u", child_fds_check (fds));
  crash_by_fault (SIGTRAP);
  return 0;
}

static void
c12_detach (void)
{
  Proc *child = proc_start (give_back_child, NULL);

  proc_expect (child, "more descriptors: 0");
  expect_crash (child, SIGTRAP, 0);
}

/* --- Copies of the process ------------------------------------------------------------------- */

static void
say_crash (const PsCrash *crash, void *unused)
{
  child_say ("a crash callback");
}

static void
say_end_of (pid_t pid)
{
  g_autofree char *end = child_wait_for (pid);

  child_sayf ("it ended with %s", end);
}

static int
copies_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();
  pid_t pid;

  ps_watcher_on_crash (watcher, say_crash, NULL);
  pid = fork ();
  if (pid == 0)
    crash_by_fault (SIGSEGV);
  say_end_of (pid);
  pid = (pid_t) syscall (SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
  if (pid == 0)
    crash_by_fault (SIGTRAP);
  say_end_of (pid);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  pid = vfork ();
#pragma GCC diagnostic pop
  if (pid == 0)
    crash_by_fault (SIGBUS);
  say_end_of (pid);
  crash_by_fault (SIGILL);
  return 0;
}

static void
f04 (void)
{
  Proc *child = proc_start (copies_child, NULL);

  proc_expect_lines (child, "it ended with signal 11 (Segmentation fault)",
                     "it ended with signal 5 (Trace/breakpoint trap)",
                     "it ended with signal 7 (Bus error)", "a crash callback");
  expect_crash (child, SIGILL, 1);
}

/* One that attaches anew is a process of its own. */
static int
anew_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();
  pid_t pid;

  ps_watcher_on_crash (watcher, say_crash, NULL);
  pid = fork ();
  if (pid == 0)
    {
      ps_watcher_report_crashes (ps_glib_attach (the_loop ()));
      crash_by_fault (SIGTRAP);
    }
  say_end_of (pid);
  return 0;
}

static void
c12_anew (void)
{
  Proc *child = proc_start (anew_child, NULL);

  proc_expect (child, "it ended with signal 5 (Trace/breakpoint trap)");
  proc_expect_exit (child, 0);
  proc_expect_output (child, "Crashed: SIGTRAP");
}

/* One that goes on as the daemon has what was registered, and its parent is told of no more. */
static int
heir_child (gconstpointer data)
{
  PsWatcher *watcher = watch_crashes ();
  pid_t pid;

  ps_watcher_on_crash (watcher, say_crash, NULL);
  pid = fork ();
  if (pid == 0)
    {
      child_need (ps_watcher_reattach (watcher, NULL));
      crash_by_fault (SIGTRAP);
    }
  say_end_of (pid);
  crash_by_fault (SIGBUS);
  return 0;
}

static void
c12_heir (void)
{
  Proc *child = proc_start (heir_child, NULL);

  proc_expect_lines (child, "a crash callback", "it ended with signal 5 (Trace/breakpoint trap)");
  expect_crash (child, SIGBUS, 1);
  proc_expect_output (child, "Crashed: SIGTRAP");
}

static const TapCase cases[] = {
  { "C12", "a handler from before gets the same siginfo, and the process dies", c12 },
  { "C12b", "one that survives what is sent", c12_sent },
  { "C12c", "one that is plain and exits", c12_plain },
  { "C12d", "one that jumps out: later crashes are told of, too", c12_recovering },
  { "C12g", "one that jumps out of callbacks that crash and hang", c12_recovering_from_all },
  { "C12e", "one from after us that calls ours", c12_later },
  { "C12f", "detaching gives every action back, and no word is said then", c12_detach },
  { "F04", "a crash of a forked, cloned or vforked child is not ours", f04 },
  { "C12h", "a forked child that attaches anew tells of its own", c12_anew },
  { "C12i", "a forked child that takes the watch over tells of its crash, its parent does not",
    c12_heir },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
