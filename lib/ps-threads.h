/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The well of threads: whether there are more to be had, which there are, and when one ends.
 * Process-wide. */

#include <glib.h>
#include <sys/types.h>

gboolean ps_threads_can_start (void);

void ps_threads_open (void (*end) (void));
void ps_threads_mind (void);
guint ps_threads_count_others (pid_t but);
gboolean ps_threads_has_first (void);
gboolean ps_threads_has_other (pid_t tid);
