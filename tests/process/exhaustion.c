/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* E03: no threads are to be had. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_USER "no other user"
#define NO_CGROUP "no pids cgroup"

/* Nobody else's, nor another run's: RLIMIT_NPROC counts all threads that a user has. */
static uid_t
lonely_uid (void)
{
  return 300000000 + (uid_t) getpid ();
}

static void
attach_and_say (void)
{
  GMainLoop *loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  PsWatcher *watcher = ps_glib_try_attach (loop, &error);

  if (watcher == NULL)
    {
      child_sayf ("none: %s %d", g_quark_to_string (error->domain), error->code);
      child_sayf ("plain: %s", ps_glib_attach (loop) == NULL ? "none" : "one");
      exit (0);
    }
  child_say ("one");
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  exit (3);
}

static void
expect_attached (Proc *child, gboolean attached)
{
  if (attached)
    {
      proc_expect_lines (child, "one", "quit: q");
      proc_expect_exit (child, 3);
      return;
    }
  proc_expect_lines (child, "none: ps-error-quark 1", "plain: none");
  proc_expect_exit (child, 0);
  proc_expect_output (child, "CRITICAL");
  proc_expect_output (child, "no thread to be had");
}

/* --- RLIMIT_NPROC ----------------------------------------------------------------------------- */

static int
rlimit_child (gconstpointer spare)
{
  const uid_t uid = lonely_uid ();
  struct rlimit limit;

  child_forgive_leaks ();
  child_start_thread ();
  limit.rlim_cur = limit.rlim_max = child_count_threads () + GPOINTER_TO_UINT (spare);
  if (setgroups (0, NULL) < 0 || setresuid (uid, uid, uid) < 0)
    {
      child_say (NO_USER);
      return 0;
    }
  child_say ("user");
  child_need (setrlimit (RLIMIT_NPROC, &limit) == 0);
  attach_and_say ();
  return 0;
}

/* Whether the child has what it needs; the case is left out otherwise. */
static gboolean
goes_on (Proc *child, const char * not )
{
  const char *line = proc_next (child);

  if (tap_failed () || !g_str_equal (line, not ))
    return TRUE;
  proc_wait (child);
  tap_skip (g_str_equal (not, NO_USER) ? "needs another user" : "no cgroup with a limit on tasks");
  return FALSE;
}

/* One more is all it takes, at once: what was tried before GLib tries does not count any more. */
static void
e03 (void)
{
  for (guint spare = 0; spare <= 2 && !tap_failed (); spare++)
    {
      Proc *child = proc_start (rlimit_child, GUINT_TO_POINTER (spare));

      if (!goes_on (child, NO_USER))
        return;
      expect_attached (child, spare > 0);
    }
}

/* --- A cgroup's limit on tasks, as TasksMax= sets it ------------------------------------------ */

static gboolean
write_number (const char *directory, const char *name, int number)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autofree char *text = g_strdup_printf ("%d\n", number);
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  gboolean written = fd >= 0 && write (fd, text, strlen (text)) == (ssize_t) strlen (text);

  if (fd >= 0)
    close (fd);
  return written;
}

/* In the hierarchy of that controller, or in the unified one where the root hands it on. */
static char *
make_cgroup (void)
{
  static const char *const roots[] = { "/sys/fs/cgroup/pids", "/sys/fs/cgroup" };
  static int n;

  for (guint i = 0; i < G_N_ELEMENTS (roots); i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/ps-test-%d-%d", roots[i], (int) getpid (), ++n);
      g_autofree char *limit = g_build_filename (path, "pids.max", NULL);

      if (mkdir (path, 0755) < 0)
        continue;
      if (access (limit, W_OK) == 0)
        return g_steal_pointer (&path);
      rmdir (path);
    }
  return NULL;
}

static void
remove_cgroup (gpointer path)
{
  /* The kernel may still count what has been waited for. */
  for (guint i = 0; i < 1000 && rmdir (path) < 0 && errno == EBUSY; i++)
    g_usleep (1000);
  g_free (path);
}

typedef struct
{
  const char *cgroup;
  guint spare;
} Place;

static int
cgroup_child (gconstpointer data)
{
  const Place *place = data;

  child_forgive_leaks ();
  child_start_thread ();
  if (!write_number (place->cgroup, "cgroup.procs", getpid ()))
    {
      child_say (NO_CGROUP);
      return 0;
    }
  child_say ("cgroup");
  child_need (
      write_number (place->cgroup, "pids.max", (int) (child_count_threads () + place->spare)));
  attach_and_say ();
  return 0;
}

static void
e03_cgroup (void)
{
  for (guint spare = 0; spare <= 2 && !tap_failed (); spare++)
    {
      Place place = { .cgroup = make_cgroup (), .spare = spare };
      Proc *child;

      if (place.cgroup == NULL)
        {
          tap_skip ("no cgroup with a limit on tasks");
          return;
        }
      tap_defer (remove_cgroup, (gpointer) place.cgroup);
      child = proc_start (cgroup_child, &place);
      if (!goes_on (child, NO_CGROUP))
        return;
      expect_attached (child, spare > 0);
    }
}

static const TapCase cases[] = {
  { "E03", "attaching without threads fails, and does not end the process", e03 },
  { "E03b", "so it does in a cgroup whose tasks are used up", e03_cgroup },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
