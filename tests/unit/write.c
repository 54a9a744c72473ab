/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A write of ours raises no signal, and takes none away that was there before. */

#include "ps-write.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void
count (int signum)
{
  caught++;
}

static void
take (int signum)
{
  struct sigaction action = { .sa_handler = count };

  caught = 0;
  g_assert_cmpint (sigaction (signum, &action, NULL), ==, 0);
}

static void
block (int how, int signum)
{
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, signum);
  g_assert_cmpint (pthread_sigmask (how, &set, NULL), ==, 0);
}

static gboolean
is_pending (int signum)
{
  sigset_t set;

  g_assert_cmpint (sigpending (&set), ==, 0);
  return sigismember (&set, signum) == 1;
}

static void
fail_to_write (int fd, int error)
{
  errno = 0;
  g_assert_cmpint (ps_write (fd, "x", 1), ==, -1);
  g_assert_cmpint (errno, ==, error);
}

/* Whatever the mask is, and whatever is pending. */
static void
assert_quiet (int fd, int error, int signum)
{
  take (signum);
  fail_to_write (fd, error);
  g_assert_cmpint (caught, ==, 0);
  /* None of ours is taken for somebody's later. */
  raise (signum);
  g_assert_cmpint (caught, ==, 1);

  block (SIG_BLOCK, signum);
  fail_to_write (fd, error);
  g_assert_false (is_pending (signum));
  raise (signum);
  fail_to_write (fd, error);
  g_assert_true (is_pending (signum));
  block (SIG_UNBLOCK, signum);
  g_assert_cmpint (caught, ==, 2);
}

static void
test_nobody_reads (void)
{
  int ends[2];

  g_assert_cmpint (pipe (ends), ==, 0);
  close (ends[0]);
  assert_quiet (ends[1], EPIPE, SIGPIPE);
  close (ends[1]);
}

static void
test_no_file_may_grow (void)
{
  g_autofree char *path = NULL;
  struct rlimit before, none;
  int fd = g_file_open_tmp ("ps-write-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  none = (struct rlimit){ 0, before.rlim_max };
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &none), ==, 0);
  assert_quiet (fd, EFBIG, SIGXFSZ);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  close (fd);
  g_unlink (path);
}

static void
test_goes_through (void)
{
  char bytes[4] = "";
  int ends[2];

  g_assert_cmpint (pipe (ends), ==, 0);
  g_assert_cmpint (ps_write (ends[1], "abc", 3), ==, 3);
  g_assert_cmpint (read (ends[0], bytes, 3), ==, 3);
  g_assert_cmpstr (bytes, ==, "abc");
  close (ends[0]);
  close (ends[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/write/nobody-reads", test_nobody_reads);
  g_test_add_func ("/write/no-file-may-grow", test_no_file_may_grow);
  g_test_add_func ("/write/goes-through", test_goes_through);
  return g_test_run ();
}
