/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names below a directory that never lead out of it: by openat2(), and step by step where a filter
 * denies that. */

#include "ps-beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_faults (void)
{
  g_autofree char *name_255 = g_strnfill (255, 'x'), *name_256 = g_strnfill (256, 'x');
  g_autofree char *path_4095 = g_strnfill (4095, '/'), *path_4096 = g_strnfill (4096, '/');
  const char *const good[] = { "a", "a/b", "-rf", "...", "a..b", ".a", "a\nb", "\xff", name_255 };
  const char *const bad[] = { "",    "/",   "/a",   ".",  "..",   "a/..",   "../a",   "a/../b",
                              "./a", "a/.", "a//b", "a/", "a/b/", name_256, path_4096 };

  for (gsize i = 1; i < 4095; i += 2)
    path_4095[i - 1] = 'y';
  path_4095[4094] = 'y';
  memset (path_4096, 'y', 4096);
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_cmpstr (ps_beneath_fault (good[i]), ==, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_nonnull (ps_beneath_fault (bad[i]));
  g_assert_cmpstr (ps_beneath_fault (path_4095), ==, NULL);
}

typedef struct
{
  char *root, *outside;
  int dir;
} Tree;

static void
make_tree (Tree *tree)
{
  tree->root = g_dir_make_tmp ("ps-beneath-XXXXXX", NULL);
  tree->outside = g_dir_make_tmp ("ps-outside-XXXXXX", NULL);
  tree->dir = open (tree->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (mkdirat (tree->dir, "a", 0700), ==, 0);
  g_assert_cmpint (mkdirat (tree->dir, "a/b", 0700), ==, 0);
  g_assert_cmpint (mknodat (tree->dir, "a/b/file", S_IFREG | 0600, 0), ==, 0);
  g_assert_cmpint (symlinkat (tree->outside, tree->dir, "a/out"), ==, 0);
  g_assert_cmpint (symlinkat ("a", tree->dir, "in"), ==, 0);
}

static void
remove_tree (Tree *tree)
{
  unlinkat (tree->dir, "in", 0);
  unlinkat (tree->dir, "a/out", 0);
  unlinkat (tree->dir, "a/b/file", 0);
  unlinkat (tree->dir, "a/b", AT_REMOVEDIR);
  unlinkat (tree->dir, "a", AT_REMOVEDIR);
  g_assert_cmpint (g_rmdir (tree->root), ==, 0);
  g_assert_cmpint (g_rmdir (tree->outside), ==, 0);
  close (tree->dir);
  g_free (tree->root);
  g_free (tree->outside);
}

static int
errno_of (int dir, const char *path)
{
  const char *leaf;
  int fd = ps_beneath_open_parent (dir, path, &leaf), error = errno;

  if (fd < 0)
    return error;
  close (fd);
  return 0;
}

/* 0: all is as it should be; else the number of what is not. */
static int
find_wrong (const Tree *tree)
{
  const char *leaf = "";
  PsBeneathId id;
  int fd = ps_beneath_open_parent (tree->dir, "a/b/file", &leaf), slash;

  if (fd < 0 || strcmp (leaf, "file") != 0 || ps_beneath_identify (fd, leaf, &id) < 0
      || id.type != S_IFREG || !(fcntl (fd, F_GETFD) & FD_CLOEXEC))
    return 1;
  close (fd);
  if (errno_of (tree->dir, "file") != 0 || errno_of (tree->dir, "a/none") != 0)
    return 2;
  if (errno_of (tree->dir, "none/file") != ENOENT)
    return 3;
  if (errno_of (tree->dir, "a/out/file") != ELOOP && errno_of (tree->dir, "a/out/file") != ENOTDIR)
    return 4;
  if (errno_of (tree->dir, "in/b") != ELOOP && errno_of (tree->dir, "in/b") != ENOTDIR)
    return 5;
  if (errno_of (tree->dir, "a/b/file/x") != ENOTDIR)
    return 6;
  /* The link itself is a name like another. */
  if (errno_of (tree->dir, "a/out") != 0)
    return 7;
  /* /proc is another file system (where there is one). */
  slash = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (access ("/proc/self", F_OK) == 0 && errno_of (slash, "proc/version") != EXDEV)
    return 8;
  close (slash);
  return 0;
}

static void
test_openat2 (void)
{
  Tree tree;

  make_tree (&tree);
  g_assert_cmpint (find_wrong (&tree), ==, 0);
  remove_tree (&tree);
}

/* openat2() answers with this error from now on; or that it is not known, as it is to valgrind. */
static int
deny_openat2 (int error)
{
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned) error),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { .len = G_N_ELEMENTS (filter), .filter = filter };

  return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                 && prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0
                 && syscall (SYS_openat2, -1, "", NULL, 0) < 0
                 && (errno == error || errno == ENOSYS)
             ? 0
             : -1;
}

static void
test_by_steps (gconstpointer error)
{
  Tree tree;
  int status;
  pid_t pid;

  make_tree (&tree);
  pid = fork ();
  if (pid == 0)
    _exit (deny_openat2 (GPOINTER_TO_INT (error)) < 0 ? 99 : find_wrong (&tree));
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  remove_tree (&tree);
}

/* W09 */
static void
test_same (void)
{
  const PsBeneathId was = { 1, 2, 3, S_IFREG };
  PsBeneathId is = was;

  g_assert_true (ps_beneath_is_same (&was, &is, TRUE));
  is.device = 9;
  g_assert_false (ps_beneath_is_same (&was, &is, TRUE));
  g_assert_true (ps_beneath_is_same (&was, &is, FALSE));
  is = was;
  is.inode = 9;
  g_assert_false (ps_beneath_is_same (&was, &is, FALSE));
  is = was;
  is.born_ns = 9;
  g_assert_false (ps_beneath_is_same (&was, &is, FALSE));
  is.born_ns = 0;
  g_assert_true (ps_beneath_is_same (&was, &is, FALSE));
  is.type = S_IFDIR;
  g_assert_false (ps_beneath_is_same (&was, &is, FALSE));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/beneath/W06/faults", test_faults);
  g_test_add_func ("/beneath/openat2", test_openat2);
  g_test_add_data_func ("/beneath/by-steps/ENOSYS", GINT_TO_POINTER (ENOSYS), test_by_steps);
  g_test_add_data_func ("/beneath/by-steps/EPERM", GINT_TO_POINTER (EPERM), test_by_steps);
  g_test_add_func ("/beneath/W09/same", test_same);
  return g_test_run ();
}
