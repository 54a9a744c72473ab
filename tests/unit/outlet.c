/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A way out for datagrams, to a reader that reads, does not read, has gone, comes later or is
 * started anew; with a socket that a program has closed, or has given to something else.
 */

#include "ps-outlet.h"
#include "ps-clock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LONG_US (60 * PS_US_PER_SEC)

/* In place of libc's, for this program and the library in it. */
static gboolean connecting_is_forbidden;
static guint n_polls;

int
connect (int fd, const struct sockaddr *address, socklen_t length)
{
  if (!connecting_is_forbidden)
    return (int) syscall (SYS_connect, fd, address, length);
  errno = EPERM;
  return -1;
}

int
poll (struct pollfd *fds, nfds_t n, int timeout_ms)
{
  n_polls++;
  return (int) syscall (SYS_poll, fds, n, timeout_ms);
}

typedef struct
{
  char *directory;
  struct sockaddr_un address;
  int reader; /* -1: there is none */
  PsOutlet outlet;
} Place;

static void
begin_to_read (Place *place)
{
  place->reader = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (place->reader, >=, 0);
  g_assert_cmpint (
      bind (place->reader, (const struct sockaddr *) &place->address, sizeof place->address), ==,
      0);
}

static void
end_to_read (Place *place)
{
  close (place->reader);
  unlink (place->address.sun_path);
  place->reader = -1;
}

static void
set_up (Place *place, gconstpointer has_reader)
{
  place->directory = g_dir_make_tmp ("ps-outlet-XXXXXX", NULL);
  g_assert_nonnull (place->directory);
  place->address.sun_family = AF_UNIX;
  g_snprintf (place->address.sun_path, sizeof place->address.sun_path, "%s/socket",
              place->directory);
  place->reader = -1;
  if (has_reader != NULL)
    begin_to_read (place);
  ps_outlet_open (&place->outlet, &place->address, sizeof place->address);
}

static void
tear_down (Place *place, gconstpointer unused)
{
  ps_outlet_close (&place->outlet);
  if (place->reader >= 0)
    end_to_read (place);
  g_rmdir (place->directory);
  g_free (place->directory);
}

static int
send_text (const Place *place, const char *text, gint64 limit_us)
{
  struct iovec whole = { .iov_base = (char *) text, .iov_len = strlen (text) };

  return ps_outlet_send (&place->outlet, &whole, 1, limit_us);
}

static void
assert_message (const Place *place, const char *text)
{
  char message[64] = "";

  g_assert_cmpint (recv (place->reader, message, sizeof message - 1, MSG_DONTWAIT), >=, 0);
  g_assert_cmpstr (message, ==, text);
}

static void
assert_gets_through (const Place *place, const char *text)
{
  g_assert_cmpint (send_text (place, text, 0), ==, 0);
  assert_message (place, text);
}

/* Leaves no room in it. */
static void
fill (const Place *place)
{
  while (send_text (place, "filler", 0) == 0)
    ;
}

static void
test_parts (Place *place, gconstpointer unused)
{
  struct iovec parts[] = { { (char *) "one", 3 }, { (char *) " and", 4 }, { (char *) " two", 4 } };

  g_assert_cmpint (ps_outlet_send (&place->outlet, parts, G_N_ELEMENTS (parts), 0), ==, 0);
  assert_message (place, "one and two");
  assert_gets_through (place, "three");
}

/* There is no room: at once where it may not wait, or when the time is over. */
static void
test_full (Place *place, gconstpointer unused)
{
  fill (place);
  g_assert_cmpint (send_text (place, "lost", 0), ==, -EAGAIN);
  g_assert_cmpint (send_text (place, "lost", 1), ==, -EAGAIN);
  g_assert_cmpint (send_text (place, "lost", 3 * PS_US_PER_MS), ==, -EAGAIN);
  assert_message (place, "filler");
  g_assert_cmpint (send_text (place, "there is room", 0), ==, 0);
}

/* Until somebody is asleep in a system call that waits for room. */
static gboolean
sleeps (pid_t thread)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/task/%d/stat", (int) thread);
  g_autofree char *stat = NULL;

  return g_file_get_contents (path, &stat, NULL, NULL) && strstr (stat, ") S ") != NULL;
}

static int sender, has_sent;

static gpointer
send_patiently (gpointer place)
{
  int r;

  g_atomic_int_set (&sender, gettid ());
  r = send_text (place, "it was waited for", LONG_US);
  g_atomic_int_set (&has_sent, TRUE);
  return GINT_TO_POINTER (r);
}

static void
test_waits_for_room (Place *place, gconstpointer unused)
{
  GThread *thread;

  fill (place);
  g_atomic_int_set (&sender, 0);
  thread = g_thread_new ("sender", send_patiently, place);
  while (!g_atomic_int_get (&has_sent)
         && (g_atomic_int_get (&sender) == 0 || !sleeps (g_atomic_int_get (&sender))))
    g_thread_yield ();
  assert_message (place, "filler");
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, 0);
}

/* A socket that is not connected always has room, as poll() sees it: it is not to be asked all the
 * time. */
static void
test_may_not_connect (Place *place, gconstpointer unused)
{
  connecting_is_forbidden = TRUE;
  ps_outlet_close (&place->outlet);
  ps_outlet_open (&place->outlet, &place->address, sizeof place->address);
  assert_gets_through (place, "by name");
  fill (place);
  n_polls = 0;
  g_assert_cmpint (send_text (place, "lost", 20 * PS_US_PER_MS), ==, -EAGAIN);
  g_assert_cmpuint (n_polls, <=, 20);
  assert_message (place, "filler");
  g_assert_cmpint (send_text (place, "there is room", 0), ==, 0);
  connecting_is_forbidden = FALSE;
}

static void
test_nobody (Place *place, gconstpointer unused)
{
  g_assert_cmpint (send_text (place, "lost", LONG_US), ==, -ENOENT);
  begin_to_read (place);
  assert_gets_through (place, "it has come");
  end_to_read (place);
  g_assert_cmpint (send_text (place, "lost", LONG_US), ==, -ENOENT);
}

static void
test_started_anew (Place *place, gconstpointer unused)
{
  for (guint i = 0; i < 3; i++)
    {
      assert_gets_through (place, "before");
      end_to_read (place);
      begin_to_read (place);
      assert_gets_through (place, "after");
      assert_gets_through (place, "and on");
    }
}

/* The name is gone, or in another root: who was connected stays so. */
static void
test_name_is_gone (Place *place, gconstpointer unused)
{
  unlink (place->address.sun_path);
  assert_gets_through (place, "by the connection");
}

static void
test_was_closed (Place *place, gconstpointer unused)
{
  int fd = place->outlet.socket.fd;

  close (fd);
  assert_gets_through (place, "by another");
  g_assert_cmpint (fcntl (fd, F_GETFD), <, 0);
}

/* A connection of the program's own that has the number now gets no word. */
static void
test_number_is_somebody_elses (Place *place, gconstpointer unused)
{
  char byte;
  int ends[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
  g_assert_cmpint (dup2 (ends[0], place->outlet.socket.fd), ==, place->outlet.socket.fd);
  assert_gets_through (place, "not by that");
  g_assert_cmpint (recv (ends[1], &byte, 1, MSG_DONTWAIT), <, 0);
  close (place->outlet.socket.fd);
  close (ends[0]);
  close (ends[1]);
}

static void
test_too_large (Place *place, gconstpointer unused)
{
  const int small = 1;
  g_autofree char *text = g_strnfill (20000, 'x');

  g_assert_cmpint (
      setsockopt (place->outlet.socket.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), ==, 0);
  g_assert_cmpint (send_text (place, text, LONG_US), ==, -EMSGSIZE);
  assert_gets_through (place, "not too large");
}

/* The reader gets what the descriptor is of. */
static void
test_file (Place *place, gconstpointer unused)
{
  union
  {
    struct cmsghdr header;
    char bytes[CMSG_SPACE (sizeof (int))];
  } control;
  struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof control };
  int fd = memfd_create ("outlet", MFD_CLOEXEC), got;
  struct stat sent, received;

  g_assert_cmpint (ps_outlet_send_file (&place->outlet, fd, 0), ==, 0);
  g_assert_cmpint (recvmsg (place->reader, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC), ==, 0);
  g_assert_cmpint (control.header.cmsg_type, ==, SCM_RIGHTS);
  memcpy (&got, CMSG_DATA (&control.header), sizeof got);
  g_assert_cmpint (fstat (fd, &sent), ==, 0);
  g_assert_cmpint (fstat (got, &received), ==, 0);
  g_assert_cmpuint (sent.st_ino, ==, received.st_ino);
  close (fd);
  close (got);
}

#define READER GINT_TO_POINTER (1)

static void
add (const char *path, gconstpointer has_reader, void (*test) (Place *, gconstpointer))
{
  g_test_add (path, Place, has_reader, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/outlet/parts", READER, test_parts);
  add ("/outlet/full", READER, test_full);
  add ("/outlet/waits-for-room", READER, test_waits_for_room);
  add ("/outlet/may-not-connect", READER, test_may_not_connect);
  add ("/outlet/nobody", NULL, test_nobody);
  add ("/outlet/started-anew", READER, test_started_anew);
  add ("/outlet/name-is-gone", READER, test_name_is_gone);
  add ("/outlet/was-closed", READER, test_was_closed);
  add ("/outlet/number-is-somebody-elses", READER, test_number_is_somebody_elses);
  add ("/outlet/too-large", READER, test_too_large);
  add ("/outlet/file", READER, test_file);
  return g_test_run ();
}
