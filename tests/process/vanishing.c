/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads that vanish: main() by pthread_exit() (X14), and those that are in a callback (L11). */
#include "common.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As watch_all(), but with no thread beside this and GLib's. */
static PsWatcher *
watch_alone (GMainLoop **loop)
{
  PsWatcher *watcher;

  child_forgive_leaks ();
  *loop = g_main_loop_new (NULL, FALSE);
  watcher = ps_glib_attach (*loop);
  child_need (watcher != NULL);
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  return watcher;
}

static PsWatcher *
watch_leaky (void)
{
  PsWatcher *watcher = watch_all ();

  child_forgive_leaks ();
  return watcher;
}

/* --- X14: the first thread ------------------------------------------------------------------- */

static int
last_thread_child (gconstpointer data)
{
  GMainLoop *loop;

  watch_alone (&loop);
  child_say ("leaves");
  pthread_exit (NULL);
}

/* No thread of the program is left. */
static void
expect_quit (Proc *child)
{
  /* ThreadSanitizer has a thread of its own. */
  if (tap_loses_signals ())
    {
      proc_kill (child, SIGTERM);
      proc_expect_lines (child, "terminate: t", "finish: f");
      proc_expect_exit (child, 143);
      return;
    }
  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 0);
}

static void
x14 (void)
{
  Proc *child = proc_start (last_thread_child, NULL);

  proc_expect (child, "leaves");
  expect_quit (child);
}

static gpointer
wait_and_end (gpointer unused)
{
  child_say ("waits");
  child_await ("end");
  return NULL;
}

/* When the last thread ends that is the program's, so does the process. */
static int
last_of_two_child (gconstpointer data)
{
  GMainLoop *loop;

  watch_alone (&loop);
  in_thread (wait_and_end, NULL);
  pthread_exit (NULL);
}

static void
x14_two (void)
{
  Proc *child = proc_start (last_of_two_child, NULL);

  proc_expect (child, "waits");
  proc_tell (child, "end");
  expect_quit (child);
}

static gpointer
wait_for_main (gpointer thread)
{
  pthread_join (*(pthread_t *) thread, NULL);
  child_say ("main has ended");
  return NULL;
}

/* It really ends: somebody may be waiting for that. */
static int
joined_child (gconstpointer data)
{
  static pthread_t me;
  GMainLoop *loop;

  me = pthread_self ();
  watch_alone (&loop);
  in_thread (wait_for_main, &me);
  pthread_exit (NULL);
}

static void
x14_joined (void)
{
  Proc *child;

  if (tap_loses_signals ())
    {
      tap_skip ("ThreadSanitizer does not let the first thread be joined");
      return;
    }
  child = proc_start (joined_child, NULL);
  proc_expect_lines (child, "main has ended", "quit: q", "finish: f");
  proc_expect_exit (child, 0);
}

static gpointer
work_on (gpointer deaf)
{
  sigset_t all;

  sigfillset (&all);
  if (deaf != NULL)
    pthread_sigmask (SIG_BLOCK, &all, NULL);
  child_say ("works");
  for (;;)
    pause ();
  return NULL;
}

/* Nobody runs the loop, other threads go on: TERM ends the process all the same, after a veto. */
static int
no_loop_child (gconstpointer deaf)
{
  GMainLoop *loop;
  PsWatcher *watcher = watch_alone (&loop);

  ps_watcher_on_query (watcher, veto_once, NULL);
  ps_watcher_on_resume (watcher, say, (gpointer) "on");
  in_thread (work_on, (gpointer) deaf);
  pthread_exit (NULL);
}

static void
x14_no_loop (void)
{
  static const char *const deaf[] = { NULL, "deaf" };

  for (guint i = 0; i < G_N_ELEMENTS (deaf); i++)
    {
      Proc *child = proc_start (no_loop_child, deaf[i]);

      proc_expect (child, "works");
      proc_kill (child, SIGTERM);
      proc_expect (child, "resume: on");
      proc_kill (child, SIGTERM);
      proc_expect_lines (child, "terminate: t", "finish: f");
      proc_expect_exit (child, 143);
    }
}

static void
hang (PsContext *context, gpointer unused)
{
  child_sayf ("%s: hangs", event_name (context));
  for (;;)
    sleep (1000);
}

static int
no_loop_hangs_child (gconstpointer data)
{
  GMainLoop *loop;
  PsWatcher *watcher = watch_alone (&loop);

  ps_watcher_set_deadline (watcher, 2 * FORCED_MS);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "hang", -1, 0, hang, NULL, NULL);
  in_thread (work_on, (gpointer) "deaf");
  pthread_exit (NULL);
}

static gpointer
be_deaf_and_end (gpointer unused)
{
  sigset_t all;

  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, NULL);
  child_say ("works");
  child_await ("end");
  return NULL;
}

static int
last_hangs_child (gconstpointer data)
{
  GMainLoop *loop;
  PsWatcher *watcher = watch_alone (&loop);

  ps_watcher_set_deadline (watcher, 2 * FORCED_MS);
  ps_watcher_add (watcher, PS_EVENT_QUIT, "hang", -1, 0, hang, NULL, NULL);
  in_thread (be_deaf_and_end, NULL);
  pthread_exit (NULL);
}

/* So it does where the last of the others has ended. */
static void
x14_last_hangs (void)
{
  Proc *child;

  if (tap_loses_signals ())
    {
      tap_skip ("ThreadSanitizer has a thread of its own: none is the last");
      return;
    }
  child = proc_start (last_hangs_child, NULL);
  proc_expect (child, "works");
  g_usleep (100 * 1000);
  proc_tell (child, "end");
  proc_expect (child, "quit: hangs");
  proc_expect_exit (child, 1);
}

/* The thread that does the exit then takes signals meanwhile, and the timer's is one. */
static void
x14_hangs (void)
{
  Proc *child = proc_start (no_loop_hangs_child, NULL);

  proc_expect (child, "works");
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: hangs");
  proc_expect_exit (child, 143);
}

static void
say_thread (PsContext *context, gpointer thread)
{
  child_sayf ("%s in %s thread", event_name (context),
              pthread_equal (*(pthread_t *) thread, pthread_self ()) ? "the loop's" : "another");
}

static pthread_t looper;

#define LEFT_STACK (128 * 1024)

void __asan_unpoison_memory_region (const volatile void *at, size_t size) __attribute__ ((weak));

/* AddressSanitizer does not notice that a thread that is cancelled leaves its functions, and takes
 * what runs after them for intruders on their stack. */
static void
leave_stack (void *unused)
{
  if (__asan_unpoison_memory_region != NULL)
    __asan_unpoison_memory_region ((char *) __builtin_frame_address (0) - LEFT_STACK, LEFT_STACK);
}

static gpointer
run_watcher (gpointer watcher)
{
  pthread_cleanup_push (leave_stack, NULL);
  looper = pthread_self ();
  say_ready_soon ();
  child_sayf ("returned %d", ps_watcher_run (watcher));
  pthread_cleanup_pop (FALSE);
  return NULL;
}

/* The loop runs in another thread: callbacks run there, and its end is that of the process. */
static int
loop_elsewhere_child (gconstpointer data)
{
  GMainLoop *loop;
  PsWatcher *watcher = watch_alone (&loop);

  ps_watcher_on_terminate (watcher, say_thread, &looper);
  ps_watcher_on_reload (watcher, say_thread, &looper);
  in_thread (run_watcher, watcher);
  pthread_exit (NULL);
}

static void
x14_loop_elsewhere (void)
{
  Proc *child = proc_start (loop_elsewhere_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect (child, "reload in the loop's thread");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate in the loop's thread", "terminate: t", "finish: f",
                     "returned 143");
  if (tap_loses_signals ())
    {
      proc_kill (child, SIGKILL);
      proc_expect_signal (child, SIGKILL);
    }
  else
    proc_expect_exit (child, 143);
}

/* --- L11: in a callback ---------------------------------------------------------------------- */

static void
leave_thread (PsContext *context, gpointer word)
{
  say (context, word);
  pthread_exit (NULL);
}

static int
leave_in_callback_child (gconstpointer data)
{
  PsWatcher *watcher = watch_leaky ();

  ps_watcher_on_terminate (watcher, leave_thread, (gpointer) "leaves");
  return run (watcher);
}

static void
l11 (void)
{
  expect_stop (proc_start (leave_in_callback_child, NULL), SIGTERM, 143, "terminate: leaves",
               "terminate: t", "finish: f");
}

static int
leave_and_die_child (gconstpointer data)
{
  PsWatcher *watcher = watch_leaky ();

  ps_watcher_set_exit_policy (watcher, PS_EXIT_POLICY_RERAISE);
  ps_watcher_on_terminate (watcher, leave_thread, (gpointer) "leaves");
  return run (watcher);
}

static void
l11_reraise (void)
{
  Proc *child = proc_start (leave_and_die_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: leaves", "terminate: t", "finish: f");
  proc_expect_signal (child, SIGTERM);
}

/* Nobody can run that loop any more: the process ends, and not well. */
static int
leave_in_reload_child (gconstpointer data)
{
  PsWatcher *watcher = watch_leaky ();

  ps_watcher_on_reload (watcher, leave_thread, (gpointer) "leaves");
  return run (watcher);
}

static void
l11_reload (void)
{
  expect_stop (proc_start (leave_in_reload_child, NULL), SIGHUP, 1, "reload: leaves", "quit: q",
               "finish: f");
}

static int
leave_in_exit_child (gconstpointer data)
{
  PsWatcher *watcher = watch_leaky ();

  ps_watcher_on_quit (watcher, leave_thread, (gpointer) "leaves");
  exit (6);
}

static void
l11_exit (void)
{
  Proc *child = proc_start (leave_in_exit_child, NULL);

  proc_expect_lines (child, "quit: leaves", "quit: q", "finish: f");
  proc_expect_exit (child, 6);
}

static int waiter; /* atomic: the number of the thread that calls exit() */

static gpointer
exit_after_note (gpointer unused)
{
  g_atomic_int_set (&waiter, gettid ());
  exit (0);
}

/* Whether it sleeps: most likely it waits for this callback. If not yet, the end is the same. */
static gboolean
exiting_waits (void)
{
  int tid = g_atomic_int_get (&waiter);

  return tid != 0 && thread_sleeps (tid);
}

static void
leave_exiter (PsContext *context, gpointer word)
{
  in_thread (exit_after_note, NULL);
  while (!exiting_waits ())
    g_thread_yield ();
  leave_thread (context, word);
}

/* It would wait for ever for a callback that does not return. */
static int
leave_exiter_child (gconstpointer data)
{
  PsWatcher *watcher = watch_leaky ();

  ps_watcher_set_deadline (watcher, 0);
  ps_watcher_on_terminate (watcher, leave_exiter, (gpointer) "leaves");
  return run (watcher);
}

static void
l11_exiter (void)
{
  expect_stop (proc_start (leave_exiter_child, NULL), SIGTERM, 143, "terminate: leaves",
               "terminate: t", "finish: f");
}

/* --- L11: cancelled -------------------------------------------------------------------------- */

static void
wait_here (PsContext *context, gpointer word)
{
  say (context, word);
  for (;;)
    pause ();
}

/* The loop's thread is cancelled, and waited for, by the first. */
static int
cancel_child (gconstpointer where)
{
  PsWatcher *watcher = watch_leaky ();
  pthread_t thread;

  if (where != NULL)
    ps_watcher_on_terminate (watcher, wait_here, (gpointer) where);
  child_need (pthread_create (&thread, NULL, run_watcher, watcher) == 0);
  child_await ("cancel");
  pthread_cancel (thread);
  pthread_join (thread, NULL);
  for (;;)
    pause ();
  return 0;
}

static gboolean
left_out (void)
{
  if (tap_loses_signals ())
    tap_skip ("ThreadSanitizer does not see how a cancelled thread leaves GLib");
  return tap_loses_signals ();
}

static void
l11_cancel (void)
{
  Proc *child;

  if (left_out ())
    return;
  child = proc_start (cancel_child, "waits");
  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: waits");
  proc_tell (child, "cancel");
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static void
l11_cancel_loop (void)
{
  Proc *child;

  if (left_out ())
    return;
  child = proc_start (cancel_child, NULL);
  proc_expect (child, "ready");
  proc_tell (child, "cancel");
  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 1);
}

static pthread_t exiter;

static gpointer
exit_here (gpointer unused)
{
  exiter = pthread_self ();
  exit (5);
}

static gpointer
cancel_exiter (gpointer unused)
{
  pthread_cancel (exiter);
  child_say ("cancelled");
  return NULL;
}

static void
be_cancelled (PsContext *context, gpointer word)
{
  pthread_t thread;

  say (context, word);
  child_need (pthread_create (&thread, NULL, cancel_exiter, NULL) == 0);
  pthread_join (thread, NULL);
  pthread_testcancel ();
}

/* In exit() there is no cancelling: the process is at its end. */
static int
cancel_exit_child (gconstpointer data)
{
  PsWatcher *watcher = watch_leaky ();

  ps_watcher_on_quit (watcher, be_cancelled, (gpointer) "in exit");
  in_thread (exit_here, NULL);
  for (;;)
    pause ();
  return 0;
}

static void
l11_cancel_exit (void)
{
  Proc *child = proc_start (cancel_exit_child, NULL);

  proc_expect_lines (child, "quit: in exit", "cancelled", "quit: q", "finish: f");
  proc_expect_exit (child, 5);
}

static gpointer
keep_talking (gpointer watcher)
{
  for (guint i = 0;; i++)
    {
      ps_watcher_status (watcher, "busy %u", i);
      ps_watcher_quit (watcher, 0);
      pthread_testcancel ();
    }
  return NULL;
}

static void
veto_always (PsContext *context, gpointer unused)
{
  if (ps_context_get_signal (context) == 0)
    ps_context_veto (context, "go on");
}

static gpointer
cancel_talkers (gpointer watcher)
{
  for (guint i = 0; i < 200; i++)
    {
      pthread_t thread;

      child_need (pthread_create (&thread, NULL, keep_talking, watcher) == 0);
      g_usleep (i * 10);
      pthread_cancel (thread);
      pthread_join (thread, NULL);
    }
  /* When the loop is through with the last wish to quit. */
  say_ready_soon ();
  return NULL;
}

/* Threads that are cancelled while they talk to a manager that does not listen, and wake the loop.
 */
static int
talk_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);

  child_forgive_leaks ();
  ps_watcher_on_query (watcher, veto_always, NULL);
  in_thread (cancel_talkers, watcher);
  return run_quietly (watcher);
}

static void
l11_talk (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child;

  inbox_fill (inbox);
  child = proc_start (talk_child, inbox);
  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static const TapCase cases[] = {
  { "X14", "main() ends by pthread_exit(), alone: exit (0)", x14 },
  { "X14b", "the same when a second thread has ended, too", x14_two },
  { "X14e", "a thread waits for main() to end: it does", x14_joined },
  { "X14c", "other threads go on: SIGTERM ends the process, or is vetoed", x14_no_loop },
  { "X14f", "where that exit hangs it is forced, though the others block signals", x14_hangs },
  { "X14g", "... also when it began since the last of them has ended", x14_last_hangs },
  { "X14d", "the loop runs in another thread: callbacks, and the end, are there",
    x14_loop_elsewhere },
  { "L11", "a callback ends its thread: the rest runs", l11 },
  { "L11b", "and the process dies of the signal, where that is the policy", l11_reraise },
  { "L11c", "in a reload that ends the process, with status 1", l11_reload },
  { "L11d", "in exit() it goes on with its status", l11_exit },
  { "L11i", "another thread in exit() waits for that callback: it does the rest", l11_exiter },
  { "L11e", "the loop's thread is cancelled in a callback: the rest runs", l11_cancel },
  { "L11f", "it is cancelled while it waits: quit and finish, status 1", l11_cancel_loop },
  { "L11g", "threads in exit() are not cancelled", l11_cancel_exit },
  { "L11h", "threads cancelled within the library leave no lock behind", l11_talk },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
