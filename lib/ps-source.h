/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one source by which a watcher is woken: by a file descriptor, by any thread, by time. */

#include <glib.h>
#include <stdatomic.h>

typedef void (*PsSourceFunc) (gpointer data);

/* What signal handlers wake it by, which stays its owner's. */
typedef struct
{
  int fd;               /* a non-blocking eventfd */
  atomic_int *mark;     /* set by those who write to it, before they do; or NULL */
  int (*reopen) (void); /* where the program has closed it: another one; -1: no more; or NULL */
} PsSourceWaker;

GSource *ps_source_new (const PsSourceWaker *waker, PsSourceFunc func, gpointer data);
gboolean ps_source_is_at_rest (GSource *source);
void ps_source_wake (GSource *source);
gboolean ps_source_rest (GSource *source, gint64 until_us);
void ps_source_hand_over (GSource *source);
void ps_source_wait (GSource *source, gint64 until_us);
