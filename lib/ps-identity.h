/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The well of identity: which process this is, and to whom it belongs. */

#include <glib.h>

void ps_identity_prepare (void);
char *ps_identity_get_unit (void);
const char *ps_identity_get_invocation_id (void);
char *ps_identity_get_comm (pid_t pid);
