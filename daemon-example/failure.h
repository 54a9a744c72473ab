/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What keeps the daemon from starting: a GError whose code is the exit status of sysexits.h, so
 * that whoever finds the problem also says how the process ends. */

#include <glib.h>
#include <sysexits.h>

#define FAILURE (failure_quark ())

GQuark failure_quark (void);
int failure_from_errno (int errsv);
gboolean failure_take (GError **error, const char *what, GError *cause);
