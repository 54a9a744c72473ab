/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <postscriptum.h>

#include "config.h"
#include "store.h"

/* The worker thread, and the bounded queue before it. All functions are for the main thread. */
typedef struct _Writer Writer;

/* Called in the main loop with the lines of a batch, each with its answer; error is NULL when they
 * were stored. */
typedef void (*WriterFunc) (GPtrArray *lines, const GError *error, gpointer user_data);

Writer *writer_new (Store *store, const Config *config, WriterFunc func, gpointer user_data,
                    GDestroyNotify free_line);
void writer_configure (Writer *self, const Config *config);
void writer_push (Writer *self, GPtrArray *lines);
gboolean writer_is_full (Writer *self);
gboolean writer_is_idle (Writer *self);
void writer_hurry (Writer *self);
void writer_finish (Writer *self, PsHold *hold);
gboolean writer_is_finished (Writer *self);
void writer_free (Writer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Writer, writer_free)
