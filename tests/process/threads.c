/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ends the process from other threads, while callbacks run. */
#include "common.h"

#include <stdlib.h>
#include <unistd.h>

static gpointer
exit_in_thread (gpointer code)
{
  child_await ("exit");
  child_say ("exits");
  exit (GPOINTER_TO_INT (code));
}

static int
idle_loop_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  in_thread (exit_in_thread, GINT_TO_POINTER (8));
  run (watcher);
  /* It is the other thread that ends the process. */
  for (;;)
    pause ();
  return 0;
}

static void
thread_01 (void)
{
  Proc *child = proc_start (idle_loop_child, NULL);

  proc_expect (child, "ready");
  proc_tell (child, "exit");
  proc_expect (child, "exits");
  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 8);
}

static gpointer
exit_after_block (gpointer code)
{
  child_say ("exits");
  exit (GPOINTER_TO_INT (code));
}

static void
block_and_exit (PsContext *context, gpointer code)
{
  child_say ("begins");
  in_thread (exit_after_block, code);
  child_await ("return");
  child_say ("ends");
}

static int
exit_meanwhile_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  ps_watcher_add (watcher, PS_EVENT_TERMINATE, NULL, -1, 0, block_and_exit, GINT_TO_POINTER (8),
                  NULL);
  run (watcher);
  for (;;)
    pause ();
  return 0;
}

static void
thread_02 (void)
{
  Proc *child = proc_start (exit_meanwhile_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "begins", "exits");
  proc_tell (child, "return");
  proc_expect_lines (child, "ends", "terminate: t", "finish: f");
  proc_expect_exit (child, 8);
}

static int
no_loop_child (gconstpointer data)
{
  watch_all ();
  child_say ("ready");
  in_thread (exit_in_thread, GINT_TO_POINTER (9));
  for (;;)
    pause ();
  return 0;
}

static void
thread_03 (void)
{
  Proc *child = proc_start (no_loop_child, NULL);

  proc_expect (child, "ready");
  proc_tell (child, "exit");
  proc_expect_lines (child, "exits", "quit: q", "finish: f");
  proc_expect_exit (child, 9);
}

/* --- A scope that two threads end ------------------------------------------------------------- */

static gpointer
end_scope (gpointer scope)
{
  child_say ("ends the scope");
  ps_scope_end (scope);
  child_say ("scope ended");
  return NULL;
}

static PsScope *scope;

static void
slow_cleanup (PsContext *context, gpointer word)
{
  child_sayf ("%s: %s begins", event_name (context), (const char *) word);
  in_thread (end_scope, scope);
  child_await ("return");
  child_sayf ("%s: %s ends", event_name (context), (const char *) word);
}

static int
scope_child (gconstpointer data)
{
  PsWatcher *watcher = watch_all ();

  scope = ps_scope_new (watcher, slow_cleanup, (gpointer) "scope");
  say_ready_soon ();
  child_sayf ("status %d", ps_watcher_run (watcher));
  child_await ("end");
  return 0;
}

static void
thread_04 (void)
{
  Proc *child = proc_start (scope_child, NULL);
  guint n_ended = 0;

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  /* The scope was registered last, and is a finish callback like the other. */
  proc_expect_lines (child, "terminate: t", "finish: scope begins", "ends the scope");
  proc_tell (child, "return");
  proc_expect (child, "finish: scope ends");
  for (guint i = 0; i < 3 && !tap_failed (); i++)
    {
      static const char *const wanted[] = { "finish: f", "status 143" };
      const char *line = proc_next (child);

      if (g_str_equal (line, "scope ended"))
        n_ended++;
      else if (i - n_ended >= 2 || !g_str_equal (line, wanted[i - n_ended]))
        tap_fail (G_STRLOC, "the child said \"%s\"", line);
    }
  tap_check_int (n_ended, ==, 1);
  proc_tell (child, "end");
  proc_expect_exit (child, 0);
}

static const TapCase cases[] = {
  { "thread-01", "exit() in a thread while the loop is idle", thread_01 },
  { "thread-02", "exit() in a thread waits for the callback that runs", thread_02 },
  { "thread-03", "exit() in a thread when no loop runs", thread_03 },
  { "thread-04", "a scope ended by a thread waits for the one that runs it", thread_04 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
