/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static GSocketService *service;
static guint bus_name;
static void (*on_served) (void);

/* A greeting, and the connection is over: enough to see who serves. */
static gboolean
on_incoming (GSocketService *self, GSocketConnection *connection, GObject *source, gpointer data)
{
  g_autofree char *greeting = g_strdup_printf ("ps-probed %d\n", (int) getpid ());
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (connection));

  g_output_stream_write_all (output, greeting, strlen (greeting), NULL, NULL, NULL);
  return TRUE;
}

/* The sockets that systemd passed, if any. */
void
serve_sockets (void)
{
  char **names = NULL;
  int n = sd_listen_fds_with_names (TRUE, &names);

  if (n <= 0)
    return;
  service = g_socket_service_new ();
  g_signal_connect (service, "incoming", G_CALLBACK (on_incoming), NULL);
  for (int i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSocket) socket = g_socket_new_from_fd (SD_LISTEN_FDS_START + i, &error);

      if (socket == NULL
          || !g_socket_listener_add_socket (G_SOCKET_LISTENER (service), socket, NULL, &error))
        g_error ("file descriptor %d is of no use: %s", SD_LISTEN_FDS_START + i, error->message);
      trace ("socket %s", names[i]);
      free (names[i]);
    }
  free (names);
}

static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer data)
{
  trace ("name acquired");
  on_served ();
}

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer data)
{
  g_printerr ("ps-probed: cannot own %s: %s\n", name,
              connection == NULL ? "no bus" : "taken, or the bus's policy forbids it");
  ps_watcher_quit (the_watcher, 69);
}

static void
give_name_up (PsContext *context, gpointer data)
{
  g_bus_unown_name (bus_name);
}

void
serve_bus_name (const char *name, void (*func) (void))
{
  on_served = func;
  bus_name = g_bus_own_name (G_BUS_TYPE_SYSTEM, name, G_BUS_NAME_OWNER_FLAGS_NONE, NULL,
                             on_name_acquired, on_name_lost, NULL, NULL);
  ps_watcher_on_finish (the_watcher, give_name_up, NULL);
}
