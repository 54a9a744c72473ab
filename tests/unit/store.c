/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A file that outlives us: nobody else had a hand in it, a record is written whole or not at all,
 * and the lock tells whether its owner lives.
 */

#include "ps-store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  char *path;
  int dir;
} Place;

static void
set_up (Place *place, gconstpointer unused)
{
  const char *why;

  place->path = g_dir_make_tmp ("ps-store-XXXXXX", NULL);
  place->dir = ps_store_open_directory (place->path, &why);
  g_assert_cmpint (place->dir, >=, 0);
}

static void
tear_down (Place *place, gconstpointer unused)
{
  g_autoptr (GDir) dir = g_dir_open (place->path, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    g_assert_cmpint (unlinkat (place->dir, name, 0), ==, 0);
  close (place->dir);
  g_assert_cmpint (g_rmdir (place->path), ==, 0);
  g_free (place->path);
}

static void
open_new (Place *place, PsStore *store, PsStoreFlags flags)
{
  const char *why;

  g_assert_cmpint (ps_store_open (store, place->dir, "file", PS_STORE_CREATE | flags, &why), ==, 0);
  g_assert_null (why);
}

static void
assert_content (Place *place, const char *wanted)
{
  g_autofree char *path = g_build_filename (place->path, "file", NULL);
  g_autofree char *content = NULL;

  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, wanted);
}

/* It is refused, with this errno, and says why. */
static void
assert_refused (Place *place, int error, const char *wanted)
{
  const char *why;
  PsStore store;

  g_assert_cmpint (ps_store_open (&store, place->dir, "file", PS_STORE_CREATE, &why), ==, -1);
  g_assert_cmpint (errno, ==, error);
  g_assert_cmpstr (why, ==, wanted);
  g_assert_cmpint (store.fd, ==, -1);
}

static void
test_append (Place *place, gconstpointer flags)
{
  char buffer[16];
  PsStore store;

  open_new (place, &store, GPOINTER_TO_INT (flags));
  g_assert_cmpint (ps_store_append (&store, "one\n", 4), ==, 0);
  g_assert_cmpint (ps_store_append (&store, "two\n", 4), ==, 0);
  g_assert_cmpint (ps_store_read (&store, buffer, sizeof buffer), ==, 8);
  g_assert_cmpint (ps_store_read (&store, buffer, 3), ==, 3);
  g_assert_cmpint (ps_store_cut (&store, 4), ==, 0);
  g_assert_cmpint (ps_store_append (&store, "three\n", 6), ==, 0);
  ps_store_close (&store);
  assert_content (place, "one\nthree\n");
}

/* S08: nobody else can read it, whatever the umask; no program that we execute has it. */
static void
test_mode (Place *place, gconstpointer unused)
{
  mode_t mask = umask (0);
  struct stat st;
  PsStore store;

  open_new (place, &store, 0);
  umask (mask);
  g_assert_cmpint (fstat (store.fd, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 07777, ==, 0600);
  g_assert_cmpint (fcntl (store.fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
  g_assert_cmpint (fcntl (store.dir, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
  ps_store_close (&store);
}

/* W12 */
static void
test_refused (Place *place, gconstpointer unused)
{
  PsStore store;

  open_new (place, &store, 0);
  ps_store_close (&store);
  g_assert_cmpint (fchmodat (place->dir, "file", 0644, 0), ==, 0);
  assert_refused (place, EPERM, "its mode is not 0600");
  g_assert_cmpint (fchmodat (place->dir, "file", 04600, 0), ==, 0);
  assert_refused (place, EPERM, "its mode is not 0600");
  g_assert_cmpint (fchmodat (place->dir, "file", 0600, 0), ==, 0);
  g_assert_cmpint (linkat (place->dir, "file", place->dir, "second", 0), ==, 0);
  assert_refused (place, EPERM, "it has a second name (a hard link)");
  g_assert_cmpint (unlinkat (place->dir, "file", 0), ==, 0);
  g_assert_cmpint (symlinkat ("second", place->dir, "file"), ==, 0);
  assert_refused (place, ELOOP, "it is a symbolic link");
  g_assert_cmpint (unlinkat (place->dir, "file", 0), ==, 0);
  g_assert_cmpint (mkfifoat (place->dir, "file", 0600), ==, 0);
  assert_refused (place, EPERM, "it is not a regular file");
}

static void
test_other_owner (Place *place, gconstpointer unused)
{
  const char *why;
  PsStore store;

  if (geteuid () != 0)
    {
      g_test_skip ("only root can give files away");
      return;
    }
  open_new (place, &store, 0);
  ps_store_close (&store);
  g_assert_cmpint (fchownat (place->dir, "file", 65534, 65534, 0), ==, 0);
  assert_refused (place, EPERM, "it belongs to another user");
  g_assert_cmpint (fchown (place->dir, 65534, 65534), ==, 0);
  g_assert_cmpint (ps_store_open_directory (place->path, &why), ==, -1);
  g_assert_cmpstr (why, ==, "the directory belongs to another user");
}

static void
test_directory (Place *place, gconstpointer unused)
{
  static const mode_t modes[] = { 0770, 0702, 01777 };
  const char *why;

  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_assert_cmpint (fchmod (place->dir, modes[i]), ==, 0);
      g_assert_cmpint (ps_store_open_directory (place->path, &why), ==, -1);
      g_assert_cmpint (errno, ==, EPERM);
      g_assert_nonnull (why);
    }
  g_assert_cmpint (ps_store_open_directory ("/dev/null", &why), ==, -1);
  g_assert_cmpint (errno, ==, ENOTDIR);
  g_assert_null (why);
}

/* W13: two that begin at once do not both think the file is theirs. */
static void
test_new (Place *place, gconstpointer unused)
{
  const char *why;
  PsStore store, other;

  g_assert_cmpint (ps_store_open (&store, place->dir, "file", PS_STORE_NEW, &why), ==, 0);
  g_assert_cmpint (ps_store_open (&other, place->dir, "file", PS_STORE_NEW, &why), ==, -1);
  g_assert_cmpint (errno, ==, EEXIST);
  g_assert_cmpint (ps_store_open (&other, place->dir, "none", 0, &why), ==, -1);
  g_assert_cmpint (errno, ==, ENOENT);
  g_assert_cmpint (ps_store_open (&other, place->dir, "a/b", PS_STORE_CREATE, &why), ==, -1);
  ps_store_close (&store);
}

/* What a child sees of the lock: its errno. */
static int
lock_in_child (Place *place, pid_t *holder)
{
  pid_t pid = fork ();
  int status;

  if (pid == 0)
    {
      const char *why;
      PsStore store;

      if (ps_store_open (&store, place->dir, "file", 0, &why) < 0)
        _exit (255);
      *holder = 0;
      if (ps_store_lock (&store, holder) == 0)
        _exit (0);
      _exit (*holder == getppid () ? errno : 254);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

/* The new file is locked before it has the name. */
static void
test_lock (Place *place, gconstpointer unused)
{
  PsStore store;
  pid_t holder;

  open_new (place, &store, 0);
  g_assert_cmpint (ps_store_lock (&store, &holder), ==, 0);
  g_assert_cmpint (lock_in_child (place, &holder), ==, EAGAIN);
  g_assert_cmpint (ps_store_replace (&store, "new\n", 4), ==, 0);
  g_assert_cmpint (lock_in_child (place, &holder), ==, EAGAIN);
  g_assert_cmpint (ps_store_append (&store, "more\n", 5), ==, 0);
  assert_content (place, "new\nmore\n");
  ps_store_close (&store);
  g_assert_cmpint (lock_in_child (place, &holder), ==, 0);
}

static void
test_stale (Place *place, gconstpointer unused)
{
  PsStore store, other;

  open_new (place, &store, 0);
  open_new (place, &other, 0);
  g_assert_cmpint (ps_store_replace (&other, "new\n", 4), ==, 0);
  g_assert_cmpint (ps_store_lock (&store, NULL), ==, -1);
  g_assert_cmpint (errno, ==, ESTALE);
  ps_store_close (&store);
  g_assert_cmpint (ps_store_remove (&other), ==, 0);
  g_assert_cmpint (ps_store_lock (&other, NULL), ==, -1);
  g_assert_cmpint (errno, ==, ESTALE);
  ps_store_close (&other);
}

/* W04: a record for which there is no room leaves no part of itself, and no signal ends us. */
static void
test_no_room (Place *place, gconstpointer unused)
{
  struct rlimit old, limit;
  PsStore store;

  open_new (place, &store, 0);
  g_assert_cmpint (ps_store_append (&store, "one\n", 4), ==, 0);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  limit = (struct rlimit){ .rlim_cur = 6, .rlim_max = old.rlim_max };
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  g_assert_cmpint (ps_store_append (&store, "second\n", 7), ==, -1);
  g_assert_cmpint (errno, ==, ENOSPC);
  g_assert_cmpint (ps_store_replace (&store, "much longer\n", 12), ==, -1);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
  assert_content (place, "one\n");
  g_assert_cmpint (ps_store_append (&store, "two\n", 4), ==, 0);
  ps_store_close (&store);
  assert_content (place, "one\ntwo\n");
  g_assert_cmpint (faccessat (place->dir, "file.new", F_OK, 0), ==, -1);
}

/* Somebody closed the descriptor, and the number is another file's now: that is left alone. */
static void
test_lost_descriptor (Place *place, gconstpointer unused)
{
  PsStore store;
  int other;

  open_new (place, &store, 0);
  close (store.fd);
  other = openat (place->dir, "other", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  g_assert_cmpint (dup2 (other, store.fd), ==, store.fd);
  g_assert_cmpint (ps_store_append (&store, "one\n", 4), ==, -1);
  g_assert_cmpint (errno, ==, EBADF);
  g_assert_cmpint (lseek (other, 0, SEEK_END), ==, 0);
  close (store.fd);
  close (other);
  ps_store_close (&store);
}

#define ADD(path, func)                                                                            \
  g_test_add ("/store/" path, Place, GINT_TO_POINTER (0), set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("append", test_append);
  g_test_add ("/store/append-synced", Place, GINT_TO_POINTER (PS_STORE_SYNC), set_up, test_append,
              tear_down);
  ADD ("S08/mode", test_mode);
  ADD ("W12/refused", test_refused);
  ADD ("W12/other-owner", test_other_owner);
  ADD ("W12/directory", test_directory);
  ADD ("W13/new", test_new);
  ADD ("lock", test_lock);
  ADD ("stale", test_stale);
  ADD ("W04/no-room", test_no_room);
  ADD ("lost-descriptor", test_lost_descriptor);
  return g_test_run ();
}
