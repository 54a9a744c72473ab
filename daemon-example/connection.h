/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "line.h"
#include "writer.h"

/* One client. */
typedef struct _Connection Connection;

typedef void (*ConnectionFunc) (Connection *connection, gpointer user_data);

Connection *connection_new (GSocket *socket, Writer *writer, const guint *line_limit,
                            ConnectionFunc closed, gpointer user_data);
Connection *connection_ref (Connection *self);
void connection_unref (Connection *self);
void connection_answer (Connection *self, const Line *line);
void connection_go_on (Connection *self);
void connection_drain (Connection *self);
void connection_close (Connection *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Connection, connection_unref)
