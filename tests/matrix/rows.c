/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ways out. To add one, add a line; what it leads to is found out, not written here. */

#include "exit-matrix.h"
#include "faults.h"
#include "fuzz-clock.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Acts ------------------------------------------------------------------------------------ */

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

/* Each with its number as the value. */
static void
do_queue (int n)
{
  for (int i = 1; i <= n; i++)
    sigqueue (getpid (), SIGRTMIN + 1, (union sigval){ .sival_int = i });
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

static void
do_prepare_and_overflow (int unused)
{
  ps_thread_prepare ();
  overflow_stack (0);
}

static pthread_key_t key;
static sem_t left;

static void
tell_that_main_leaves (void *unused)
{
  sem_post (&left);
}

/* The thread goes on when main() does not any more. */
static void
leave_to (GThreadFunc thread)
{
  sem_init (&left, 0, 0);
  pthread_key_create (&key, tell_that_main_leaves);
  pthread_setspecific (key, &left);
  g_thread_unref (g_thread_new ("other", thread, NULL));
  pthread_exit (NULL);
}

static void
await_main (void)
{
  while (sem_wait (&left) != 0)
    ;
}

static gpointer
outlive (gpointer unused)
{
  await_main ();
  matrix_say ("alive");
  _exit (0);
}

static gpointer
end_after_main (gpointer unused)
{
  await_main ();
  return NULL;
}

static gpointer
ask_for_end (gpointer unused)
{
  await_main ();
  kill (getpid (), SIGTERM);
  while (pause () < 0)
    ;
  return NULL;
}

static void
do_leave_to_worker (int unused)
{
  leave_to (outlive);
}

static void
do_leave_to_last (int unused)
{
  leave_to (end_after_main);
}

static void
do_leave_and_be_asked (int unused)
{
  leave_to (ask_for_end);
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

/* Which is to die of the signal, if of one. */
static void
say_end_of (pid_t pid, int signum)
{
  g_autofree char *text = NULL;
  int status = 0;

  waitpid (pid, &status, 0);
  if (WIFEXITED (status))
    text = g_strdup_printf ("the child: %d", WEXITSTATUS (status));
  else
    text = g_strdup_printf ("the child: by %s",
                            WTERMSIG (status) == signum ? "the signal" : "another");
  matrix_say (text);
}

static void
do_fork (int signum)
{
  pid_t pid = fork ();

  if (pid == 0)
    {
      if (signum == 0)
        exit (5);
      raise (signum);
      _exit (99);
    }
  say_end_of (pid, signum);
}

/* The child has the watch, and ends as it is told to. */
static void
fork_daemon (void (*end) (int argument), int argument)
{
  PsWatcher *watcher = ps_watcher_get_default ();
  pid_t pid = fork ();

  if (pid == 0)
    {
      if (!ps_watcher_reattach (watcher, NULL))
        _exit (99);
      end (argument);
      exit (ps_watcher_run (watcher));
    }
  say_end_of (pid, 0);
}

static void
do_daemon_exit (int code)
{
  fork_daemon (do_exit, code);
}

static void
do_daemon_raise (int signum)
{
  fork_daemon (do_raise, signum);
}

/* The child leaves without a word, and so only the parent is to be seen. */
static void
do_daemon_and_exit (int code)
{
  fork_daemon (do_underscore_exit, 0);
  exit (code);
}

/* --- What is different from the plain case --------------------------------------------------- */

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
choose (PsWatcher *watcher)
{
  const int signums[] = { SIGTERM, SIGQUIT, SIGRTMIN + 1 };

  ps_watcher_set_signals (watcher, signums, G_N_ELEMENTS (signums), NULL);
}

static void
choose_reraise (PsWatcher *watcher)
{
  choose (watcher);
  reraise (watcher);
}

static void
fault_in_callback (PsContext *context, gpointer unused)
{
  fault (SIGSEGV);
}

static void
crash_in_terminate (PsWatcher *watcher)
{
  ps_watcher_on_terminate (watcher, fault_in_callback, NULL);
}

static void
say_finish (PsContext *context, gpointer unused)
{
  matrix_say ("finish");
}

static void
safe_finish (PsWatcher *watcher)
{
  ps_watcher_add (watcher, PS_EVENT_FINISH | PS_ASYNC_SIGNAL_SAFE, "finish", 0, 0, say_finish, NULL,
                  NULL);
}

static void
veto (PsContext *context, gpointer unused)
{
  ps_context_veto (context, "not now");
}

static void
veto_first (PsContext *context, gpointer unused)
{
  int value = 0;

  ps_context_get_signal_value (context, &value);
  if (value == 1)
    ps_context_veto (context, "not now");
}

static void
choose_vetoed_once (PsWatcher *watcher)
{
  choose (watcher);
  ps_watcher_on_query (watcher, veto_first, NULL);
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
  /* A second passes: more than there is for holds, and less than there is for everything. */
  ps_watcher_set_deadline (watcher, 1100);
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

/* --- Rows ------------------------------------------------------------------------------------ */

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
  { "`pthread_exit()` in the loop's thread", ENDS_BY_ITSELF, IN_THE_LOOP, do_pthread_exit },
  { "`pthread_exit()` in a callback", ENDS_BY_ITSELF, IN_A_CALLBACK, do_pthread_exit },
  { "`pthread_exit()` in `main()`, a thread works on", RUNS_NOTHING, IN_MAIN, do_leave_to_worker, 0,
    NULL, LIVES_ON },
  { "`pthread_exit()` in `main()`, then the last thread ends", ENDS_BY_ITSELF, IN_MAIN,
    do_leave_to_last },
  { "`pthread_exit()` in `main()`, only GLib's threads are left", ENDS_BY_ITSELF, IN_MAIN,
    do_pthread_exit },
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
  { "SIGTERM before `ps_glib_attach()`, when there is nothing to run", RUNS_NOTHING, BEFORE_ATTACH,
    do_raise, SIGTERM },
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
  { "SIGTERM, `main()` has left by `pthread_exit()`", ENDS_BY_SIGNAL, IN_MAIN,
    do_leave_and_be_asked },
  { "SIGQUIT, chosen by the program", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGQUIT, choose },
  { "SIGQUIT, chosen by the program, re-raise", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGQUIT,
    choose_reraise },
  { "SIGQUIT, which nobody takes", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGQUIT },
  { "SIGINT, no longer among those chosen", ENDS_BY_SIGNAL, IN_THE_LOOP, do_kill, SIGINT, choose },
  { "SIGRTMIN+1, chosen by the program", ENDS_BY_SIGNAL, IN_THE_LOOP, do_queue, 1, choose },
  { "SIGRTMIN+1 twice, the first vetoed", ENDS_BY_SIGNAL, IN_THE_LOOP, do_queue, 2,
    choose_vetoed_once },
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
  { "a forked child that took the watch over calls `exit (5)`", ENDS_BY_ITSELF, IN_THE_LOOP,
    do_daemon_exit, 5, NULL, LIVES_ON | SHOWS_CHILD },
  { "a forked child that took the watch over gets SIGTERM", ENDS_BY_SIGNAL, IN_THE_LOOP,
    do_daemon_raise, SIGTERM, NULL, LIVES_ON | SHOWS_CHILD },
  { "a forked child took the watch over, its parent calls `exit (3)`", RUNS_NOTHING, IN_THE_LOOP,
    do_daemon_and_exit, 3 },
};

static const Row by_crash[] = {
  { "`abort()`", CRASHES, IN_THE_LOOP, do_abort },
  { "`g_assert()` that is not so", CRASHES, IN_THE_LOOP, do_assert, 0, NULL, ANY_SIGNAL },
  { "`g_error()`", CRASHES, IN_THE_LOOP, do_error, 0, NULL, ANY_SIGNAL },
  { "SIGSEGV, a fault", CRASHES, IN_THE_LOOP, fault, SIGSEGV },
  { "SIGSEGV, sent", CRASHES, IN_THE_LOOP, do_kill, SIGSEGV },
  { "SIGBUS, a fault", CRASHES, IN_THE_LOOP, fault, SIGBUS },
  { "SIGBUS, sent", CRASHES, IN_THE_LOOP, do_kill, SIGBUS },
  { "SIGFPE, a fault", CRASHES, IN_THE_LOOP, fault, SIGFPE },
  { "SIGFPE, sent", CRASHES, IN_THE_LOOP, do_kill, SIGFPE },
  { "SIGILL, a fault", CRASHES, IN_THE_LOOP, fault, SIGILL },
  { "SIGILL, sent", CRASHES, IN_THE_LOOP, do_kill, SIGILL },
  { "SIGTRAP, a fault", CRASHES, IN_THE_LOOP, fault, SIGTRAP },
  { "SIGTRAP, sent", CRASHES, IN_THE_LOOP, do_kill, SIGTRAP },
  { "SIGSYS, a fault", CRASHES, IN_THE_LOOP, fault, SIGSYS },
  { "SIGSYS, sent", CRASHES, IN_THE_LOOP, do_kill, SIGSYS },
  { "SIGABRT, sent", CRASHES, IN_THE_LOOP, do_kill, SIGABRT },
  { "SIGSEGV, a fault in a callback", CRASHES, IN_A_CALLBACK, fault, SIGSEGV },
  { "SIGSEGV, a fault in another thread", CRASHES, IN_A_THREAD, fault, SIGSEGV },
  { "SIGSEGV, a fault in a terminate callback", ENDS_BY_SIGNAL | CRASHES, IN_THE_LOOP, do_kill,
    SIGTERM, crash_in_terminate },
  { "SIGSEGV, a fault; a finish callback is async-signal-safe", CRASHES, IN_THE_LOOP, fault,
    SIGSEGV, safe_finish },
  { "SIGSEGV, a fault; `ps_watcher_report_crashes()` only", PS_EVENT_FINISH, IN_THE_LOOP, fault,
    SIGSEGV, ps_watcher_report_crashes, UNREPORTED },
  { "SIGSEGV, a fault; nobody watches for crashes", PS_EVENT_FINISH, IN_THE_LOOP, fault, SIGSEGV,
    NULL, UNREPORTED },
  { "stack overflow", CRASHES, IN_THE_LOOP, overflow_stack },
  { "stack overflow in another thread", CRASHES, IN_A_THREAD, overflow_stack },
  { "stack overflow in another thread, after `ps_thread_prepare()`", CRASHES, IN_A_THREAD,
    do_prepare_and_overflow },
};

const Section sections[] = {
  { "The program ends itself", by_itself, G_N_ELEMENTS (by_itself) },
  { "A signal asks for the end", by_signal, G_N_ELEMENTS (by_signal) },
  { "A child", in_children, G_N_ELEMENTS (in_children) },
  { "A crash", by_crash, G_N_ELEMENTS (by_crash) },
};
const gsize n_sections = G_N_ELEMENTS (sections);
