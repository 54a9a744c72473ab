/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "listener.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/socket.h>

#include "activation.h"
#include "failure.h"

/*
 * Sockets that the service manager passes are served as they are: who may reach them is the
 * word of the .socket unit. Sockets we open ourselves come beside them. TCP is loopback unless
 * --allow-remote says otherwise, since nobody is asked for a password here.
 */

static void
listener_free (Listener *self)
{
  if (self->file != NULL)
    socket_file_remove (self->file, NULL); /* a start that failed leaves nothing behind */
  socket_file_free (self->file);
  g_object_unref (self->socket);
  g_free (self->name);
  g_free (self);
}

static Listener *
add (GPtrArray *listeners, GSocket *socket, char *name, gboolean ours)
{
  Listener *listener = g_new (Listener, 1);

  *listener = (Listener){ .socket = g_object_ref (socket), .name = name, .ours = ours };
  g_socket_set_blocking (socket, FALSE);
  g_ptr_array_add (listeners, listener);
  return listener;
}

static char *
describe_address (GSocketAddress *address)
{
  if (G_IS_UNIX_SOCKET_ADDRESS (address))
    return g_strdup (g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (address)));
  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
}

static gboolean
open_unix (GPtrArray *listeners, const char *path, GError **error)
{
  GError *local = NULL;
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, &local);
  SocketFile *file;

  if (socket == NULL)
    return failure_take (error, path, local);
  g_socket_set_listen_backlog (socket, SOMAXCONN);
  file = socket_file_claim (path, socket, error);
  if (file == NULL)
    return FALSE;
  add (listeners, socket, g_strdup (file->path), TRUE)->file = file;
  return TRUE;
}

/* HOST:PORT, where HOST is a numeric address ([…] around IPv6) or "localhost": no name is looked
 * up, so that a daemon's start never waits for a name server. */
static GSocketAddress *
parse_address (const char *text)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *host = colon != NULL ? g_strndup (text, colon - text) : NULL;
  g_autoptr (GInetAddress) inet = NULL;
  gsize length = colon != NULL ? strlen (host) : 0;
  guint64 port;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL))
    return NULL;
  if (length > 2 && host[0] == '[' && host[length - 1] == ']')
    {
      host[length - 1] = '\0';
      inet = g_inet_address_new_from_string (host + 1);
    }
  else if (g_str_equal (host, "localhost"))
    inet = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  else if (strchr (host, ':') == NULL)
    inet = g_inet_address_new_from_string (host);
  return inet != NULL ? g_inet_socket_address_new (inet, (guint16) port) : NULL;
}

static GSocketAddress *
choose_address (const char *text, gboolean allow_remote, GError **error)
{
  g_autoptr (GSocketAddress) address = parse_address (text);

  if (address == NULL)
    g_set_error (error, FAILURE, EX_USAGE,
                 "TCP address “%s”: must be HOST:PORT, as 127.0.0.1:7070, [::1]:7070 or "
                 "localhost:7070; HOST is numeric or localhost, PORT is 0 to 65535",
                 text);
  else if (!allow_remote
           && !g_inet_address_get_is_loopback (
               g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address))))
    g_set_error (error, FAILURE, EX_USAGE,
                 "TCP address “%s” is not loopback: other machines could store lines here without "
                 "being asked who they are. Use 127.0.0.1 or [::1], or say --allow-remote",
                 text);
  else
    return g_steal_pointer (&address);
  return NULL;
}

static gboolean
open_tcp (GPtrArray *listeners, const char *text, gboolean allow_remote, GError **error)
{
  g_autoptr (GSocketAddress) address = choose_address (text, allow_remote, error);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocket) socket = NULL;
  GError *local = NULL;

  if (address == NULL)
    return FALSE;
  socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_TCP, &local);
  if (socket == NULL)
    return failure_take (error, text, local);
  g_socket_set_listen_backlog (socket, SOMAXCONN);
  if (!g_socket_bind (socket, address, TRUE, &local) || !g_socket_listen (socket, &local))
    return failure_take (error, text, local);
  bound = g_socket_get_local_address (socket, &local); /* the port, when 0 was asked for */
  if (bound == NULL)
    return failure_take (error, text, local);
  add (listeners, socket, describe_address (bound), TRUE);
  return TRUE;
}

static gboolean
take_activated (GPtrArray *listeners, GError **error)
{
  g_autoptr (GPtrArray) sockets = activation_take_sockets (error);

  if (sockets == NULL)
    return FALSE;
  for (guint i = 0; i < sockets->len; i++)
    {
      GSocket *socket = g_ptr_array_index (sockets, i);
      g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);

      add (listeners, socket,
           address != NULL ? describe_address (address) : g_strdup ("a socket passed to it"),
           FALSE);
    }
  return TRUE;
}

static gboolean
open_named (GPtrArray *listeners, const Options *options, const Config *config, GError **error)
{
  gboolean given = options->listen_unix != NULL || options->listen_tcp != NULL;
  char **paths = given ? options->listen_unix : config->listen_unix;
  char **addresses = given ? options->listen_tcp : config->listen_tcp;
  gboolean allow_remote = options->allow_remote || config->allow_remote;

  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    if (!open_unix (listeners, paths[i], error))
      return FALSE;
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    if (!open_tcp (listeners, addresses[i], allow_remote, error))
      return FALSE;
  return TRUE;
}

GPtrArray *
listeners_open (const Options *options, const Config *config, GError **error)
{
  g_autoptr (GPtrArray) listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) listener_free);
  g_autofree char *fallback = options_get_default_socket ();

  if (!take_activated (listeners, error) || !open_named (listeners, options, config, error))
    return NULL;
  if (listeners->len == 0 && fallback != NULL && !open_unix (listeners, fallback, error))
    return NULL;
  if (listeners->len > 0)
    return g_steal_pointer (&listeners);

  g_set_error (error, FAILURE, EX_USAGE,
               "It is not said where to listen: use --listen-unix=PATH or --listen-tcp=HOST:PORT, "
               "or [listen] in the configuration, or set RUNTIME_DIRECTORY");
  return NULL;
}

char *
listeners_describe (GPtrArray *listeners)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (listeners, i);

      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", listener->name);
    }
  return g_string_free (text, FALSE);
}

/* Nobody is accepted any more. A socket of the service manager's stays open there, and keeps new
 * clients waiting for the next start. */
void
listeners_close (GPtrArray *listeners)
{
  for (guint i = 0; i < listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (listeners, i);

      g_socket_close (listener->socket, NULL);
    }
}

gboolean
listeners_remove_files (GPtrArray *listeners, GError **error)
{
  gboolean removed = TRUE;

  for (guint i = 0; i < listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (listeners, i);

      if (listener->file != NULL && !socket_file_remove (listener->file, removed ? error : NULL))
        removed = FALSE;
      g_clear_pointer (&listener->file, socket_file_free);
    }
  return removed;
}
