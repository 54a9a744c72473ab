/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bound datagram socket in a directory of its own. It has a path and not an abstract name: the
 * path can be linked to from where journald's socket is looked for, and a leftover is visible.
 *
 * Filling the queue takes several senders: one alone is first stopped by the limit of its own
 * send buffer. The queue is full when a sender that has nothing under way cannot send.
 */
#include "ps-inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define MESSAGE_MAX (256 * 1024)
#define FILLER "FILLER=1"

struct _Inbox
{
  int fd;
  char *directory;
  char *path;
  guint8 *message;
  gsize length;
  guint n_files;
  GArray *fillers;
  GString *seen;
};

static void
inbox_free (gpointer data)
{
  Inbox *self = data;

  if (tap_failed ())
    tap_note ("the messages taken", self->seen->str);
  for (guint i = 0; i < self->fillers->len; i++)
    close (g_array_index (self->fillers, int, i));
  g_array_unref (self->fillers);
  close (self->fd);
  g_unlink (self->path);
  g_rmdir (self->directory);
  g_free (self->path);
  g_free (self->directory);
  g_free (self->message);
  g_string_free (self->seen, TRUE);
  g_free (self);
}

static struct sockaddr_un
address_of (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
    g_error ("The path %s is too long for a socket; set TMPDIR to a shorter one.", path);
  return address;
}

Inbox *
inbox_new (void)
{
  Inbox *self = g_new0 (Inbox, 1);
  g_autoptr (GError) error = NULL;
  struct sockaddr_un address;

  self->directory = g_dir_make_tmp ("ps-inbox-XXXXXX", &error);
  if (self->directory == NULL)
    g_error ("No directory for a socket: %s", error->message);
  self->path = g_build_filename (self->directory, "socket", NULL);
  address = address_of (self->path);
  self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd < 0 || bind (self->fd, (const struct sockaddr *) &address, sizeof address) < 0)
    g_error ("No socket for the case: %s", g_strerror (errno));
  /* Cases that change their user must get through. */
  g_chmod (self->directory, 0755);
  g_chmod (self->path, 0777);
  self->message = g_malloc0 (MESSAGE_MAX + 1);
  self->fillers = g_array_new (FALSE, FALSE, sizeof (int));
  self->seen = g_string_new (NULL);
  tap_defer (inbox_free, self);
  return self;
}

const char *
inbox_path (Inbox *self)
{
  return self->path;
}

int
inbox_socket (Inbox *self)
{
  return self->fd;
}

/* A message may come as a file, as journald takes it: in memory, and nobody can change it. */
static ssize_t
read_file (Inbox *self, int fd)
{
  const int sealed = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  ssize_t n = fcntl (fd, F_GET_SEALS) == sealed ? pread (fd, self->message, MESSAGE_MAX, 0) : 0;

  close (fd);
  self->n_files++;
  return n;
}

static gboolean
receive (Inbox *self)
{
  union
  {
    struct cmsghdr header;
    char bytes[CMSG_SPACE (sizeof (int))];
  } control;
  struct iovec whole = { self->message, MESSAGE_MAX };
  struct msghdr message = {
    .msg_iov = &whole, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
  };
  ssize_t n;

  do
    n = recvmsg (self->fd, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n == 0 && CMSG_FIRSTHDR (&message) != NULL)
    {
      int fd;

      memcpy (&fd, CMSG_DATA (&control.header), sizeof fd);
      n = read_file (self, fd);
    }
  if (n < 0)
    return FALSE;
  self->length = (gsize) n;
  self->message[n] = '\0';
  return TRUE;
}

guint
inbox_count_files (Inbox *self)
{
  return self->n_files;
}

const char *
inbox_next_at (const char *where, Inbox *self)
{
  struct pollfd poll_fd = { .fd = self->fd, .events = POLLIN };

  if (tap_failed ())
    return "";
  if (poll (&poll_fd, 1, tap_time_left_ms (PATIENCE_MS * tap_slowness ())) <= 0 || !receive (self))
    {
      tap_fail (where, "no message came to the socket");
      return "";
    }
  g_string_append_printf (self->seen, "%s\n\n", (const char *) self->message);
  return (const char *) self->message;
}

gboolean
inbox_has_more (Inbox *self)
{
  struct pollfd poll_fd = { .fd = self->fd, .events = POLLIN };

  return poll (&poll_fd, 1, 0) > 0;
}

static gboolean
has_line (const char *message, const char *line)
{
  g_auto (GStrv) lines = g_strsplit (message, "\n", -1);

  return g_strv_contains ((const char *const *) lines, line);
}

void
inbox_expect_line_at (const char *where, Inbox *self, const char *line)
{
  const char *message = inbox_next_at (where, self);

  if (!tap_failed () && !has_line (message, line))
    tap_fail (where, "the message \"%s\" has no line \"%s\"", message, line);
}

void
inbox_expect_at (const char *where, Inbox *self, const char *text)
{
  const char *message = inbox_next_at (where, self);

  if (!tap_failed () && !g_str_equal (message, text))
    tap_fail (where, "the message is \"%s\" instead of \"%s\"", message, text);
}

void
inbox_find_line_at (const char *where, Inbox *self, const char *line)
{
  while (!tap_failed () && !has_line (inbox_next_at (where, self), line))
    ;
}

void
inbox_expect_empty_at (const char *where, Inbox *self)
{
  if (!tap_failed () && receive (self))
    tap_fail (where, "there is also a message \"%s\"", (const char *) self->message);
}

char *
inbox_field (Inbox *self, const char *name)
{
  g_auto (GStrv) lines = g_strsplit ((const char *) self->message, "\n", -1);
  g_autofree char *key = g_strconcat (name, "=", NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], key))
      return g_strdup (lines[i] + strlen (key));
  return NULL;
}

const guint8 *
inbox_bytes (Inbox *self, gsize *length)
{
  *length = self->length;
  return self->message;
}

guint
inbox_drain (Inbox *self)
{
  guint n = 0;

  while (receive (self))
    n++;
  return n;
}

/* Sends until it would block; returns how many messages went. */
static guint
send_what_fits (Inbox *self, int fd)
{
  struct sockaddr_un address = address_of (self->path);
  guint n = 0;

  while (sendto (fd, FILLER, strlen (FILLER), MSG_DONTWAIT, (const struct sockaddr *) &address,
                 sizeof address)
         > 0)
    n++;
  return n;
}

guint
inbox_fill (Inbox *self)
{
  guint total = 0, n;

  do
    {
      int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

      if (fd < 0)
        g_error ("No socket to fill the queue: %s", g_strerror (errno));
      g_array_append_val (self->fillers, fd);
      n = send_what_fits (self, fd);
      total += n;
    }
  while (n > 0);
  return total;
}
