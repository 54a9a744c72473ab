/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ps-types.h>

G_BEGIN_DECLS

/*
 * A hold keeps an exit (or a reload) from going on to its next phase while asynchronous work is
 * under way. It comes from ps_context_hold(), carries the name of its callback and the words
 * given, and is bounded by its deadline and by the exit's.
 *
 * All functions here may be called from any thread; none is async-signal-safe.
 */

#define PS_TYPE_HOLD (ps_hold_get_type ())

/**
 * ps_hold_release: (skip)
 * @hold: (transfer full) (nullable): a hold
 *
 * The work is done: the exit need not wait for it any longer. Takes the caller's reference.
 * This is what `g_autoptr(PsHold)` does at the end of the scope. Since 0.1.
 */
PS_PUBLIC void ps_hold_release (PsHold *hold);

/**
 * ps_hold_set_deadline:
 * @hold: a hold
 * @deadline_ms: milliseconds from now; 0: none of its own
 *
 * Replaces the deadline that came from the callback's registration. The exit's own deadline
 * still bounds it. Since 0.1.
 */
PS_PUBLIC void ps_hold_set_deadline (PsHold *hold, guint deadline_ms);

/**
 * ps_hold_extend:
 * @hold: a hold
 * @by_ms: milliseconds from now
 *
 * Says that progress was made and this much more time is needed: moves the deadline of the hold,
 * that of the exit and the service manager's stop timeout (`EXTEND_TIMEOUT_USEC=`), each of them
 * only to a later time, never to an earlier one. Since 0.1.
 */
PS_PUBLIC void ps_hold_extend (PsHold *hold, guint by_ms);

/**
 * ps_hold_is_active:
 * @hold: a hold
 *
 * Returns: %TRUE while it is waited for; %FALSE once it was released or given up on, which tells
 *   a worker that nobody waits for its result. Since 0.1.
 */
PS_PUBLIC gboolean ps_hold_is_active (PsHold *hold);

/**
 * ps_hold_get_why:
 * @hold: a hold
 *
 * Returns: (transfer none): the words it was taken with. Since 0.1.
 */
PS_PUBLIC const char *ps_hold_get_why (PsHold *hold);

/**
 * ps_hold_ref:
 * @hold: a hold
 *
 * Returns: (transfer full): the same hold, with one more reference. Since 0.1.
 */
PS_PUBLIC PsHold *ps_hold_ref (PsHold *hold);

/**
 * ps_hold_unref:
 * @hold: (transfer full): a hold
 *
 * Gives a reference back; the last one releases the hold. Since 0.1.
 */
PS_PUBLIC void ps_hold_unref (PsHold *hold);

PS_PUBLIC GType ps_hold_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsHold, ps_hold_release)

G_END_DECLS
