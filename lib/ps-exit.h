/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The well of exit(): being called when the process ends by itself. Process-wide. */

#include <limits.h>

#define PS_EXIT_STATUS_UNKNOWN INT_MIN

/* status: what exit() or main() gave; unknown after quick_exit(). Returns what it is to become. It
 * is called again, in the same thread, when something it runs calls exit() itself. */
typedef int (*PsExitFunc) (int status, void *data);

void ps_exit_install (PsExitFunc func, void *data);
void ps_exit_uninstall (void);
void *ps_exit_get_data (void);
int ps_exit_has_data (const void *data);
void ps_exit_then (void (*last) (int), int argument);
