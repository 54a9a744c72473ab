/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an exit begins: quits, early signals, races (O11), SIGHUP. */
#include "common.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Quits and statuses ----------------------------------------------------------------------- */

static gpointer
quit_from_thread (gpointer watcher)
{
  child_await ("quit");
  ps_watcher_quit (watcher, 9);
  child_say ("asked");
  ps_watcher_quit (watcher, 10);
  return NULL;
}

static void
say_code (PsContext *context, gpointer word)
{
  child_sayf ("%s: %s, code %d, recommended %d, signal %d, %s, %s", event_name (context),
              (const char *) word, ps_context_get_exit_code (context),
              ps_context_get_recommended_exit_status (context), ps_context_get_signal (context),
              ps_context_get_sender (context) == NULL ? "nobody" : "somebody",
              ps_context_get_previous_action (context) == NULL ? "no action" : "an action");
}

static int
thread_quit_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();
  GThread *thread;

  ps_watcher_on_quit (watcher, say_code, (gpointer) "q");
  thread = g_thread_new ("quits", quit_from_thread, watcher);
  child_sayf ("status before: %d", ps_watcher_get_exit_status (watcher));
  say_ready_soon ();
  child_sayf ("run: %d", ps_watcher_run (watcher));
  child_sayf ("status after: %d", ps_watcher_get_exit_status (watcher));
  g_thread_join (thread);
  return 1;
}

/* "asked" may come anywhere: the loop's thread is woken at once. */
static void
quit_01 (void)
{
  static const char said[] = "quit: q, code 9, recommended 9, signal 0, nobody, no action";
  Proc *child = proc_start (thread_quit_child, NULL);
  guint n_asked = 0;

  proc_expect_lines (child, "status before: 0", "ready");
  proc_tell (child, "quit");
  for (guint i = 0; i < 4 && !tap_failed (); i++)
    {
      static const char *const wanted[] = { said, "run: 9", "status after: 9" };
      const char *line = proc_next (child);

      if (g_str_equal (line, "asked"))
        n_asked++;
      else if (i - n_asked >= G_N_ELEMENTS (wanted) || !g_str_equal (line, wanted[i - n_asked]))
        tap_fail (G_STRLOC, "the child said \"%s\"", line);
    }
  tap_check_int (n_asked, ==, 1);
  /* What main() returns is the end, when it is not what ps_watcher_run() gave. */
  proc_expect_exit (child, 1);
}

static int
own_loop_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  say_ready_soon ();
  g_main_loop_run (the_loop ());
  child_sayf ("status: %d", ps_watcher_get_exit_status (watcher));
  return ps_watcher_get_exit_status (watcher);
}

static void
quit_02 (void)
{
  expect_stop (proc_start (own_loop_child, NULL), SIGINT, 130, "terminate: t", "status: 130");
}

static void
quit_again (PsContext *context, gpointer code)
{
  ps_watcher_quit (ps_watcher_get_default (), GPOINTER_TO_INT (code));
  say (context, (gpointer) "quits");
}

static int
quit_in_terminate_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_terminate (watcher, quit_again, GINT_TO_POINTER (77));
  ps_watcher_on_quit (watcher, say, (gpointer) "never");
  ps_watcher_on_finish (watcher, quit_again, GINT_TO_POINTER (78));
  return run (watcher);
}

/* During an exit it changes nothing: the first cause is kept. */
static void
quit_03 (void)
{
  expect_stop (proc_start (quit_in_terminate_child, NULL), SIGTERM, 143, "terminate: quits",
               "terminate: t", "finish: quits");
}

static int
quit_before_run_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  ps_watcher_quit (watcher, 5);
  child_say ("asked");
  return run_quietly (watcher);
}

static void
quit_04 (void)
{
  Proc *child = proc_start (quit_before_run_child, NULL);

  proc_expect_lines (child, "asked", "quit: q");
  proc_expect_exit (child, 5);
}

/* --- Before the loop turns -------------------------------------------------------------------- */

static int
early_child (gconstpointer prepares)
{
  PsWatcher *watcher;

  if (prepares != NULL)
    {
      ps_prepare ();
      raise (SIGTERM);
    }
  watcher = watch ();
  ps_watcher_on_terminate (watcher, say_code, (gpointer) "t");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  if (prepares == NULL)
    raise (SIGTERM);
  return run_quietly (watcher);
}

static void
early_01 (void)
{
  static const char *const ways[] = { NULL, "prepares" };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      Proc *child = proc_start (early_child, ways[i]);

      proc_expect_lines (child,
                         "terminate: t, code 143, recommended 143, signal 15, somebody, an action",
                         "finish: f");
      proc_expect_exit (child, 143);
    }
}

static int
prepared_only_child (gconstpointer data)
{
  pid_t pid;
  g_autofree char *end = NULL;

  ps_prepare ();
  raise (SIGTERM);
  raise (SIGHUP);
  raise (SIGINT);
  pid = fork ();
  if (pid == 0)
    {
      raise (SIGTERM);
      exit (3);
    }
  end = child_wait_for (pid);
  child_sayf ("the forked: %s", end);
  return 4;
}

/* Who prepares and never attaches ends as usual. */
static void
early_02 (void)
{
  Proc *child = proc_start (prepared_only_child, NULL);

  proc_expect (child, "the forked: signal 15 (Terminated)");
  proc_expect_exit (child, 4);
}

/* --- O11: a signal and the end of main, racing ------------------------------------------------ */

static gboolean
quit_the_loop (gpointer unused)
{
  g_main_loop_quit (the_loop ());
  return G_SOURCE_REMOVE;
}

static gboolean
start_race (gpointer unused)
{
  child_say ("ready");
  g_timeout_add (1, quit_the_loop, NULL);
  return G_SOURCE_REMOVE;
}

static int
racing_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  g_idle_add (start_race, NULL);
  return run_quietly (watcher);
}

static void
o11 (void)
{
  guint n_terminated = 0;

  for (guint i = 0; i < 200 && !tap_failed (); i++)
    {
      Proc *child = proc_start (racing_child, NULL);
      gboolean terminated;
      const char *line;

      proc_expect (child, "ready");
      g_usleep (i % 20 * 100);
      proc_kill (child, SIGTERM);
      line = proc_next (child);
      terminated = g_str_equal (line, "terminate: t");
      tap_check (terminated || g_str_equal (line, "quit: q"));
      proc_expect (child, "finish: f");
      proc_expect_exit (child, terminated ? 143 : 0);
      n_terminated += terminated;
    }
  tap_check_int (n_terminated, >, 0);
}

/* --- SIGHUP ----------------------------------------------------------------------------------- */

typedef struct
{
  PsHangup hangup;
  gboolean has_reload;
} Hangup;

static int
hangup_child (gconstpointer data)
{
  const Hangup *row = data;
  PsWatcher *watcher = watch ();

  ps_watcher_set_hangup (watcher, row->hangup);
  if (row->has_reload)
    ps_watcher_on_reload (watcher, say, (gpointer) "r");
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  return run (watcher);
}

static void
expect_hangup (PsHangup hangup, gboolean has_reload, const char *line, int status)
{
  Hangup row = { hangup, has_reload };
  Proc *child = proc_start (hangup_child, &row);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  if (status == 129)
    {
      proc_expect (child, line);
      proc_expect_exit (child, 129);
      return;
    }
  if (line != NULL)
    proc_expect (child, line);
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: t");
  proc_expect_exit (child, 143);
}

static void
hangup_01 (void)
{
  expect_hangup (PS_HANGUP_AUTO, FALSE, "terminate: t", 129);
  expect_hangup (PS_HANGUP_AUTO, TRUE, "reload: r", 143);
  expect_hangup (PS_HANGUP_RELOAD, TRUE, "reload: r", 143);
  expect_hangup (PS_HANGUP_TERMINATE, FALSE, "terminate: t", 129);
  expect_hangup (PS_HANGUP_TERMINATE, TRUE, "terminate: t", 129);
  expect_hangup (PS_HANGUP_IGNORE, FALSE, NULL, 143);
  expect_hangup (PS_HANGUP_IGNORE, TRUE, NULL, 143);
  expect_hangup (PS_HANGUP_RELOAD, FALSE, NULL, 143);
}

static const TapCase cases[] = {
  { "quit-01", "quit from a thread: its code everywhere, the first counts", quit_01 },
  { "quit-02", "who runs the loop himself asks for the status", quit_02 },
  { "quit-03", "quit during an exit changes nothing", quit_03 },
  { "quit-04", "quit before the loop runs", quit_04 },
  { "early-01", "a signal before attach (prepared) or before the loop turns is handled", early_01 },
  { "early-02", "prepared and never attached: signals are kept, exit is exit", early_02 },
  { "O11", "a signal and the end of the loop race: finish once, and the status fits", o11 },
  { "hangup-01", "what SIGHUP means, set and unset", hangup_01 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
