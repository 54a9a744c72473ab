/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The well of threads: whether there are more to be had. Process-wide. */

#include <glib.h>

gboolean ps_threads_can_start (void);
