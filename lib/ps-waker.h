/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a signal handler wakes the loop by. Process-wide; everything but ps_waker_wake() belongs to
 * the thread of the conductor. */

#include <glib.h>
#include <stdatomic.h>

int ps_waker_open (void);
int ps_waker_reopen (void);
void ps_waker_close (void);
int ps_waker_get_fd (void);
atomic_int *ps_waker_get_mark (void);

void ps_waker_wake (void);

void ps_waker_part (void);
gboolean ps_waker_can_inherit (void);
void ps_waker_inherit (void);
