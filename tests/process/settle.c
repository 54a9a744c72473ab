/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The helper: as whom it acts, what is none of its business, and its exit status. */

#include "will-common.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define UNNAMED 54321 /* in no list of users */

static int
one_file_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);

  will_unlink (watcher, place, "a");
  return run (watcher);
}

/* A daemon lives there, and has a will. */
static Proc *
start_in (const char *place)
{
  Proc *child;

  make_file (place, "a");
  child = proc_start (one_file_child, place);
  proc_expect (child, "ready");
  return child;
}

static void
kill_it (Proc *child)
{
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
}

/* --- S05: as whom ---------------------------------------------------------------------------- */

static gboolean
am_root (void)
{
  if (geteuid () == 0)
    return TRUE;
  tap_skip ("only root can become another user");
  return FALSE;
}

static int
other_user_child (gconstpointer place)
{
  g_autofree char *script =
      g_strdup_printf ("echo $(id -u) $(id -G) >%s/whoami", (const char *) place);
  PsWatcher *watcher;

  child_need (setgid (NOBODY) == 0 && setuid (NOBODY) == 0);
  watcher = watch_with_record (place);
  will_unlink (watcher, place, "a");
  child_need (
      ps_watcher_will_run (watcher, (const char *const[]){ "/bin/sh", "-c", script, NULL }, NULL)
      != 0);
  return run (watcher);
}

/* The helper is root: what the record says is done as its owner. The group that the directory has
 * may be one that its owner does not belong to; here it is root's. */
static void
as_owner (void)
{
  g_autofree char *whoami = NULL, *text = NULL;
  const char *place;
  Proc *child;

  if (!am_root ())
    return;
  place = new_directory ();
  make_file (place, "a");
  make_file (place, "whoami");
  whoami = in_place (place, "whoami");
  tap_check (chown (whoami, NOBODY, NOBODY) == 0 && chown (place, NOBODY, 0) == 0);
  child = proc_start (other_user_child, place);
  proc_expect (child, "ready");
  kill_it (child);
  settle (place, 0);
  tap_check (g_file_get_contents (whoami, &text, NULL, NULL));
  tap_check (g_strcmp0 (text, "65534 65534\n") == 0);
  tap_check (!is_there (place, "a"));
}

/* A will of root's in a directory of another user's: nobody's business. */
static void
not_the_owners (void)
{
  const char *place;

  if (!am_root ())
    return;
  place = new_directory ();
  kill_it (start_in (place));
  tap_check (chown (place, NOBODY, NOBODY) == 0);
  settle (place, 4);
  tap_check (is_there (place, "a"));
}

static void
take_will (const char *place, uid_t uid)
{
  g_autofree char *will = find_will (place), *record = find_file (place, ".run");

  tap_check (chown (will, uid, uid) == 0 && chown (record, uid, uid) == 0);
}

/* One of DynamicUser= has a group with its number; of another its groups cannot be known. */
static void
unnamed (void)
{
  const char *place;

  if (!am_root ())
    return;
  place = new_directory ();
  kill_it (start_in (place));
  take_will (place, UNNAMED);
  tap_check (chown (place, UNNAMED, 0) == 0);
  settle (place, 4);
  tap_check (strstr (settle_said (), "user 54321, is not known") != NULL);
  tap_check (is_there (place, "a"));
  tap_check (chown (place, UNNAMED, UNNAMED) == 0);
  settle (place, 0);
  tap_check (!is_there (place, "a"));
}

/* --- What is none of its business ------------------------------------------------------------ */

/* The service manager tells it how a unit ended; in the same directory another one lives. */
static void
living (void)
{
  const char *place = new_directory ();
  Proc *child = start_in (place);

  settle_as_killed (place, 0);
  tap_check (settle_said ()[0] == '\0');
  tap_check (is_there (place, "a"));
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
}

static int
waiting_will_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);
  g_autofree char *script =
      g_strdup_printf ("cd %s; >begun; until [ -e go ]; do sleep 0.1; done", (const char *) place);
  const char *argv[] = { "/bin/sh", "-c", script, NULL };

  will_unlink (watcher, place, "a");
  child_need (ps_watcher_will_run (watcher, argv, NULL) != 0);
  return run (watcher);
}

static int
making_child (gconstpointer place)
{
  PsWatcher *watcher = watch_with_record (place);

  make_file (place, "a");
  return run (watcher);
}

/* The helper is at a command when the daemon starts again, and makes what the will names. */
static void
meanwhile (void)
{
  const char *place = new_directory ();
  g_autofree char *directory = g_strconcat ("--directory=", place, NULL);
  const char *argv[] = { PS_TEST_PSCTL, "settle", directory, NULL };
  const GSpawnFlags silent =
      G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL;
  Proc *later;
  GPid pid;
  int status = -1;

  later = proc_start (waiting_will_child, place);
  proc_expect (later, "ready");
  kill_it (later);
  tap_check (g_spawn_async (NULL, (char **) argv, NULL, silent, NULL, NULL, &pid, NULL));
  while (!tap_failed () && !is_there (place, "begun"))
    g_usleep (10 * 1000);
  later = proc_start (making_child, place);
  proc_expect (later, "ready");
  make_file (place, "go");
  tap_check (waitpid (pid, &status, 0) == pid && status == 0);
  tap_check (is_there (place, "a"));
  proc_kill (later, SIGTERM);
  proc_expect_exit (later, 143);
}

/* Below /var/lib are directories of all kinds. */
static void
boot (void)
{
  const char *base = new_directory ();
  g_autofree char *place = in_place (base, "daemon"), *other = in_place (base, "other");
  g_autofree char *inside = in_place (other, "settings");

  tap_check (g_mkdir (place, 0700) == 0 && g_mkdir (other, 0700) == 0);
  tap_check (chmod (other, 0777) == 0 && g_file_set_contents (inside, "x", 1, NULL));
  kill_it (start_in (place));
  settle_boot (base, 0);
  tap_check (!is_there (place, "a") && strstr (settle_said (), other) == NULL);
  /* With something of ours in it, it is one that others can write to. */
  kill_it (start_in (place));
  tap_check (chmod (place, 0777) == 0);
  settle_boot (base, 4);
  tap_check (is_there (place, "a"));
  tap_check (chmod (place, 0700) == 0);
}

/* --- A record that has grown ----------------------------------------------------------------- */

static void
write_large (const char *path)
{
  g_autofree char *text = NULL;
  g_autoptr (GString) large = NULL;
  const char *lives;
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  tap_check (fd >= 0 && g_file_get_contents (path, &text, NULL, NULL));
  lives = text != NULL ? strchr (text, '\n') + 1 : "";
  large = g_string_new_len (text, lives - text);
  while (!tap_failed () && large->len < 100 * 1024)
    g_string_append (large, lives);
  tap_check (write (fd, large->str, large->len) == (gssize) large->len);
  close (fd);
}

/* It would become another file, in which the life that is yet to be judged did not begin. */
static void
grown (void)
{
  const char *place = new_directory ();
  g_autofree char *path = NULL, *text = NULL;
  struct stat before, after;

  kill_it (start_in (place));
  path = find_file (place, ".run");
  write_large (path);
  tap_check (stat (path, &before) == 0);
  settle_as_killed (place, 0);
  tap_check (stat (path, &after) == 0 && after.st_ino == before.st_ino);
  kill_it (start_in (place));
  tap_check (g_file_get_contents (path, &text, NULL, NULL));
  tap_check (g_regex_match_simple (" verdict life=[0-9a-f]* killed ", text, 0, 0));
  tap_check (text != NULL && strlen (text) < 40 * 1024);
}

/* --- Its status ------------------------------------------------------------------------------ */

static void
no_base (void)
{
  settle_boot ("/no/such/directory", 1);
  tap_check (strstr (settle_said (), "/no/such/directory") != NULL);
}

static const TapCase cases[] = {
  { "S05", "root carries a will out as its owner, with that user's group", as_owner },
  { "S05", "root does not touch what is not the owner's", not_the_owners },
  { "S05", "a user without a name has the group of its number, or none", unnamed },
  { "alive-01", "a life that goes on is left alone, and that is no failure", living },
  { "N20", "a run that begins while an earlier one is settled loses nothing", meanwhile },
  { "grown-01", "a large record is made small by the next start, when its last life is told",
    grown },
  { "boot-01", "at boot only record directories count", boot },
  { "boot-02", "a directory that is not there is named", no_base },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
