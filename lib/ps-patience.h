/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Doing what may wait for somebody else, without waiting for long. Thread-safe. */

#include <glib.h>

typedef struct _PsPatience PsPatience;

/* Between the two, a system call that waits for longer than the limit fails. */
typedef struct
{
  void (*begin) (gint64 limit_us);
  void (*end) (void);
} PsLimit;

/* Less than 0: it failed, -errno. */
typedef int (*PsPatienceFunc) (gpointer data);

PsPatience *ps_patience_new (const PsLimit *limit);
void ps_patience_free (PsPatience *patience);
int ps_patience_try (PsPatience *patience, PsPatienceFunc func, gpointer data);
guint ps_patience_get_lost (PsPatience *patience);
