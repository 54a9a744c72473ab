/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ways out. To add one, add a line; what it leads to is found out, not written here. */

#include "exit-matrix.h"
#include "faults.h"
#include "fuzz-clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Acts --------------------------------------------------------------------------------------
 */

static void
do_nothing (int unused)
{
}

static void
do_exit (int code)
{
  exit (code);
}

static void
do_quick_exit (int code)
{
  quick_exit (code);
}

static void
do_underscore_exit (int code)
{
  _exit (code);
}

static void
do_exec (int code)
{
  execl ("/bin/sh", "sh", "-c", "exit 4", NULL);
}

static void
do_quit (int code)
{
  ps_watcher_quit (ps_watcher_get_default (), code);
}

static void
do_loop_quit (int unused)
{
  g_main_loop_quit (matrix_loop ());
}

static void
do_raise (int signum)
{
  raise (signum);
}

static void
do_kill (int signum)
{
  kill (getpid (), signum);
}

static void
do_prepare_and_raise (int signum)
{
  ps_prepare ();
  raise (signum);
}

/* As nohup does. */
static void
ignore_hangup (void)
{
  signal (SIGHUP, SIG_IGN);
}

static void
do_pthread_exit (int unused)
{
  pthread_exit (NULL);
}

/* The main thread is gone; the process is not, since GLib has a thread of its own. */
static gpointer
outlive (gpointer thread)
{
  pthread_join (*(pthread_t *) thread, NULL);
  matrix_say ("alive");
  _exit (0);
}

static void
do_leave_main (int unused)
{
  static pthread_t me;

  me = pthread_self ();
  g_thread_unref (g_thread_new ("other", outlive, &me));
  pthread_exit (NULL);
}

static void
do_abort (int unused)
{
  abort ();
}

static void
do_assert (int unused)
{
  volatile int zero = 0;

  g_assert_cmpint (zero, ==, 1);
}

static void
do_error (int unused)
{
  g_error ("as an error");
}

static void
do_fork (int signum)
{
  int status = 0;
  pid_t pid = fork ();

  if (pid == 0)
    {
      if (signum == 0)
        exit (5);
      raise (signum);
      _exit (99);
    }
  waitpid (pid, &status, 0);
  if (WIFSIGNALED (status))
    matrix_say (WTERMSIG (status) == signum ? "the child: by the signal" : "the child: by another");
  else
    matrix_say (WEXITSTATUS (status) == 5 ? "the child: 5" : "the child: another status");
}

/* --- What is different from the plain case -----------------------------------------------------
 */

static void
reraise (PsWatcher *watcher)
{
  ps_watcher_set_exit_policy (watcher, PS_EXIT_POLICY_RERAISE);
}

static void
success (PsWatcher *watcher)
{
  ps_watcher_set_exit_policy (watcher, PS_EXIT_POLICY_SUCCESS);
}

static void
hangup_ends (PsWatcher *watcher)
{
  ps_watcher_set_hangup (watcher, PS_HANGUP_TERMINATE);
}

static void
hangup_ends_reraise (PsWatcher *watcher)
{
  hangup_ends (watcher);
  reraise (watcher);
}

static void
hangup_ends_success (PsWatcher *watcher)
{
  hangup_ends (watcher);
  success (watcher);
}

static void
veto (PsContext *context, gpointer unused)
{
  ps_context_veto (context, "not now");
}

static void
somebody_vetoes (PsWatcher *watcher)
{
  ps_watcher_on_query (watcher, veto, NULL);
}

static void
set_code (PsContext *context, gpointer unused)
{
  ps_context_set_exit_code (context, 7);
}

static void
somebody_sets_code (PsWatcher *watcher)
{
  ps_watcher_on_finish (watcher, set_code, NULL);
}

static gboolean
raise_again (gpointer signum)
{
  fuzz_clock_advance_us (G_USEC_PER_SEC);
  raise (GPOINTER_TO_INT (signum));
  return G_SOURCE_REMOVE;
}

static gboolean
release (gpointer hold)
{
  ps_hold_release (hold);
  return G_SOURCE_REMOVE;
}

static gboolean
pass_time (gpointer unused)
{
  fuzz_clock_advance_us (G_USEC_PER_SEC);
  return G_SOURCE_REMOVE;
}

/* Never released. */
static void
hold (PsContext *context, gpointer unused)
{
  (void) ps_context_hold (context, "for ever");
  g_idle_add (pass_time, NULL);
}

static void
hold_and_raise (PsContext *context, gpointer unused)
{
  (void) ps_context_hold (context, "for ever");
  g_idle_add (raise_again, GINT_TO_POINTER (ps_context_get_signal (context)));
}

static void
hold_raise_release (PsContext *context, gpointer unused)
{
  g_idle_add (raise_again, GINT_TO_POINTER (ps_context_get_signal (context)));
  g_idle_add (release, ps_context_hold (context, "a moment"));
}

static void
block_and_raise_twice (PsContext *context, gpointer unused)
{
  gpointer signum = GINT_TO_POINTER (ps_context_get_signal (context));

  raise_again (signum);
  raise_again (signum);
}

static void
block (PsContext *context, gpointer unused)
{
  for (;;)
    pause ();
}

static void
second_while_held (PsWatcher *watcher)
{
  fuzz_clock_stop ();
  ps_watcher_on_terminate (watcher, hold_and_raise, NULL);
}

static void
again_while_held (PsWatcher *watcher)
{
  fuzz_clock_stop ();
  ps_watcher_on_terminate (watcher, hold_raise_release, NULL);
}

static void
third_while_blocked (PsWatcher *watcher)
{
  fuzz_clock_stop ();
  ps_watcher_on_terminate (watcher, block_and_raise_twice, NULL);
}

static void
held_for_ever (PsWatcher *watcher)
{
  fuzz_clock_stop ();
  ps_watcher_set_deadline (watcher, 200);
  ps_watcher_on_terminate (watcher, hold, NULL);
}

static void
blocked_for_ever (PsWatcher *watcher)
{
  ps_watcher_set_deadline (watcher, 200);
  ps_watcher_on_terminate (watcher, block, NULL);
}

/* The source that raises the signal does not return. */
static void
raise_and_block (int signum)
{
  raise (signum);
  block (NULL, NULL);
}

static void
short_deadline (PsWatcher *watcher)
{
  ps_watcher_set_deadline (watcher, 200);
}

/* --- Rows --------------------------------------------------------------------------------------
 */

static const Row by_itself[] = {
  { "return 0 from `main()`", ENDS_BY_ITSELF, IN_MAIN, do_nothing, 0 },
  { "return 3 from `main()`", ENDS_BY_ITSELF, IN_MAIN, do_nothing, 3 },
  { "`exit (0)`", ENDS_BY_ITSELF, IN_THE_LOOP, do_exit, 0 },
  { "`exit (3)`", ENDS_BY_ITSELF, IN_THE_LOOP, do_exit, 3 },
  { "`exit (3)` in another thread", ENDS_BY_ITSELF, IN_A_THREAD, do_exit, 3 },
  { "`exit (3)` in a callback", ENDS_BY_ITSELF, IN_A_CALLBACK, do_exit, 3 },
  { "`quick_exit (3)`", ENDS_BY_ITSELF, IN_THE_LOOP, do_quick_exit, 3 },
  { "`quick_exit (3)` in a callback", ENDS_BY_ITSELF, IN_A_CALLBACK, do_quick_exit, 3 },
  { "`_exit (3)`", ENDS_BY_ITSELF, IN_THE_LOOP, do_underscore_exit, 3 },
  { "`exec()` of a program that ends with 4", ENDS_BY_ITSELF, IN_THE_LOOP, do_exec },
  { "`ps_watcher_quit (0)`", ENDS_BY_ITSELF, IN_THE_LOOP, do_quit, 0 },
  { "`ps_watcher_quit (3)`", ENDS_BY_ITSELF, IN_THE_LOOP, do_quit, 3 },
  { "`ps_watcher_quit (3)` in another thread", ENDS_BY_ITSELF, IN_A_THREAD, do_quit, 3 },
  { "`ps_watcher_quit (3)`, a callback sets 7", ENDS_BY_ITSELF, IN_THE_LOOP, do_quit, 3,
    somebody_sets_code },
  { "`ps_watcher_quit (3)`, vetoed", RUNS_NOTHING, IN_THE_LOOP, do_quit, 3, somebody_vetoes,
    LIVES_ON },
  { "`g_main_loop_quit()` by somebody", ENDS_BY_ITSELF, IN_THE_LOOP, do_loop_quit },
  { "`g_main_loop_quit()` by somebody, vetoed", ENDS_BY_ITSELF, IN_THE_LOOP, do_loop_quit, 0,
    somebody_vetoes },
  { "`pthread_exit()` in another thread", RUNS_NOTHING, IN_A_THREAD, do_pthread_exit, 0, NULL,
    LIVES_ON },
  { "`pthread_exit()` in `main()`", RUNS_NOTHING, IN_MAIN, do_leave_main, 0, NULL, LIVES_ON },
};

static const Row by_signal[] = {
  { "SIGTERM", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGTERM },
  { "SIGTERM, policy re-raise", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGTERM, reraise },
  { "SIGTERM, policy success", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGTERM, success },
  { "SIGTERM, a callback sets 7", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGTERM,
    somebody_sets_code },
  { "SIGTERM, vetoed", RUNS_NOTHING, IN_THE_LOOP, do_kill, SIGTERM, somebody_vetoes, LIVES_ON },
  { "SIGINT", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGINT },
  { "SIGINT, policy re-raise", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGINT, reraise },
  { "SIGINT, policy success", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGINT, success },
  { "SIGHUP, meaning the end", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGHUP, hangup_ends },
  { "SIGHUP, meaning the end, re-raise", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGHUP,
    hangup_ends_reraise },
  { "SIGHUP, meaning the end, success", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGHUP,
    hangup_ends_success },
  { "SIGHUP, a reload callback is there", RELOADS, IN_THE_LOOP, do_kill, SIGHUP, NULL, LIVES_ON },
  { "SIGHUP that nohup has set to be ignored", RUNS_NOTHING, IN_THE_LOOP, do_kill, SIGHUP, NULL,
    LIVES_ON, ignore_hangup },
  { "SIGTERM before `ps_glib_attach()`", ENDS_BY_SIGNAL, BEFORE_ATTACH, do_raise, SIGTERM },
  { "SIGTERM after `ps_prepare()`", ENDS_BY_SIGNAL, BEFORE_ATTACH, do_prepare_and_raise, SIGTERM },
  { "SIGTERM again, while a hold is waited for", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGTERM,
    again_while_held },
  { "second SIGINT, while a hold is waited for", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGINT,
    second_while_held },
  { "third SIGINT, while a callback blocks", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGINT,
    third_while_blocked },
  { "SIGTERM, a hold is never released", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGTERM,
    held_for_ever },
  { "SIGTERM, a callback never returns", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGTERM,
    blocked_for_ever },
  { "SIGTERM, the loop hangs", ENDS_BY_SIGNAL, IN_THE_LOOP, raise_and_block, SIGTERM,
    short_deadline },
  { "SIGTERM, the loop is never run", ENDS_BY_SIGNAL, IN_MAIN, raise_and_block, SIGTERM,
    short_deadline },
  { "SIGPIPE", RUNS_NOTHING, IN_THE_LOOP, do_kill, SIGPIPE, NULL, LIVES_ON },
  { "SIGUSR1, which nobody takes", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGUSR1 },
  { "SIGKILL", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGKILL },
};

static const Row in_children[] = {
  { "a forked child calls `exit (5)`", RUNS_NOTHING, IN_THE_LOOP, do_fork, 0, NULL,
    LIVES_ON | SHOWS_CHILD },
  { "a forked child gets SIGTERM", RUNS_NOTHING, IN_THE_LOOP, do_fork, SIGTERM, NULL,
    LIVES_ON | SHOWS_CHILD },
  { "a forked child gets SIGINT", RUNS_NOTHING, IN_THE_LOOP, do_fork, SIGINT, NULL,
    LIVES_ON | SHOWS_CHILD },
};

static const Row by_crash[] = {
  { "`abort()`", ENDS_BADLY, IN_THE_LOOP, do_abort },
  { "`g_assert()` that is not so", ENDS_BADLY, IN_THE_LOOP, do_assert, 0, NULL, ANY_SIGNAL },
  { "`g_error()`", ENDS_BADLY, IN_THE_LOOP, do_error, 0, NULL, ANY_SIGNAL },
  { "SIGSEGV, a fault", ENDS_BADLY, IN_THE_LOOP, fault, SIGSEGV },
  { "SIGSEGV, sent", ENDS_BADLY, IN_THE_LOOP, do_kill, SIGSEGV },
  { "SIGBUS, a fault", ENDS_BADLY, IN_THE_LOOP, fault, SIGBUS },
  { "SIGBUS, sent", ENDS_BADLY, IN_THE_LOOP, do_kill, SIGBUS },
  { "SIGFPE, a fault", ENDS_BADLY, IN_THE_LOOP, fault, SIGFPE },
  { "SIGFPE, sent", ENDS_BADLY, IN_THE_LOOP, do_kill, SIGFPE },
  { "SIGILL, a fault", ENDS_BADLY, IN_THE_LOOP, fault, SIGILL },
  { "SIGILL, sent", ENDS_BADLY, IN_THE_LOOP, do_kill, SIGILL },
  { "SIGTRAP, a fault", ENDS_BADLY, IN_THE_LOOP, fault, SIGTRAP },
  { "SIGTRAP, sent", ENDS_BADLY, IN_THE_LOOP, do_kill, SIGTRAP },
  { "SIGSYS, a fault", ENDS_BADLY, IN_THE_LOOP, fault, SIGSYS },
  { "SIGSYS, sent", ENDS_BADLY, IN_THE_LOOP, do_kill, SIGSYS },
  { "SIGABRT, sent", ENDS_BADLY, IN_THE_LOOP, do_kill, SIGABRT },
  { "SIGSEGV, a fault in a callback", ENDS_BADLY, IN_A_CALLBACK, fault, SIGSEGV },
  { "SIGSEGV, a fault in another thread", ENDS_BADLY, IN_A_THREAD, fault, SIGSEGV },
};

const Section sections[] = {
  { "The program ends itself", by_itself, G_N_ELEMENTS (by_itself) },
  { "A signal asks for the end", by_signal, G_N_ELEMENTS (by_signal) },
  { "A child", in_children, G_N_ELEMENTS (in_children) },
  { "A crash", by_crash, G_N_ELEMENTS (by_crash) },
};
const gsize n_sections = G_N_ELEMENTS (sections);
