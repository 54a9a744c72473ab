/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The well of identity: which process this is, and to whom it belongs. */

#include <glib.h>

void ps_identity_prepare (void);
char *ps_identity_get_unit (void);
const char *ps_identity_get_invocation_id (void);
char *ps_identity_get_comm (pid_t pid);

/* 128 bits in hexadecimal digits. */
#define PS_IDENTITY_ID 33

/* Each is empty, or 0, where it cannot be learnt. */
void ps_identity_get_boot (char id[PS_IDENTITY_ID]);
void ps_identity_get_machine (char id[PS_IDENTITY_ID]);
void ps_identity_make_id (char id[PS_IDENTITY_ID]);
guint64 ps_identity_get_pid_namespace (void);
gint64 ps_identity_get_start (pid_t pid);
