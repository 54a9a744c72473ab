/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Gives the child a /run of its own, without journald: with a socket instead when journal_path
 * is one, as inbox_path() gives it. To be called first in a child. FALSE where namespaces are
 * not to be had; then the case has to be left out. */
gboolean child_own_run (const char *journal_path);

/* Makes the next forked child the first of a PID namespace. FALSE likewise. */
gboolean child_own_pids (void);
