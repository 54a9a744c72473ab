/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* The file of a Unix socket that we made: taken safely, removed only while it is ours. */
typedef struct
{
  char *path;
  dev_t dev;
  ino_t ino;
} SocketFile;

SocketFile *socket_file_claim (const char *path, GSocket *socket, GError **error);
gboolean socket_file_remove (SocketFile *self, GError **error);
void socket_file_free (SocketFile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SocketFile, socket_file_free)
