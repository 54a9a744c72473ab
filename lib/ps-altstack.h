/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The alternate signal stack of a thread: where a handler runs when the thread's own stack is used
 * up. */

int ps_altstack_prepare (void);
void ps_altstack_release (void);
