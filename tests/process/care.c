/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkpoints and scopes: what is saved and undone by an exit. */
#include "common.h"

#include <stdlib.h>
#include <unistd.h>

static PsHold *hold;

/* --- Checkpoints ------------------------------------------------------------------------------ */

static void
checkpoint (PsContext *context, gpointer unused)
{
  static guint n;

  if (++n <= 3)
    child_sayf ("%s %u", event_name (context), n);
  if (n == 3)
    kill (getpid (), SIGTERM);
  else if (n > 3)
    child_sayf ("%s at the end", event_name (context));
}

static int
checkpoint_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_add_checkpoint (watcher, 50, checkpoint, NULL);
  return run_quietly (watcher);
}

static void
checkpoint_01 (void)
{
  Proc *child = proc_start (checkpoint_child, NULL);

  proc_expect_lines (child, "checkpoint 1", "checkpoint 2", "checkpoint 3", "checkpoint at the end",
                     "terminate: t");
  proc_expect_exit (child, 143);
}

static int
far_checkpoint_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  ps_watcher_add_checkpoint (watcher, G_MAXUINT, say, (gpointer) "only at the end");
  return run (watcher);
}

static void
checkpoint_02 (void)
{
  expect_stop (proc_start (far_checkpoint_child, NULL), SIGTERM, 143, "checkpoint: only at the end",
               "terminate: t");
}

/* A round is left out while a hold of the last is not released. */
static guint rounds;

static gboolean
release_round (gpointer unused)
{
  child_sayf ("%u round", rounds);
  ps_hold_release (hold);
  hold = NULL;
  return G_SOURCE_REMOVE;
}

static void
slow_checkpoint (PsContext *context, gpointer unused)
{
  rounds++;
  if (rounds == 1)
    {
      hold = ps_context_hold (context, "the disk");
      g_timeout_add (200, release_round, NULL);
    }
  else if (rounds == 2)
    child_say ("goes on");
}

static int
slow_checkpoint_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_add_checkpoint (watcher, 10, slow_checkpoint, NULL);
  return run_quietly (watcher);
}

static void
checkpoint_03 (void)
{
  Proc *child = proc_start (slow_checkpoint_child, NULL);

  proc_expect_lines (child, "1 round", "goes on");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

/* One that another thread's exit() finds at work is waited for. */
static int at_work; /* atomic */

static gpointer
exit_thread (gpointer unused)
{
  exit (3);
}

static void
busy_checkpoint (PsContext *context, gpointer unused)
{
  static gboolean has_begun;

  if (g_atomic_int_add (&at_work, 1) > 0)
    child_say ("twice at once");
  child_say ("begins");
  if (!has_begun)
    {
      has_begun = TRUE;
      in_thread (exit_thread, NULL);
      g_usleep (200 * 1000);
    }
  child_say ("ends");
  g_atomic_int_add (&at_work, -1);
}

static int
busy_checkpoint_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_add_checkpoint (watcher, 10, busy_checkpoint, NULL);
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  return run_quietly (watcher);
}

static void
checkpoint_04 (void)
{
  Proc *child = proc_start (busy_checkpoint_child, NULL);
  const char *line;
  guint n = 0;

  /* One round, or more where the thread is late, and the one that the exit begins with. */
  while (line = proc_next (child), g_str_equal (line, "begins"))
    {
      proc_expect (child, "ends");
      n++;
    }
  tap_check (g_str_equal (line, "quit: q"));
  tap_check_int (n, >=, 2);
  proc_expect_exit (child, 3);
}

/* --- Scopes ----------------------------------------------------------------------------------- */

static void
use_scopes (PsWatcher *watcher)
{
  G_GNUC_UNUSED g_autoptr (PsScope) outer = ps_scope_new (watcher, say, (gpointer) "outer");
  G_GNUC_UNUSED g_autoptr (PsScope) inner = ps_scope_new (watcher, say, (gpointer) "inner");

  child_say ("in the block");
}

static int
scope_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();
  PsScope *open;

  use_scopes (watcher);
  ps_scope_end (NULL);
  open = ps_scope_new (watcher, say, (gpointer) "open");
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  say_ready_soon ();
  child_sayf ("status %d", ps_watcher_run (watcher));
  /* It has run; ending it now only frees it. */
  ps_scope_end (open);
  child_say ("ended");
  return 0;
}

static void
scope_01 (void)
{
  Proc *child = proc_start (scope_child, NULL);

  proc_expect_lines (child, "in the block", "finish: inner", "finish: outer", "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: open", "status 143", "ended");
  proc_expect_exit (child, 0);
}

static int
exit_in_scope_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();
  G_GNUC_UNUSED g_autoptr (PsScope) scope = ps_scope_new (watcher, say, (gpointer) "scope");

  exit (6);
}

static void
scope_02 (void)
{
  Proc *child = proc_start (exit_in_scope_child, NULL);

  proc_expect (child, "finish: scope");
  proc_expect_exit (child, 6);
}

static const TapCase cases[] = {
  { "checkpoint-01", "checkpoints run now and then, and at the beginning of an exit",
    checkpoint_01 },
  { "checkpoint-02", "an interval of 49 days does not wrap round", checkpoint_02 },
  { "checkpoint-03", "a round is left out while the last one holds", checkpoint_03 },
  { "checkpoint-04", "no round and exit call one at once", checkpoint_04 },
  { "scope-01", "a scope ends by its block, or with the process", scope_01 },
  { "scope-02", "exit() within a scope", scope_02 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
