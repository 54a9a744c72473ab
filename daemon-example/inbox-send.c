/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <locale.h>
#include <poll.h>
#include <ps-version.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

/*
 * ps-inbox-send: standard input to ps-inboxd, line by line, and an account of the answers.
 *
 * Lines are sent without waiting (pipelined) and counted when their answers come. It ends when
 * every line has its answer, or when the daemon has said that no more will come. A line without
 * an answer is in doubt: the daemon may have stored it or not; sending it again is up to the user.
 */

#define BUFFER_SIZE (64 * 1024)
#define DEFAULT_SOCKET "/run/ps-inboxd/inbox.sock"

typedef struct
{
  int fd;
  char *out; /* read, not sent */
  gsize out_length;
  gboolean input_over;
  gboolean output_over;
  char last;       /* the last byte of the input so far */
  GString *answer; /* the beginning of one */

  guint64 sent;
  guint64 acknowledged;
  guint64 refused;
} Sender;

static void
take_answer (Sender *self, const char *answer)
{
  if (g_str_has_prefix (answer, "ok "))
    {
      self->acknowledged++;
      return;
    }
  if (self->refused++ == 0)
    g_printerr ("ps-inbox-send: the first line refused: %s\n", answer);
}

/* FALSE when there will be no more answers. */
static gboolean
read_answers (Sender *self)
{
  char buffer[BUFFER_SIZE];
  gssize length = read (self->fd, buffer, sizeof buffer);
  const char *at = buffer, *end;

  if (length < 0)
    return errno == EAGAIN || errno == EINTR;
  end = buffer + length;
  while (at < end)
    {
      const char *line_feed = memchr (at, '\n', end - at);

      g_string_append_len (self->answer, at, (line_feed != NULL ? line_feed : end) - at);
      if (line_feed == NULL)
        break;
      take_answer (self, self->answer->str);
      g_string_truncate (self->answer, 0);
      at = line_feed + 1;
    }
  return length > 0;
}

static void
read_input (Sender *self)
{
  gssize length = read (STDIN_FILENO, self->out + self->out_length,
                        BUFFER_SIZE - 1 - self->out_length); /* room for a last line feed */

  if (length < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (length > 0)
    {
      self->out_length += length;
      self->last = self->out[self->out_length - 1];
      return;
    }
  self->input_over = TRUE;
  if (self->last != '\n' && self->last != '\0')
    self->out[self->out_length++] = '\n';
}

static void
count_sent (Sender *self, gsize length)
{
  const char *at = self->out, *end = self->out + length;

  while ((at = memchr (at, '\n', end - at)) != NULL)
    {
      self->sent++;
      at++;
    }
}

static void
send_lines (Sender *self)
{
  gssize length = send (self->fd, self->out, self->out_length, MSG_NOSIGNAL);

  if (length < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (length < 0) /* the daemon is going; its last answers are still to be read */
    {
      self->output_over = TRUE;
      return;
    }
  count_sent (self, length);
  self->out_length -= length;
  memmove (self->out, self->out + length, self->out_length);
}

static void
transfer (Sender *self)
{
  gboolean more = TRUE;

  while (more)
    {
      gboolean reads =
          !self->input_over && !self->output_over && self->out_length < BUFFER_SIZE - 1;
      gboolean writes = !self->output_over && self->out_length > 0;
      struct pollfd fds[] = {
        { .fd = self->fd, .events = (short) (POLLIN | (writes ? POLLOUT : 0)) },
        { .fd = reads ? STDIN_FILENO : -1, .events = POLLIN },
      };

      if (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
        continue;
      if (fds[1].revents != 0)
        read_input (self);
      if ((fds[0].revents & POLLOUT) != 0)
        send_lines (self);
      if ((fds[0].revents & ~POLLOUT) != 0)
        more = read_answers (self);
      if (self->input_over && self->out_length == 0 && !self->output_over)
        {
          self->output_over = TRUE;
          shutdown (self->fd, SHUT_WR);
        }
    }
}

static int
report (const Sender *self, gboolean quiet)
{
  guint64 unanswered = self->sent - MIN (self->sent, self->acknowledged + self->refused);

  if (!quiet)
    g_print ("%" G_GUINT64_FORMAT " lines sent: %" G_GUINT64_FORMAT
             " acknowledged, %" G_GUINT64_FORMAT " refused, %" G_GUINT64_FORMAT
             " without an answer\n",
             self->sent, self->acknowledged, self->refused, unanswered);
  if (unanswered > 0 || !self->input_over || self->out_length > 0)
    return EX_TEMPFAIL;
  return self->refused > 0 ? EX_DATAERR : EX_OK;
}

static GSocketConnection *
reach (const char *path, const char *address, GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) unix_address = NULL;

  if (address != NULL)
    return g_socket_client_connect_to_host (client, address, 0, NULL, error);
  unix_address = g_unix_socket_address_new (path != NULL ? path : DEFAULT_SOCKET);
  return g_socket_client_connect (client, G_SOCKET_CONNECTABLE (unix_address), NULL, error);
}

static int
fail (int status, const GError *error)
{
  g_printerr ("ps-inbox-send: %s\n", error->message);
  return status;
}

static int
run (const char *path, const char *address, gboolean quiet)
{
  g_autofree char *out = g_malloc (BUFFER_SIZE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection = reach (path, address, &error);
  Sender self = { .out = out };
  int status;

  if (connection == NULL)
    return fail (EX_UNAVAILABLE, error);
  self.fd = g_socket_get_fd (g_socket_connection_get_socket (connection));
  g_unix_set_fd_nonblocking (self.fd, TRUE, NULL);
  self.answer = g_string_new (NULL);
  transfer (&self);
  status = report (&self, quiet);
  g_string_free (self.answer, TRUE);
  return status;
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  g_autofree char *address = NULL;
  gboolean quiet = FALSE, version = FALSE;
  const GOptionEntry entries[] = {
    { "unix", 'u', 0, G_OPTION_ARG_FILENAME, &path,
      "The daemon's Unix socket (default: " DEFAULT_SOCKET ")", "PATH" },
    { "tcp", 't', 0, G_OPTION_ARG_STRING, &address, "The daemon's TCP address", "HOST:PORT" },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "Do not print the account", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Say the version, and end", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- send lines to ps-inboxd");
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return fail (EX_USAGE, error);
  if (argc > 1 || (path != NULL && address != NULL))
    {
      g_printerr ("ps-inbox-send: give one of --unix=PATH and --tcp=HOST:PORT, and nothing else; "
                  "the lines come from standard input\n");
      return EX_USAGE;
    }
  if (version)
    {
      g_print ("ps-inbox-send %s\n", PS_VERSION);
      return EX_OK;
    }
  return run (path, address, quiet);
}
