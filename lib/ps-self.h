/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which process this is: the one that is watched, or a copy of it. Process-wide. What is marked so
 * may be called in a signal handler. */

int ps_self_claim (void);
int ps_self_can_take_over (void);
int ps_self_take_over (void);

/* Async-signal-safe. */
int ps_self_is_watched (void);
int ps_self_is_watched_here (void);
int ps_self_is_copy (void);
int ps_self_begin_end (void);
