/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group G, third part: our handlers beside those of others (G16, G19, G21). */
#include "common.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

static void
say_now (int signum)
{
  child_sayf ("handler: %d", signum);
}

static gint is_over;

static gpointer
hang_up_thread (gpointer thread)
{
  for (guint i = 0; i < 100000; i++)
    pthread_kill (*(pthread_t *) thread, SIGHUP);
  g_atomic_int_set (&is_over, TRUE);
  return NULL;
}

static void
say_once (PsContext *context, gpointer word)
{
  static gboolean is_said;

  if (!is_said)
    say (context, word);
  is_said = TRUE;
}

static int
errno_child (gconstpointer data)
{
  pthread_t self = pthread_self ();
  PsWatcher *watcher = watch ();
  /* The compiler may take it that nobody changes errno behind its back. */
  volatile int *my_errno = &errno;
  guint changed = 0;

  ps_watcher_set_hangup (watcher, PS_HANGUP_RELOAD);
  ps_watcher_on_reload (watcher, say_once, (gpointer) "came");
  in_thread (hang_up_thread, &self);
  while (!g_atomic_int_get (&is_over))
    {
      *my_errno = 12345;
      for (volatile guint j = 0; j < 10; j++)
        ;
      changed += *my_errno != 12345;
    }
  child_sayf ("changed %u times", changed);
  return run (watcher);
}

static void
g16 (void)
{
  Proc *child = proc_start (errno_child, NULL);

  proc_expect_lines (child, "changed 0 times", "reload: came");
  expect_stop (child, SIGTERM, 143, NULL);
}

/* --- G19, G21: what is not ours --------------------------------------------------------------- */

static void
say_pipe_of_child (void)
{
  pid_t pid = fork ();
  g_autofree char *end = NULL;

  if (pid == 0)
    {
      raise (SIGPIPE);
      _exit (0);
    }
  end = child_wait_for (pid);
  child_sayf ("a child: %s", end);
}

static int
sigpipe_child (gconstpointer data)
{
  struct sigaction before;
  PsWatcher *watcher;

  sigaction (SIGPIPE, NULL, &before);
  watcher = watch ();
  raise (SIGPIPE);
  child_say ("survived");
  say_pipe_of_child ();
  unwatch (watcher);
  child_check_action (SIGPIPE, &before);
  raise (SIGPIPE);
  return 0;
}

static int
own_sigpipe_child (gconstpointer ignored)
{
  struct sigaction before;
  PsWatcher *watcher;

  signal (SIGPIPE, ignored != NULL ? SIG_IGN : say_now);
  sigaction (SIGPIPE, NULL, &before);
  watcher = watch ();
  child_check_action (SIGPIPE, &before);
  raise (SIGPIPE);
  unwatch (watcher);
  child_check_action (SIGPIPE, &before);
  return 0;
}

/* A pipe whose reader is gone does not end a daemon half-way; the program's own will goes before,
 * and no child inherits ours (X09: nor does a new image). */
static void
g19 (void)
{
  Proc *child = proc_start (sigpipe_child, NULL);

  proc_expect_lines (child, "survived", "a child: signal 13 (Broken pipe)");
  proc_expect_signal (child, SIGPIPE);
  proc_expect_exit (proc_start (own_sigpipe_child, "ignored"), 0);
  child = proc_start (own_sigpipe_child, NULL);
  proc_expect (child, "handler: 13");
  proc_expect_exit (child, 0);
}

static struct sigaction found;

static void
handler_on_top (int signum, siginfo_t *info, void *ucontext)
{
  child_sayf ("on top: %d", signum);
  if (found.sa_flags & SA_SIGINFO)
    found.sa_sigaction (signum, info, ucontext);
  else
    found.sa_handler (signum);
}

static int
on_top_child (gconstpointer data)
{
  struct sigaction action = { .sa_sigaction = handler_on_top, .sa_flags = SA_SIGINFO }, now;
  PsWatcher *watcher = watch ();

  sigaction (SIGTERM, &action, &found);
  sigaction (SIGTERM, NULL, &now);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  say_ready_soon ();
  child_sayf ("status %d", ps_watcher_run (watcher));
  unwatch (watcher);
  child_check_action (SIGTERM, &now);
  return 0;
}

static void
g21 (void)
{
  Proc *child = proc_start (on_top_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "on top: 15", "terminate: t", "status 143");
  proc_expect_exit (child, 0);
}

static int
chain_child (gconstpointer chain)
{
  PsWatcher *watcher;

  signal (SIGTERM, say_now);
  watcher = watch ();
  ps_watcher_set_chain_previous (watcher, GPOINTER_TO_INT (chain));
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  return run (watcher);
}

static void
g21_chain (void)
{
  expect_stop (proc_start (chain_child, GINT_TO_POINTER (TRUE)), SIGTERM, 143, "handler: 15",
               "terminate: t");
  expect_stop (proc_start (chain_child, GINT_TO_POINTER (FALSE)), SIGTERM, 143, "terminate: t");
}

/* ps_prepare() comes first; what the program sets up after it is found all the same. */
static int
after_prepare_child (gconstpointer data)
{
  struct sigaction before;
  PsWatcher *watcher;

  ps_prepare ();
  signal (SIGTERM, say_now);
  signal (SIGHUP, SIG_IGN);
  sigaction (SIGTERM, NULL, &before);
  watcher = watch ();
  ps_watcher_set_chain_previous (watcher, TRUE);
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  raise (SIGHUP);
  say_ready_soon ();
  child_sayf ("status %d", ps_watcher_run (watcher));
  unwatch (watcher);
  child_check_action (SIGTERM, &before);
  return 0;
}

static void
g21_after_prepare (void)
{
  Proc *child = proc_start (after_prepare_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "handler: 15", "terminate: t", "status 143");
  proc_expect_exit (child, 0);
}

static gboolean
others_source (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

static void
full_handler (int signum, siginfo_t *info, void *ucontext)
{
  child_sayf ("full handler: %d from the harness: %d", signum, info->si_pid == getppid ());
}

/* Somebody has put a handler of three arguments over GLib's before us. It need not be called, but
 * if it is, then as what it is. */
static int
over_glib_child (gconstpointer data)
{
  struct sigaction action = { .sa_sigaction = full_handler, .sa_flags = SA_SIGINFO };
  PsWatcher *watcher;

  g_unix_signal_add (SIGTERM, others_source, NULL);
  sigaction (SIGTERM, &action, NULL);
  watcher = watch ();
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  return run (watcher);
}

static void
g21_over_glib (void)
{
  Proc *child = proc_start (over_glib_child, NULL);
  const char *line;

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  line = proc_next (child);
  if (g_str_equal (line, "full handler: 15 from the harness: 1"))
    line = proc_next (child);
  tap_check (g_str_equal (line, "terminate: t"));
  proc_expect_exit (child, 143);
}

/* The program has changed its mind about the signal, and its source is still there. */
static int
disposition_over_glib_child (gconstpointer data)
{
  PsWatcher *watcher;

  g_unix_signal_add (SIGTERM, others_source, NULL);
  signal (SIGTERM, (sighandler_t) data);
  watcher = watch ();
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  return run (watcher);
}

static void
g21_disposition_over_glib (void)
{
  expect_stop (proc_start (disposition_over_glib_child, (gconstpointer) SIG_IGN), SIGTERM, 143,
               "terminate: t");
  expect_stop (proc_start (disposition_over_glib_child, (gconstpointer) SIG_DFL), SIGTERM, 143,
               "terminate: t");
}

static const TapCase cases[] = {
  { "G16", "errno survives a storm", g16 },
  { "G19", "SIGPIPE ends nothing; what the program set for it stays", g19 },
  { "G21", "a handler installed over ours works, and stays after detach", g21 },
  { "G21b", "the previous handler is called when asked for", g21_chain },
  { "G21c", "a handler over GLib's, found at attach, is called as it is, or not at all",
    g21_over_glib },
  { "G21d", "SIG_IGN or SIG_DFL in place of GLib's handler, found at attach, is no handler",
    g21_disposition_over_glib },
  { "G21e", "a handler that is set between ps_prepare() and attaching is found, too",
    g21_after_prepare },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
