/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Says what is known of a crash: to the journal and to standard error. Async-signal-safe. */

#include "ps-crash-types.h"

/* floor 1 */
#include "ps-crash-text.h"

void ps_crash_tell (const PsCrash *crash, const PsCrashNotes *notes);
void ps_crash_tell_cut (const char *name, const char *why);
