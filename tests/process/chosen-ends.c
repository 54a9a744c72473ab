/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a process ends by a signal that it has chosen, where that is not like any other end. */
#include "common.h"

#include <fcntl.h>
#include <unistd.h>

static void
say_signal (PsContext *context, gpointer unused)
{
  child_sayf ("%s: signal %d, recommended %d", event_name (context),
              ps_context_get_signal (context), ps_context_get_recommended_exit_status (context));
}

/* --- G19: SIGPIPE ---------------------------------------------------------------------------- */

static gboolean
write_to_nobody (gpointer unused)
{
  int fds[2];

  child_need (pipe (fds) == 0);
  close (fds[0]);
  child_need (write (fds[1], "x", 1) < 0);
  return G_SOURCE_REMOVE;
}

/* Standard error is such a pipe, too: what the library says there asks for nothing. */
static int
pipe_child (gconstpointer data)
{
  GMainLoop *loop = g_main_loop_new (NULL, FALSE);
  PsWatcher *watcher = ps_glib_attach (loop);
  int fds[2];

  child_need (pipe (fds) == 0 && dup2 (fds[1], STDERR_FILENO) == STDERR_FILENO);
  close (fds[0]);
  choose_these (watcher, SIGHUP, SIGPIPE);
  ps_watcher_on_reload (watcher, say, (gpointer) "r");
  ps_watcher_on_terminate (watcher, say_signal, NULL);
  raise (SIGHUP);
  turn ();
  child_say ("alive");
  g_idle_add (write_to_nobody, NULL);
  child_sayf ("status %d", ps_watcher_run (watcher));
  ps_watcher_unref (watcher);
  g_main_loop_unref (loop);
  return 0;
}

static void
g19 (void)
{
  Proc *child = proc_start (pipe_child, NULL);

  proc_expect_lines (child, "reload: r", "alive", "terminate: signal 13, recommended 141",
                     "status 141");
  proc_expect_exit (child, 0);
}

/* --- T02, N10: deadlines and limits, whatever the list --------------------------------------- */

typedef struct
{
  int signum; /* the only one; 0: none */
  gboolean changes;
} Only;

static void
hang (PsContext *context, gpointer unused)
{
  say (context, (gpointer) "hangs");
  for (;;)
    sleep (1000);
}

static void
choose_only (PsWatcher *watcher, const Only *only)
{
  if (only->changes)
    {
      choose_these (watcher, SIGRTMAX, GLIBS_SIGNAL);
      choose_signals (watcher, NULL, 0);
      choose_these (watcher, SIGTERM);
    }
  choose_signals (watcher, &only->signum, only->signum != 0);
}

static int
hanging_child (gconstpointer data)
{
  const Only *only = data;
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, FORCED_MS);
  choose_only (watcher, only);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE | PS_EVENT_QUIT, "hang", 0, 0, hang, NULL, NULL);
  if (only->signum == 0)
    quit_soon (watcher, 7);
  return run (watcher);
}

static const Only onlys[] = {
  { SIGTERM, TRUE }, { SIGQUIT, FALSE }, { PLAIN_SIGNAL, TRUE }, { GLIBS_SIGNAL, FALSE },
  { SIGPIPE, TRUE }, { 40, TRUE },       { 0, FALSE },           { 0, TRUE },
};

static void
t02 (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (onlys); i++)
    {
      Proc *child = proc_start (hanging_child, &onlys[i]);
      int signum = onlys[i].signum;

      proc_expect (child, "ready");
      if (signum != 0)
        proc_kill (child, signum);
      proc_expect (child, signum != 0 ? "terminate: hangs" : "quit: hangs");
      proc_expect_exit (child, signum != 0 ? 128 + signum : 7);
    }
}

/* The timer that a signal has armed moves with the list. */
static int
armed_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_deadline (watcher, FORCED_MS);
  choose_these (watcher, SIGTERM, SIGQUIT);
  raise (SIGTERM);
  choose_these (watcher, SIGTERM, SIGRTMIN);
  child_say ("hangs");
  for (;;)
    sleep (1000);
  return 0;
}

static void
t02_armed (void)
{
  Proc *child = proc_start (armed_child, NULL);

  proc_expect (child, "hangs");
  proc_expect_exit (child, 143);
}

typedef struct
{
  const Only *only;
  Inbox *inbox;
} Deaf;

static int
deaf_child (gconstpointer data)
{
  const Deaf *deaf = data;
  PsWatcher *watcher = watch_managed (deaf->inbox);

  choose_only (watcher, deaf->only);
  if (deaf->only->signum == 0)
    quit_soon (watcher, 0);
  return run (watcher);
}

/* A manager that does not read is not waited for. */
static void
n10 (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (onlys); i++)
    {
      const Deaf deaf = { &onlys[i], inbox_new () };
      int signum = onlys[i].signum;
      Proc *child;

      inbox_fill (deaf.inbox);
      child = proc_start (deaf_child, &deaf);
      proc_expect (child, "ready");
      if (signum != 0)
        proc_kill (child, signum);
      proc_expect_lines (child, signum != 0 ? "terminate: t" : "quit: q", "finish: f");
      proc_expect_exit (child, signum != 0 ? 128 + signum : 0);
    }
}

static int
empty_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  choose_signals (watcher, NULL, 0);
  return run (watcher);
}

/* With an empty list every signal does what it does without us; so does the one that timers use. */
static void
ends_01 (void)
{
  static const int signums[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

  for (guint i = 0; i < G_N_ELEMENTS (signums); i++)
    {
      Proc *child = proc_start (empty_child, NULL);

      proc_expect (child, "ready");
      proc_kill (child, signums[i]);
      proc_expect_signal (child, signums[i]);
    }
  for (int signum = SIGRTMIN; signum <= SIGRTMAX; signum++)
    {
      Proc *child = proc_start (empty_child, NULL);

      proc_expect (child, "ready");
      proc_kill (child, signum);
      proc_expect_signal (child, signum);
    }
}

/* --- F02: children ---------------------------------------------------------------------------- */

static int
forking_child (gconstpointer data)
{
  const int signums[] = { SIGQUIT, PLAIN_SIGNAL, GLIBS_SIGNAL, SIGPIPE, SIGRTMIN, SIGRTMAX };
  PsWatcher *watcher = watch_all ();

  choose_signals (watcher, signums, G_N_ELEMENTS (signums));
  for (guint i = 0; i < G_N_ELEMENTS (signums); i++)
    {
      pid_t pid = fork ();
      g_autofree char *end = NULL, *wanted = proc_describe (signums[i]);

      if (pid == 0)
        {
          raise (signums[i]);
          _exit (0);
        }
      end = child_wait_for (pid);
      if (!g_str_has_prefix (end, wanted))
        child_sayf ("%s instead of %s", end, wanted);
    }
  return run (watcher);
}

static void
f02 (void)
{
  expect_stop (proc_start (forking_child, NULL), SIGQUIT, 131, "terminate: t", "finish: f");
}

/* --- Asking again; names ---------------------------------------------------------------------- */

static void
say_names (int priority, const char *message, const GLogField *fields, gsize n_fields,
           gpointer unused)
{
  const char *name = record_field (fields, n_fields, "PS_SIGNAL");

  if (name != NULL)
    child_say (name);
}

static void
hold_for_ever (PsContext *context, gpointer word)
{
  say (context, word);
  ps_hold_ref (ps_context_hold (context, "for ever"));
}

static int
pressed_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  choose_these (watcher, SIGINT, SIGQUIT, SIGRTMIN + 3);
  ps_watcher_set_log_func (watcher, say_names, NULL, NULL);
  ps_watcher_on_terminate (watcher, hold_for_ever, (gpointer) "holds");
  ps_watcher_on_finish (watcher, hold_for_ever, (gpointer) "holds, too");
  return run (watcher);
}

/* SIGQUIT is a key, too: the second hurries, the third forces. What is no key only asks again. */
static void
g11 (void)
{
  Proc *child = proc_start (pressed_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGINT);
  proc_expect_lines (child, "SIGINT", "terminate: holds");
  g_usleep (NEXT_WISH_MS * 1000);
  proc_kill (child, SIGRTMIN + 3);
  proc_expect (child, "SIGRTMIN+3");
  proc_kill (child, SIGQUIT);
  proc_expect_lines (child, "SIGQUIT", "finish: holds, too");
  g_usleep (NEXT_WISH_MS * 1000);
  proc_kill (child, SIGQUIT);
  proc_expect_exit (child, 131);
}

static int
named_child (gconstpointer signum)
{
  PsWatcher *watcher = watch ();

  choose_these (watcher, GPOINTER_TO_INT (signum));
  ps_watcher_set_log_func (watcher, say_names, NULL, NULL);
  return run (watcher);
}

static void
names_01 (void)
{
  static const struct
  {
    int signum;
    const char *name;
  } rows[] = { { SIGQUIT, "SIGQUIT" }, { SIGXCPU, "SIGXCPU" },     { SIGIO, "SIGPOLL" },
               { SIGPWR, "SIGPWR" },   { SIGSTKFLT, "SIGSTKFLT" }, { 34, "SIGRTMIN+0" },
               { 37, "SIGRTMIN+3" },   { 64, "SIGRTMIN+30" } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    expect_stop (proc_start (named_child, GINT_TO_POINTER (rows[i].signum)), rows[i].signum,
                 128 + rows[i].signum, rows[i].name, rows[i].name);
}

/* --- Standard error that nobody reads --------------------------------------------------------- */

static int
full_child (gconstpointer signum)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = ps_glib_attach (loop);
  int fds[2];

  child_need (pipe (fds) == 0 && dup2 (fds[1], STDERR_FILENO) == STDERR_FILENO);
  child_need (fcntl (fds[1], F_SETFL, O_NONBLOCK) == 0);
  while (write (fds[1], "x", 1) == 1)
    ;
  child_need (fcntl (fds[1], F_SETFL, 0) == 0);
  choose_these (watcher, SIGTERM, GPOINTER_TO_INT (signum));
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  say_ready_soon ();
  return ps_watcher_run (watcher);
}

/* What bounds a write comes by a signal that is not blocked while we write. */
static void
full (void)
{
  expect_stop (proc_start (full_child, GINT_TO_POINTER (SIGXFSZ)), SIGTERM, 143, "terminate: t");
  expect_stop (proc_start (full_child, GINT_TO_POINTER (SIGXCPU)), SIGTERM, 143, "terminate: t");
}

static int
only_pipe_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  choose_these (watcher, SIGPIPE);
  ps_watcher_set_deadline (watcher, FORCED_MS);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "hang", 0, 0, hang, NULL, NULL);
  return run (watcher);
}

static void
only_pipe (void)
{
  expect_stop (proc_start (only_pipe_child, NULL), SIGPIPE, 141, "terminate: hangs");
}

static const TapCase cases[] = {
  { "G11", "SIGQUIT is a second one after SIGINT, a realtime signal is not", g11 },
  { "G19", "SIGPIPE, when chosen, ends; but not for what the library writes", g19 },
  { "F02", "a forked child dies of each as if we were not there", f02 },
  { "N10", "a manager that does not read, whatever the list is", n10 },
  { "T02", "a callback that hangs, whatever the list is", t02 },
  { "T02b", "a list that changes when the timer runs", t02_armed },
  { "stderr-01", "standard error that nobody reads, whatever the list is", full },
  { "T02g", "where SIGPIPE is all that was chosen, the timer comes by another", only_pipe },
  { "ends-01", "with an empty list every signal does what it does without us", ends_01 },
  { "names-01", "the journal names each", names_01 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
