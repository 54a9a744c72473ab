/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cancellable, in a program that is linked to GIO (this one), and in one that is not. */
#include "common.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

static gboolean vetoed;

static void
say_cancelled (PsContext *context, gpointer watcher)
{
  child_sayf ("%s: cancelled %d", event_name (context),
              g_cancellable_is_cancelled (ps_watcher_get_cancellable (watcher)));
  if (ps_context_get_event (context) == PS_EVENT_QUERY && !vetoed)
    ps_context_veto (context, "not yet");
  vetoed = TRUE;
}

/* Another function, so that the query before does not stand for it. */
static void
say_cancelled_too (PsContext *context, gpointer watcher)
{
  say_cancelled (context, watcher);
}

static int
cancellable_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_query (watcher, say_cancelled, watcher);
  ps_watcher_on_resume (watcher, say_cancelled_too, watcher);
  ps_watcher_on_terminate (watcher, say_cancelled_too, watcher);
  return run (watcher);
}

static void
cancellable_01 (void)
{
  Proc *child = proc_start (cancellable_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "query: cancelled 0", "resume: cancelled 0");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "query: cancelled 0", "terminate: cancelled 1");
  proc_expect_exit (child, 143);
}

static int
late_cancellable_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, say_cancelled, watcher);
  return run (watcher);
}

static void
cancellable_02 (void)
{
  Proc *child = proc_start (late_cancellable_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: cancelled 1");
  proc_expect_exit (child, 143);
}

/* --- In a program that is linked to GLib only ------------------------------------------------ */

static int
plain_child (gconstpointer what)
{
  execl (PS_TEST_PLAINHOST, "plainhost", what, NULL);
  return 1;
}

static void
cancellable_03 (void)
{
  Proc *child = proc_start (plain_child, "before");

  proc_expect_lines (child, "GIO at the start: no", "cancellable: yes", "GIO: yes", "cancelled: 0",
                     "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "cancelled: 1");
  proc_expect_exit (child, 143);
  proc_expect_no_output (child, "WARNING");
}

static void
cancellable_04 (void)
{
  Proc *child = proc_start (plain_child, "within");

  proc_expect_lines (child, "GIO at the start: no", "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "cancellable: no", "GIO: no");
  proc_expect_exit (child, 143);
  proc_expect_output (child, "ps_watcher_get_cancellable: there is no libgio-2.0.so.0");
}

/* --- Where there is no GIO ------------------------------------------------------------------- */

/* A file of that name which is no library: the loader looks no further. */
static int
poor_child (gconstpointer what)
{
  g_autofree char *directory = g_dir_make_tmp ("ps-test-XXXXXX", NULL);
  g_autofree char *gio = g_build_filename (directory, "libgio-2.0.so.0", NULL);
  g_autofree char *gobject = g_build_filename (directory, "libgobject-2.0.so.0", NULL);
  char *arguments[] = { (char *) PS_TEST_PLAINHOST, (char *) what, NULL };
  int status;

  child_need (g_file_set_contents (gio, "none", -1, NULL));
  child_need (g_file_set_contents (gobject, "none", -1, NULL));
  g_setenv ("LD_LIBRARY_PATH", directory, TRUE);
  child_need (g_spawn_sync (NULL, arguments, NULL,
                            G_SPAWN_LEAVE_DESCRIPTORS_OPEN | G_SPAWN_CHILD_INHERITS_STDIN, NULL,
                            NULL, NULL, NULL, &status, NULL));
  g_unlink (gio);
  g_unlink (gobject);
  g_rmdir (directory);
  return WEXITSTATUS (status);
}

static void
cancellable_05 (void)
{
  Proc *child = proc_start (poor_child, "once");

  proc_expect_lines (child, "GIO at the start: no", "cancellable: no", "GIO: no");
  proc_expect_exit (child, 3);
  proc_expect_output (child, "ps_watcher_get_cancellable: there is no libgio-2.0.so.0");
}

static void
types_01 (void)
{
  Proc *child = proc_start (plain_child, "types");

  proc_expect_lines (child, "PsWatcher", "PsContext", "PsHold", "PsRun");
  proc_expect_exit (child, 0);

  child = proc_start (poor_child, "types");
  proc_expect_lines (child, "none", "none", "none", "none");
  proc_expect_exit (child, 0);
  proc_expect_output (child, "PsHold: there is no libgobject-2.0.so.0");
}

static const TapCase cases[] = {
  { "cancellable-01", "cancelled when nobody can veto any more", cancellable_01 },
  { "cancellable-02", "one first asked for in the exit is cancelled", cancellable_02 },
  { "cancellable-03", "where nothing is linked to GIO it is loaded", cancellable_03 },
  { "cancellable-04", "but not in an exit", cancellable_04 },
  { "cancellable-05", "where there is no GIO there is none, and a warning", cancellable_05 },
  { "types-01", "the same of GObject, for those who ask for types", types_01 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
