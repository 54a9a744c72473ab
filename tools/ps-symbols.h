/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names for the addresses of a backtrace. */

#include <glib.h>

/* A line of PS_BACKTRACE: "write_batch at store.c:120" where the file is here, is the same one, and
 * can be trusted; NULL otherwise. */
char *ps_symbols_find (const char *line);
