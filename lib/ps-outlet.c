/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The service manager and the journal are told by datagrams. The socket is made and connected in
 * good times: when the words are needed there may be no descriptor left, no right to reach the
 * name, or another root directory. Where a program has closed it, a message has a socket of its
 * own.
 *
 * Nothing is prepared for waiting, since hardly ever there is something to wait for: a message is
 * sent at once or not at all. Only when the other side's queue is full is it waited for, no longer
 * than the limit. So a message costs two system calls, a look whether the socket is still ours and
 * the send; and no timer is needed, no signal, and no word to other threads. poll() by itself would
 * leave a race with every other sender: it says that there was room, and the send may find none.
 *
 * Whatever else fails is tried once more, by name: the other side may have been started anew, with
 * a socket that is new, or have come only now.
 */

#include "ps-outlet.h"

/* floor 0 */
#include "ps-clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* What is on its way counts, until it is read. The system gives what it lets everybody have. */
#define ON_THE_WAY_MAX (8 * 1024 * 1024)

static int
connect_to (const PsOutlet *self, int fd)
{
  return connect (fd, (const struct sockaddr *) &self->address, self->length);
}

/* One that is not connected is as good: what it cannot send goes by name. */
static int
open_socket (const PsOutlet *self)
{
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  if (fd >= 0)
    (void) connect_to (self, fd);
  return fd;
}

void
ps_outlet_open (PsOutlet *self, const struct sockaddr_un *address, socklen_t length)
{
  static const int wanted = ON_THE_WAY_MAX;
  int fd;

  self->address = *address;
  self->length = length;
  fd = ps_fd_keep (&self->socket, open_socket (self));
  if (fd >= 0)
    (void) setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
}

void
ps_outlet_close (PsOutlet *self)
{
  ps_fd_close (&self->socket);
}

/* Where what is sent goes by name the socket may not be connected, and then poll() sees room
 * always: so it is tried again every now and then. 0: the time is over, or there is no waiting. */
static int
await_room (int fd, int by_name, int64_t end_us)
{
  struct pollfd pollfd = { .fd = by_name ? -1 : fd, .events = POLLOUT };
  int64_t left_us = end_us - ps_clock_now_us ();
  int r;

  if (left_us <= 0)
    return 0;
  r = poll (&pollfd, 1, by_name ? 1 : (int) ((left_us + 999) / PS_US_PER_MS));
  return r > 0 || (r == 0 && by_name) || (r < 0 && errno == EINTR);
}

static int
send_by (const PsOutlet *self, int fd, struct msghdr *message, int64_t end_us)
{
  while (sendmsg (fd, message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
    {
      int error = errno;

      if (error == EAGAIN || error == EINTR)
        {
          if (!await_room (fd, message->msg_name != NULL, end_us))
            return -error;
        }
      else if (message->msg_name != NULL)
        return -error;
      else
        {
          (void) connect_to (self, fd);
          message->msg_name = (void *) &self->address;
          message->msg_namelen = self->length;
        }
    }
  return 0;
}

static int
send_message (const PsOutlet *self, struct msghdr *message, int64_t limit_us)
{
  int64_t end_us = limit_us > 0 ? ps_clock_add_us (ps_clock_now_us (), limit_us) : 0;
  int fd = ps_fd_get (&self->socket), r;

  if (fd >= 0)
    return send_by (self, fd, message, end_us);
  fd = open_socket (self);
  if (fd < 0)
    return -errno;
  r = send_by (self, fd, message, end_us);
  close (fd);
  return r;
}

/* The parts one after the other, as one message. limit_us: how long it may wait for room; 0: not at
 * all. Returns 0, or -errno: nobody has got it; -EAGAIN when there was no room in time. */
int
ps_outlet_send (const PsOutlet *self, const struct iovec *parts, size_t n, int64_t limit_us)
{
  struct msghdr message = { .msg_iov = (struct iovec *) parts, .msg_iovlen = n };

  return send_message (self, &message, limit_us);
}

/* A descriptor, in an empty message. */
int
ps_outlet_send_file (const PsOutlet *self, int file, int64_t limit_us)
{
  union
  {
    struct cmsghdr header;
    char bytes[CMSG_SPACE (sizeof file)];
  } control = { .header = { .cmsg_len = CMSG_LEN (sizeof file),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS } };
  struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof control };

  memcpy (CMSG_DATA (&control.header), &file, sizeof file);
  return send_message (self, &message, limit_us);
}
