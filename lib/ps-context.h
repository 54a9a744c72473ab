/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ps-types.h>

G_BEGIN_DECLS

/*
 * What a callback is told, and how it answers. All of these are for the thread that the callback
 * runs in, while it runs; none is async-signal-safe.
 */

#define PS_TYPE_CONTEXT (ps_context_get_type ())

/**
 * ps_context_get_event:
 * @context: a context
 *
 * Returns: (transfer none): the event the callback runs for; a scope that ends by itself shows
 *   %PS_EVENT_FINISH. Since 0.1.
 */
PS_PUBLIC PsEvent ps_context_get_event (PsContext *context);

/**
 * ps_context_get_signal:
 * @context: a context
 *
 * Returns: the signal that caused this exit or reload; 0 when none did. Since 0.1.
 */
PS_PUBLIC int ps_context_get_signal (PsContext *context);

/**
 * ps_context_get_signal_value:
 * @context: a context
 * @value: (out) (optional): where to put it: the `sival_int` of sigqueue(3), mq_notify(3) or a
 *   timer; left alone when there is none
 *
 * Realtime signals are queued, each with its value; of the others the kernel keeps one at a time.
 * `systemctl kill --kill-value=` and `kill --queue` send such values. Since 0.1.
 *
 * Returns: %TRUE if a signal caused this exit or reload, and a value came with it; what kill(2)
 *   sends has none
 */
PS_PUBLIC gboolean ps_context_get_signal_value (PsContext *context, int *value);

/**
 * ps_context_get_sender:
 * @context: a context
 *
 * Returns: (transfer none) (nullable): who sent the signal; %NULL when there is no signal, or the
 *   kernel sent it (a terminal's Ctrl-C), or it is not known. Since 0.1.
 */
PS_PUBLIC const PsSender *ps_context_get_sender (PsContext *context);

/**
 * ps_context_get_exit_code:
 * @context: a context
 *
 * Returns: the exit status the process will have as things stand: the code given to
 *   ps_watcher_quit(), exit() or ps_context_set_exit_code(), else that of the policy. Since 0.1.
 */
PS_PUBLIC int ps_context_get_exit_code (PsContext *context);

/**
 * ps_context_set_exit_code:
 * @context: a context
 * @exit_code: 0 to 255; anything else becomes 255, so that no failure turns into success
 *
 * Changes the exit status, whatever caused the exit. The last call wins. Since 0.1.
 */
PS_PUBLIC void ps_context_set_exit_code (PsContext *context, int exit_code);

/**
 * ps_context_get_recommended_exit_status:
 * @context: a context
 *
 * Returns: 128 + the signal's number; without a signal, the exit code. Since 0.1.
 */
PS_PUBLIC int ps_context_get_recommended_exit_status (PsContext *context);

/**
 * ps_context_get_previous_action:
 * @context: a context
 *
 * Returns: (transfer none) (nullable): what was set up for the signal before
 *   the watcher took it; %NULL without a signal. Since 0.1.
 */
PS_PUBLIC const struct sigaction *ps_context_get_previous_action (PsContext *context);

/**
 * ps_context_get_time_left_us:
 * @context: a context
 *
 * Returns: microseconds until the nearer of the callback's deadline and the exit's; 0 when it has
 *   passed, %G_MAXINT64 when there is none. Since 0.1.
 */
PS_PUBLIC gint64 ps_context_get_time_left_us (PsContext *context);

/**
 * ps_context_hold: (skip)
 * @context: a context
 * @why: what is waited for, in words for an administrator: "writing 812 lines"
 *
 * Makes the exit or reload wait for asynchronous work: the next phase begins when every hold of
 * this one has been released or given up on. The deadline is that of the callback's
 * registration, if it has one.
 *
 * Returns: (transfer full) (nullable): a new hold; ps_hold_release() ends it. %NULL when there is
 * no memory for one: then nothing is waited for, and the journal says so. Since 0.1.
 */
PS_PUBLIC PsHold *ps_context_hold (PsContext *context, const char *why);

/**
 * ps_context_veto:
 * @context: a context of %PS_EVENT_QUERY
 * @why: the reason, in words for an administrator: "burning a disc"
 *
 * Keeps the process alive. The other query callbacks still run; then the resume callbacks, and
 * life goes on. A service manager that asked for the stop will not wait for ever: it sends
 * SIGKILL after its stop timeout. Since 0.1.
 */
PS_PUBLIC void ps_context_veto (PsContext *context, const char *why);

/**
 * ps_context_fail:
 * @context: a context
 * @error: (transfer full): what went wrong
 *
 * Reports that the callback failed. It is logged under the callback's name, a reload tells it to
 * the service manager, and the remaining callbacks run all the same. Since 0.1.
 */
PS_PUBLIC void ps_context_fail (PsContext *context, GError *error);

/**
 * ps_context_ref:
 * @context: a context
 *
 * Returns: (transfer full): the same context, with one more reference. It does not make the
 *   context valid for longer than the callback; it only keeps its memory. Since 0.1.
 */
PS_PUBLIC PsContext *ps_context_ref (PsContext *context);

/**
 * ps_context_unref:
 * @context: (transfer full): a context
 *
 * Gives a reference back. Since 0.1.
 */
PS_PUBLIC void ps_context_unref (PsContext *context);

PS_PUBLIC GType ps_context_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsContext, ps_context_unref)

G_END_DECLS
