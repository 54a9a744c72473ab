/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The crash handler. Process-wide; libc only. */

#include "ps-crash-types.h"

/* floor 0 */
#include "ps-lastcalls.h"

/* Calls what is registered for the crash or finish event; in signal context. */
typedef void (*PsCrashCaller) (const PsCrash *crash, const PsLastCall *call);

void ps_crash_enable (PsCrashCaller caller);
int ps_crash_is_enabled (void);
void ps_crash_disable (void);
int ps_crash_forget (void);
