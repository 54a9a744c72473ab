/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Doing what may wait for somebody else, without waiting for long. Thread-safe. */

#include <glib.h>

typedef struct _PsPatience PsPatience;

/* To take no longer than the limit. Returns less than 0 when it failed, -errno. */
typedef int (*PsPatienceFunc) (gpointer data, gint64 limit_us);

PsPatience *ps_patience_new (void);
void ps_patience_free (PsPatience *patience);
int ps_patience_try (PsPatience *patience, PsPatienceFunc func, gpointer data);
void ps_patience_lose (PsPatience *patience);
gboolean ps_patience_is_at_rest (PsPatience *patience);
guint ps_patience_get_lost (PsPatience *patience);
