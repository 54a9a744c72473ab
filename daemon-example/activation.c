/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "activation.h"

#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "failure.h"

/* Each must be what we can serve; a .socket unit with ListenDatagram= is a slip that is better
 * found now than with the first client. */
static gboolean
check (int fd, const char *name, GError **error)
{
  if (sd_is_socket (fd, AF_UNIX, SOCK_STREAM, 1) > 0
      || sd_is_socket_inet (fd, AF_UNSPEC, SOCK_STREAM, 1, 0) > 0)
    return TRUE;

  g_set_error (error, FAILURE, EX_CONFIG,
               "Descriptor %d (“%s”), passed by the service manager, is not a listening stream "
               "socket, Unix or TCP: use ListenStream= (and Accept=no) in the .socket unit",
               fd, name);
  return FALSE;
}

static gboolean
take (GPtrArray *sockets, int fd, const char *name, GError **error)
{
  GError *local = NULL;
  GSocket *socket;

  if (!check (fd, name, error))
    return FALSE;
  socket = g_socket_new_from_fd (fd, &local);
  if (socket == NULL)
    return failure_take (error, name, local);
  g_ptr_array_add (sockets, socket);
  return TRUE;
}

GPtrArray *
activation_take_sockets (GError **error)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);
  g_auto (GStrv) names = NULL;
  int count = sd_listen_fds_with_names (TRUE, &names);

  if (count < 0)
    {
      g_set_error (error, FAILURE, EX_CONFIG,
                   "The sockets of the service manager (LISTEN_FDS) cannot be taken: %s",
                   g_strerror (-count));
      return NULL;
    }
  for (int i = 0; i < count; i++)
    if (!take (sockets, SD_LISTEN_FDS_START + i, names[i], error))
      return NULL;
  return g_steal_pointer (&sockets);
}
