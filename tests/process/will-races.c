/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * W07: a hostile sibling that may write to the directory swaps a component of a path, as fast as it
 * can, between a directory and a symbolic link that leads out, while clauses are carried out in it.
 * Nothing outside is ever removed, by openat2() or step by step. W11: what a clause meets may be
 * deep or full; nothing is walked through.
 */

#include "will-common.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- W07 ------------------------------------------------------------------------------------- */

/* "way" is, in turn, the directory and the link; each change is one system call. */
static void
swap_for_ever (const char *place)
{
  g_autofree char *way = in_place (place, "way"), *link_path = in_place (place, "link");

  for (;;)
    syscall (SYS_renameat2, AT_FDCWD, way, AT_FDCWD, link_path, 2 /* RENAME_EXCHANGE */);
}

static void
end_swapper (gpointer pid)
{
  kill (GPOINTER_TO_INT (pid), SIGKILL);
  waitpid (GPOINTER_TO_INT (pid), NULL, 0);
}

static int
race_child (gconstpointer data)
{
  const char *place = data;
  PsWatcher *watcher = watch_with_record (place);
  g_autofree char *path = in_place (place, "way/victim");
  guint armed = 0;

  /* While the sibling is at it: at times the way is a link, and the clause is refused. */
  for (guint i = 0; i < tap_number (300, 100000) || armed == 0; i++)
    {
      guint clause = ps_watcher_will_unlink (watcher, path, NULL);

      armed += clause != 0;
      if (clause != 0 && i % 64 != 0)
        ps_watcher_will_revoke (watcher, clause);
    }
  return run (watcher);
}

static void
w07 (void)
{
  const char *place = new_directory (), *outside = new_directory ();
  g_autofree char *way = in_place (place, "way"), *link_path = in_place (place, "link");
  pid_t swapper;
  Proc *child;

  make_file (outside, "victim");
  tap_check (g_mkdir (way, 0700) == 0 && symlink (outside, link_path) == 0);
  swapper = fork ();
  if (swapper == 0)
    swap_for_ever (place);
  tap_defer (end_swapper, GINT_TO_POINTER (swapper));
  child = proc_start (race_child, place);
  proc_set_patience (child, 600000);
  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
  tap_check (is_there (outside, "victim"));
}

/* The sibling swaps while clauses are carried out, each of which has a file in the directory. */
static int
many_files_child (gconstpointer data)
{
  const char *place = data;
  PsWatcher *watcher = watch_with_record (place);

  for (guint i = 0; i < tap_number (300, 100000) / 10; i++)
    {
      g_autofree char *name = g_strdup_printf ("way/%u", i);

      will_unlink (watcher, place, name);
    }
  return run (watcher);
}

static void
w07_settle (void)
{
  const char *place = new_directory (), *outside = new_directory ();
  g_autofree char *way = in_place (place, "way"), *link_path = in_place (place, "link");
  pid_t swapper;
  Proc *child;

  tap_check (g_mkdir (way, 0700) == 0 && symlink (outside, link_path) == 0);
  for (guint i = 0; i < tap_number (300, 100000) / 10; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      make_file (way, name);
      make_file (outside, name);
    }
  child = proc_start (many_files_child, place);
  proc_set_patience (child, 600000);
  proc_expect (child, "ready");
  swapper = fork ();
  if (swapper == 0)
    swap_for_ever (place);
  tap_defer (end_swapper, GINT_TO_POINTER (swapper));
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
  for (guint i = 0; i < tap_number (300, 100000) / 10; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      tap_check (is_there (outside, name));
    }
}

/* --- W11 ------------------------------------------------------------------------------------- */

static int
full_directory_child (gconstpointer data)
{
  const char *place = data;
  PsWatcher *watcher = watch_with_record (place);
  g_autofree char *full = in_place (place, "full");

  child_need (ps_watcher_will_rmdir (watcher, full, NULL) != 0);
  return run (watcher);
}

static void
w11 (void)
{
  const char *place = new_directory ();
  g_autofree char *full = in_place (place, "full");
  Proc *child;

  tap_check (g_mkdir (full, 0700) == 0);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *name = g_strdup_printf ("full/%u", i);

      make_file (place, name);
    }
  child = proc_start (full_directory_child, place);
  proc_expect (child, "ready");
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  settle (place, 0);
  tap_check (strstr (settle_said (), "0 done, 1 left alone") != NULL);
  tap_check (is_there (place, "full/999"));
}

/* --- Compaction ------------------------------------------------------------------------------ */

static int
churning_child (gconstpointer data)
{
  const char *place = data;
  PsWatcher *watcher = watch_with_record (place);

  will_unlink (watcher, place, "a");
  for (guint i = 0; i < 5000; i++)
    {
      guint clause = will_unlink (watcher, place, "kept");

      child_need (ps_watcher_will_revoke (watcher, clause));
    }
  will_unlink (watcher, place, "b");
  return run (watcher);
}

/* The file of a daemon that registers and revokes for ever stays small, and is still the will. */
static void
compaction (void)
{
  const char *place = new_directory ();
  Proc *child;
  gsize length = 0;
  g_autofree char *bytes = NULL;

  make_file (place, "a");
  make_file (place, "b");
  make_file (place, "kept");
  child = proc_start (churning_child, place);
  proc_expect (child, "ready");
  bytes = read_will (place, &length);
  tap_check_int (length, <, 70 * 1024);
  settle (place, 0);
  tap_check (is_there (place, "a"));
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
  settle (place, 0);
  tap_check (!is_there (place, "a") && !is_there (place, "b") && is_there (place, "kept"));
}

static const TapCase cases[] = {
  { "W07", "a component is swapped while clauses are registered and carried out", w07 },
  { "W07", "... and while many are carried out: nothing outside is touched", w07_settle },
  { "W11", "a directory that is not empty is left alone", w11 },
  { "W17", "a will stays small, and keeps what counts", compaction },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
