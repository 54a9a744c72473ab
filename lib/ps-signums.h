/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sets of signals by number, 1 to 64, and which signals can ask a process to end. Pure; all but
 * ps_signums_choose() is async-signal-safe. */

#include <glib.h>

typedef guint64 PsSignums;

#define PS_SIGNUMS_NONE ((PsSignums) 0)
#define PS_SIGNUMS_ALL (~PS_SIGNUMS_NONE)

PsSignums ps_signums_of (int signum);
gboolean ps_signums_have (PsSignums set, int signum);
int ps_signums_last (PsSignums set);
gboolean ps_signums_is_queued (int signum);
gboolean ps_signums_choose (const int *signums, gsize n_signums, PsSignums *set, GError **error);
