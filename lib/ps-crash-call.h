/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Calls a registered callback in a signal handler. */

/* floor 5 */
#include "ps-crash.h"

void ps_crash_call (const PsCrash *crash, const PsLastCall *call);
