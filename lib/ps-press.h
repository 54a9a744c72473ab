/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a signal amounts to, after those before it. Process-wide, from any thread. */

#include <glib.h>

/* floor 1 */
#include "ps-machine.h"

void ps_press_set_escalation (PsEscalation escalation);
void ps_press_forget (void);

PsPress ps_press (int signum, gint64 now_us);

void ps_press_relax (gint64 since_us);
