/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A daemon that uses everything there is, and ends.
 *
 *     sweep-subject term|quit|alone|exit|thread|reload
 *
 * alone: as quit, but nobody has been told anything before the exit.
 *
 * What ran, and in which order, it says by marks. What it does for itself (marks, its thread, the
 * program it executes) is bracketed, so that faults come only into what the library does.
 */

#include "memory-faults.h"
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <postscriptum.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUIT_CODE 7
#define EXIT_CODE 9
#define DEADLINE_MS 20000

static const char *ending;
static const char *fds_program;
static GMainLoop *loop;
static int wish_pipe[2]; /* of holds, to the thread that releases them */

/* --- Its own business ------------------------------------------------------------------------- */

static void
own_begin (void)
{
  memory_faults_pause ();
  prctl (SWEEP_PRCTL, SWEEP_OWN_BEGIN);
}

static void
own_end (void)
{
  prctl (SWEEP_PRCTL, SWEEP_OWN_END);
  memory_faults_resume ();
}

static void
put (const char *word)
{
  char line[64];
  size_t n = strlen (word);

  memcpy (line, word, n);
  line[n] = '\n';
  if (TEMP_FAILURE_RETRY (write (SWEEP_MARK_FD, line, n + 1)) < 0)
    _exit (99);
}

static void
mark (const char *word)
{
  own_begin ();
  put (word);
  own_end ();
}

static gpointer
release_holds (gpointer unused)
{
  PsHold *hold;

  own_begin ();
  while (TEMP_FAILURE_RETRY (read (wish_pipe[0], &hold, sizeof hold)) == sizeof hold)
    {
      own_end ();
      ps_hold_release (hold);
      own_begin ();
    }
  return NULL;
}

static void
release_soon (PsHold *hold)
{
  own_begin ();
  if (TEMP_FAILURE_RETRY (write (wish_pipe[1], &hold, sizeof hold)) != sizeof hold)
    _exit (99);
  own_end ();
}

/* A program that is executed gets standard descriptors, and nothing of the library's. */
static void
execute (void)
{
  char *const argv[] = { (char *) fds_program, NULL };
  char *const environment[] = { NULL };
  posix_spawn_file_actions_t actions;
  pid_t pid;

  own_begin ();
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, SWEEP_MARK_FD, STDOUT_FILENO);
  if (posix_spawn (&pid, fds_program, &actions, NULL, argv, environment) == 0)
    TEMP_FAILURE_RETRY (waitpid (pid, NULL, 0));
  posix_spawn_file_actions_destroy (&actions);
  own_end ();
}

/* --- Callbacks -------------------------------------------------------------------------------- */

static void
say (PsContext *context, gpointer word)
{
  mark (word);
}

static void
say_and_hold (PsContext *context, gpointer word)
{
  mark (word);
  release_soon (ps_context_hold (context, word));
}

static void
say_and_execute (PsContext *context, gpointer word)
{
  mark (word);
  execute ();
}

/* So many that whatever they are kept in gets smaller: that must not need memory. */
static guint spare[1000];

static void
register_spare (PsWatcher *watcher)
{
  for (guint i = 0; i < G_N_ELEMENTS (spare); i++)
    spare[i] = ps_watcher_add (watcher, PS_EVENT_RESUME, "not run", (int) i / 100, 0, say,
                               &spare[i], NULL);
}

static void
say_and_remove (PsContext *context, gpointer word)
{
  mark (word);
  for (guint i = 0; i < G_N_ELEMENTS (spare) && spare[i] != 0; i++)
    ps_watcher_remove (ps_watcher_get_default (), spare[i]);
}

static void
say_and_fail (PsContext *context, gpointer word)
{
  GError *error;

  mark (word);
  own_begin ();
  error = g_error_new (PS_ERROR, PS_ERROR_INVALID, "%s went wrong", (const char *) word);
  own_end ();
  ps_context_fail (context, error);
}

static void
say_status (PsContext *context, gpointer word)
{
  mark (word);
  ps_watcher_status (ps_watcher_get_default (), "Here is %s", (const char *) word);
}

static void
cancelled (GCancellable *cancellable, gpointer word)
{
  mark (word);
}

static gboolean
say_reloaded (gpointer unused)
{
  mark ("reloaded");
  return G_SOURCE_REMOVE;
}

static void
reload (PsContext *context, gpointer word)
{
  say_and_hold (context, word);
  own_begin ();
  g_idle_add (say_reloaded, NULL);
  own_end ();
}

static void
add (PsWatcher *watcher, PsEvents events, int priority, guint deadline_ms, PsCallback callback,
     const char *word)
{
  ps_watcher_add (watcher, events, word, priority, deadline_ms, callback, (gpointer) word, NULL);
}

static void
register_all (PsWatcher *watcher)
{
  add (watcher, PS_EVENT_QUERY, 0, 0, say, "query");
  add (watcher, PS_EVENT_RELOAD, 0, 15000, reload, "reload");
  add (watcher, PS_EVENT_TERMINATE, 10, 15000, say_and_hold, "terminate 4");
  add (watcher, PS_EVENT_TERMINATE, 0, 0, say_and_fail, "terminate 3");
  add (watcher, PS_EVENT_TERMINATE, 0, 15000, say_and_hold, "terminate 2");
  add (watcher, PS_EVENT_TERMINATE, -10, 0, say_status, "terminate 1");
  add (watcher, PS_EVENT_QUIT, 10, 15000, say_and_hold, "quit 4");
  add (watcher, PS_EVENT_QUIT, 0, 0, say_and_fail, "quit 3");
  add (watcher, PS_EVENT_QUIT, 0, 15000, say_and_hold, "quit 2");
  add (watcher, PS_EVENT_QUIT, -10, 0, say_status, "quit 1");
  add (watcher, PS_EVENT_FINISH, 20, 0, say_and_remove, "finish 4");
  add (watcher, PS_EVENT_FINISH, 10, 1000, say_and_hold, "finish 3");
  add (watcher, PS_EVENT_FINISH, -10, 0, say_and_execute, "finish 1");
  ps_watcher_add_checkpoint (watcher, 3600 * 1000, say, (gpointer) "checkpoint");
  if (getenv (SWEEP_ENV_MEMORY) != NULL)
    register_spare (watcher);
}

/* --- Running ---------------------------------------------------------------------------------- */

static void *
call_exit (void *unused)
{
  prctl (SWEEP_PRCTL, SWEEP_EXIT);
  exit (EXIT_CODE);
}

static gboolean
is_ready (gpointer data)
{
  PsWatcher *watcher = data;

  memory_faults_arm ();
  mark ("ready");
  if (strcmp (ending, "quit") == 0 || strcmp (ending, "alone") == 0)
    {
      prctl (SWEEP_PRCTL, SWEEP_EXIT);
      ps_watcher_quit (watcher, QUIT_CODE);
    }
  else if (strcmp (ending, "thread") == 0)
    {
      pthread_t thread;

      own_begin ();
      if (pthread_create (&thread, NULL, call_exit, NULL) != 0)
        _exit (99);
      own_end ();
    }
  else if (strcmp (ending, "exit") == 0)
    {
      prctl (SWEEP_PRCTL, SWEEP_EXIT);
      exit (EXIT_CODE);
    }
  return G_SOURCE_REMOVE;
}

/* GLib's worker thread delivers signals, and starts when it likes: what it does at its start is
 * over when it has delivered one. */
static gboolean
ask_worker (gpointer unused)
{
  raise (SIGUSR1);
  return G_SOURCE_REMOVE;
}

static void
wait_for_tracer (void)
{
  if (getenv (SWEEP_ENV_TRACED) == NULL)
    return;
  ptrace (PTRACE_TRACEME, 0, NULL, NULL);
  raise (SIGSTOP);
}

int
main (int argc, char **argv)
{
  g_autoptr (PsWatcher) watcher = NULL;
  g_autoptr (GThread) releaser = NULL;
  PsScope *scope;
  int status;

  ending = argv[1];
  fds_program = getenv (SWEEP_ENV_FDS);
  fcntl (SWEEP_MARK_FD, F_SETFD, FD_CLOEXEC);
  fcntl (SWEEP_COUNTS_FD, F_SETFD, FD_CLOEXEC);
  wait_for_tracer ();
  prctl (SWEEP_PRCTL, SWEEP_ATTACH);
  ps_prepare ();
  mark ("prepared");
  loop = g_main_loop_new (NULL, FALSE);
  watcher = ps_glib_attach (loop);
  mark ("attached");
  ps_watcher_set_deadline (watcher, DEADLINE_MS);

  own_begin ();
  if (pipe2 (wish_pipe, O_CLOEXEC) < 0)
    return 99;
  releaser = g_thread_new ("releaser", release_holds, NULL);
  own_end ();

  register_all (watcher);
  scope = ps_scope_new (watcher, say, (gpointer) "finish 2");
  g_cancellable_connect (ps_watcher_get_cancellable (watcher), G_CALLBACK (cancelled),
                         (gpointer) "cancelled", NULL);
  if (strcmp (ending, "alone") != 0)
    ps_watcher_ready (watcher, "Here");
  g_unix_signal_add (SIGUSR1, is_ready, watcher);
  g_idle_add (ask_worker, NULL);
  status = ps_watcher_run (watcher);
  (void) scope;
  mark ("returned");
  return status;
}
