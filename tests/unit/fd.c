/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A kept descriptor is used only while its number is still ours, and whatever else has got the
 * number is left alone.
 */

#include "ps-fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/socket.h>
#include <unistd.h>

static int
open_socket (void)
{
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  return fd;
}

static gboolean
is_open (int fd)
{
  return fcntl (fd, F_GETFD) >= 0;
}

static void
test_none (void)
{
  PsFd kept = { .fd = -1 };

  g_assert_cmpint (ps_fd_get (&kept), ==, -1);
  ps_fd_close (&kept);
  g_assert_cmpint (ps_fd_keep (&kept, -1), ==, -1);
  g_assert_cmpint (ps_fd_get (&kept), ==, -1);
}

static void
test_is_ours (void)
{
  PsFd kept = { .fd = -1 };
  int fd = open_socket ();

  ps_fd_keep (&kept, fd);
  g_assert_cmpint (ps_fd_get (&kept), ==, fd);
  ps_fd_close (&kept);
  g_assert_false (is_open (fd));
  g_assert_cmpint (ps_fd_get (&kept), ==, -1);
}

static void
test_next_replaces_it (void)
{
  PsFd kept = { .fd = -1 };
  int first = open_socket (), second = open_socket ();

  ps_fd_keep (&kept, first);
  ps_fd_keep (&kept, second);
  g_assert_false (is_open (first));
  g_assert_cmpint (ps_fd_get (&kept), ==, second);
  ps_fd_close (&kept);
}

/* Another socket differs in nothing but its inode. */
static void
test_number_is_somebody_elses (void)
{
  PsFd kept = { .fd = -1 };
  int fd = open_socket (), other = open_socket ();

  ps_fd_keep (&kept, fd);
  g_assert_cmpint (dup2 (other, fd), ==, fd);
  g_assert_cmpint (ps_fd_get (&kept), ==, -1);
  ps_fd_close (&kept);
  g_assert_true (is_open (fd));
  close (fd);
  close (other);
}

static void
test_was_closed (void)
{
  PsFd kept = { .fd = -1 };

  ps_fd_keep (&kept, open_socket ());
  close (kept.fd);
  g_assert_cmpint (ps_fd_get (&kept), ==, -1);
  ps_fd_close (&kept);
}

/* They are called while somebody's error is still to be told. */
static void
test_error_stays (void)
{
  PsFd kept = { .fd = -1 };

  errno = ENAMETOOLONG;
  ps_fd_keep (&kept, open_socket ());
  close (kept.fd);
  g_assert_cmpint (ps_fd_get (&kept), ==, -1);
  ps_fd_close (&kept);
  g_assert_cmpint (errno, ==, ENAMETOOLONG);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fd/none", test_none);
  g_test_add_func ("/fd/is-ours", test_is_ours);
  g_test_add_func ("/fd/next-replaces-it", test_next_replaces_it);
  g_test_add_func ("/fd/number-is-somebody-elses", test_number_is_somebody_elses);
  g_test_add_func ("/fd/was-closed", test_was_closed);
  g_test_add_func ("/fd/error-stays", test_error_stays);
  return g_test_run ();
}
