/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* GLib's part in a signal that is taken: its handler stays in place, and is told in time.
 * Process-wide. */

#include <glib.h>
#include <signal.h>

/* floor 1 */
#include "ps-signums.h"

gboolean ps_anchor_is_glibs (int signum);
gboolean ps_anchor_drop (int signum);
void ps_anchor_set_action (int signum, const struct sigaction *action);
const struct sigaction *ps_anchor_get_action (int signum);
void ps_anchor_weigh (int signum);
void ps_anchor_clear (int signum);
void ps_anchor_forget (int signum);

gboolean ps_anchor_owe (int signum);
gboolean ps_anchor_owes (void);
void ps_anchor_tell (PsSignums of);

/* Async-signal-safe. */
void ps_anchor_came (int signum, siginfo_t *info, void *ucontext);
