/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group G, first part: which signals are taken, from whom, and what stands before and after. */
#include "common.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int
plain_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

/* --- G01: the others keep what the kernel does ------------------------------------------------ */

static gboolean
raise_soon (gpointer signum)
{
  raise (GPOINTER_TO_INT (signum));
  g_main_loop_quit (the_loop ());
  return G_SOURCE_REMOVE;
}

static int
raise_child (gconstpointer signum)
{
  ps_watcher_on_terminate (watch (), say, (gpointer) "t");
  g_idle_add (raise_soon, (gpointer) signum);
  return run_quietly (ps_watcher_get_default ());
}

static int
raise_plainly_child (gconstpointer signum)
{
  child_start_thread ();
  raise (GPOINTER_TO_INT (signum));
  return 0;
}

static gboolean
is_taken (int signum)
{
  return signum == SIGTERM || signum == SIGINT || signum == SIGHUP;
}

static gboolean
stops (int signum)
{
  return signum == SIGSTOP || signum == SIGTSTP || signum == SIGTTIN || signum == SIGTTOU;
}

/* What the kernel does is measured, not written down here. */
static void
expect_untouched (int signum)
{
  Proc *plain = proc_start (raise_plainly_child, GINT_TO_POINTER (signum));
  int plain_end = proc_wait (plain), end;
  Proc *child = proc_start (raise_child, GINT_TO_POINTER (signum));

  end = proc_wait (child);
  if (end != plain_end)
    {
      g_autofree char *wanted = proc_describe (plain_end);
      g_autofree char *how = proc_describe (end);

      tap_fail (G_STRLOC, "signal %d: %s instead of %s", signum, how, wanted);
    }
}

static void
expect_stopping (int signum)
{
  Proc *child = proc_start (raise_child, GINT_TO_POINTER (signum));

  proc_expect_stopped (child);
  proc_kill (child, SIGCONT);
  proc_expect_exit (child, 0);
}

static void
g01 (void)
{
  for (int signum = 1; signum <= SIGRTMAX && !tap_failed (); signum++)
    if (is_taken (signum))
      expect_stop (proc_start (plain_child, NULL), signum, 128 + signum, "terminate: t",
                   "finish: f");
    else if (stops (signum))
      expect_stopping (signum);
    else if (signum != SIGPIPE && (signum < 32 || signum >= SIGRTMIN))
      expect_untouched (signum);
}

/* --- G04: what nohup or a shell has set to be ignored ----------------------------------------- */

static int
nohup_child (gconstpointer hangup)
{
  struct sigaction before[2];
  PsWatcher *watcher;

  signal (SIGHUP, SIG_IGN);
  signal (SIGINT, SIG_IGN);
  sigaction (SIGHUP, NULL, &before[0]);
  sigaction (SIGINT, NULL, &before[1]);
  watcher = watch ();
  ps_watcher_set_hangup (watcher, (PsHangup) GPOINTER_TO_INT (hangup));
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  if (GPOINTER_TO_INT (hangup) == PS_HANGUP_RELOAD)
    ps_watcher_on_reload (watcher, say, (gpointer) "r");
  say_ready_soon ();
  child_sayf ("status %d", ps_watcher_run (watcher));
  unwatch (watcher);
  child_check_action (SIGHUP, &before[0]);
  child_check_action (SIGINT, &before[1]);
  return 0;
}

static void
g04 (void)
{
  Proc *child = proc_start (nohup_child, GINT_TO_POINTER (PS_HANGUP_AUTO));

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_kill (child, SIGINT);
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "status 143");
  proc_expect_exit (child, 0);

  child = proc_start (nohup_child, GINT_TO_POINTER (PS_HANGUP_TERMINATE));
  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect_lines (child, "terminate: t", "status 129");
  proc_expect_exit (child, 0);

  child = proc_start (nohup_child, GINT_TO_POINTER (PS_HANGUP_RELOAD));
  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect (child, "reload: r");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "status 143");
  proc_expect_exit (child, 0);
}

/* --- G05, G06: blocked, pending --------------------------------------------------------------- */

static int
blocked_child (gconstpointer data)
{
  PsWatcher *watcher;
  sigset_t all;
  g_autofree char *end = NULL;
  pid_t pid;

  sigfillset (&all);
  sigprocmask (SIG_SETMASK, &all, NULL);
  child_sayf ("blocked %" G_GINT64_MODIFIER "x", child_signal_set ("SigBlk"));
  watcher = watch ();
  pid = fork ();
  if (pid == 0)
    {
      child_sayf ("a child's %" G_GINT64_MODIFIER "x", child_signal_set ("SigBlk"));
      _exit (0);
    }
  end = child_wait_for (pid);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  say_ready_soon ();
  child_sayf ("status %d", ps_watcher_run (watcher));
  unwatch (watcher);
  child_sayf ("after detach %" G_GINT64_MODIFIER "x", child_signal_set ("SigBlk"));
  return 0;
}

static void
g05 (void)
{
  Proc *child = proc_start (blocked_child, NULL);
  g_autofree char *mask = g_strdup (proc_next (child) + strlen ("blocked "));
  g_autofree char *childs = g_strconcat ("a child's ", mask, NULL);
  g_autofree char *after = g_strconcat ("after detach ", mask, NULL);

  proc_expect_lines (child, childs, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "status 143", after);
  proc_expect_exit (child, 0);
}

static int
pending_child (gconstpointer data)
{
  PsWatcher *watcher;
  sigset_t term;

  sigemptyset (&term);
  sigaddset (&term, SIGTERM);
  sigprocmask (SIG_BLOCK, &term, NULL);
  raise (SIGTERM);
  watcher = watch ();
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run_quietly (watcher);
}

static void
g06 (void)
{
  Proc *child = proc_start (pending_child, NULL);

  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

/* --- G14, G15: stopped, and sent to a thread -------------------------------------------------- */

static void
g14 (void)
{
  Proc *child = proc_start (plain_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGSTOP);
  proc_expect_stopped (child);
  proc_kill (child, SIGTERM);
  proc_kill (child, SIGTERM);
  proc_kill (child, SIGCONT);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static void
mask_term (int how)
{
  sigset_t term;

  sigemptyset (&term);
  sigaddset (&term, SIGTERM);
  pthread_sigmask (how, &term, NULL);
}

static gpointer
only_taker (gpointer unused)
{
  mask_term (SIG_UNBLOCK);
  child_await ("go");
  syscall (SYS_tgkill, getpid (), gettid (), SIGTERM);
  for (;;)
    pause ();
  return NULL;
}

static int
one_thread_child (gconstpointer data)
{
  PsWatcher *watcher;

  mask_term (SIG_BLOCK);
  watcher = watch ();
  mask_term (SIG_BLOCK);
  in_thread (only_taker, NULL);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  return run (watcher);
}

static void
g15 (void)
{
  Proc *child = proc_start (one_thread_child, NULL);

  proc_expect (child, "ready");
  proc_tell (child, "go");
  proc_expect (child, "terminate: t");
  proc_expect_exit (child, 143);
}

static const TapCase cases[] = {
  { "G01", "TERM, INT, HUP are taken, every other signal does what it did", g01 },
  { "G04", "what is ignored at the start stays so, unless asked for", g04 },
  { "G05", "all signals blocked at the start: TERM ends, children and detach get the mask", g05 },
  { "G06", "a signal pending before attach: terminate once", g06 },
  { "G14", "STOP, TERM twice, CONT: terminate once", g14 },
  { "G15", "TERM sent to the only thread that takes it", g15 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
