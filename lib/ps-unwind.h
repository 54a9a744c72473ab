/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The well of the stack and of the loader: a backtrace, with the files that the code is from.
 * Process-wide. */

#include "ps-crash-types.h"

#define PS_UNWIND_MAX 64

void ps_unwind_prepare (void);

/* Async-signal-safe. */
uintptr_t ps_unwind_get_pc (const void *ucontext);
uintptr_t ps_unwind_get_sp (const void *ucontext);
void ps_unwind_reset (void);
void ps_unwind (void *ucontext, uintptr_t address_at_fault);
const PsFrame *ps_unwind_get_frames (size_t *n_frames);
