/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <postscriptum.h>

/* The line that `systemctl status` shows: sent when something has changed, at most once a second,
 * so that an idle daemon never wakes up and a busy one does not talk all the time. */
typedef struct _Status Status;

typedef char *(*StatusFunc) (gpointer user_data);

Status *status_new (PsWatcher *watcher, StatusFunc describe, gpointer user_data);
void status_changed (Status *self);
void status_stop (Status *self);
void status_free (Status *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Status, status_free)
