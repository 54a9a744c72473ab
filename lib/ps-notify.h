/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The well of the service manager: the protocol of sd_notify(3), never waiting for long.
 * Thread-safe. */

#include <glib.h>

typedef struct _PsNotify PsNotify;

void ps_notify_prepare (void);

PsNotify *ps_notify_new (void);
void ps_notify_free (PsNotify *notify);
gboolean ps_notify_is_at_rest (PsNotify *notify);
void ps_notify_take_over (PsNotify *notify);
void ps_notify_send (PsNotify *notify, const char *state);
guint ps_notify_get_lost (PsNotify *notify);
guint64 ps_notify_get_watchdog_us (PsNotify *notify);
