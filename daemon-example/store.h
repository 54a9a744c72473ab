/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The database. One thread at a time may use it. */
typedef struct _Store Store;

Store *store_open (const char *path, GError **error);
gboolean store_write (Store *self, GPtrArray *lines, GError **error);
gboolean store_checkpoint (Store *self, GError **error);
void store_close (Store *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Store, store_close)
