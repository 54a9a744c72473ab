/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <postscriptum.h>

#include "config.h"
#include "writer.h"

/* The clients, and what has been done for them. */
typedef struct _Inbox Inbox;

typedef void (*InboxFunc) (gpointer user_data);

Inbox *inbox_new (GPtrArray *listeners, Store *store, const Config *config, InboxFunc changed,
                  gpointer user_data);
void inbox_configure (Inbox *self, const Config *config);
gboolean inbox_is_idle (Inbox *self);
void inbox_describe (Inbox *self, GString *text);

/* The steps of the end, in this order. */
void inbox_stop_accepting (Inbox *self);
void inbox_drain (Inbox *self, PsContext *context, guint within_ms);
void inbox_write_last (Inbox *self, PsContext *context);
gboolean inbox_is_finished (Inbox *self);

void inbox_free (Inbox *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Inbox, inbox_free)
