/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "config.h"
#include "options.h"
#include "socket-file.h"

/* A socket that clients connect to. */
typedef struct
{
  GSocket *socket;
  char *name;       /* for people: "/run/inbox.sock", "127.0.0.1:7070" */
  gboolean ours;    /* not the service manager's, who would keep it open after us */
  SocketFile *file; /* NULL when it is TCP, or not ours */
} Listener;

/* All there are to be: from the service manager, the command line, the configuration. */
GPtrArray *listeners_open (const Options *options, const Config *config, GError **error);
char *listeners_describe (GPtrArray *listeners);
void listeners_close (GPtrArray *listeners);
gboolean listeners_remove_files (GPtrArray *listeners, GError **error);
