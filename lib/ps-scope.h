/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ps-watcher.h>

G_BEGIN_DECLS

/**
 * ps_scope_new: (skip)
 * @self: a watcher
 * @callback: the cleanup
 * @user_data: (closure): data for it; must live until the scope has ended
 *
 * The try/finally of C: @callback runs at ps_scope_end(), which `g_autoptr(PsScope)` calls at the
 * end of the block, or as a finish callback when the process ends before that; once, in either
 * case. From any thread. Since 0.1.
 *
 * Returns: (transfer full): the scope
 */
PS_PUBLIC PsScope *ps_scope_new (PsWatcher *self, PsCallback callback, gpointer user_data);

/**
 * ps_scope_new_named: (skip)
 * @self: a watcher
 * @name: (nullable): what the journal calls it
 * @callback: the cleanup
 * @user_data: (closure): data for it; must live until the scope has ended
 *
 * As ps_scope_new(), which passes the callback's own spelling. Since 0.1.
 *
 * Returns: (transfer full): the scope
 */
PS_PUBLIC PsScope *ps_scope_new_named (PsWatcher *self, const char *name, PsCallback callback,
                                       gpointer user_data);

#ifndef __GI_SCANNER__
#define ps_scope_new(self, callback, user_data)                                                    \
  ps_scope_new_named ((self), #callback, (callback), (user_data))
#endif

/**
 * ps_scope_end:
 * @scope: (transfer full) (nullable): a scope
 *
 * Runs the cleanup in the calling thread if it has not run yet, and frees the scope. When another
 * thread is running it for the end of the process, waits until it is done. Since 0.1.
 */
PS_PUBLIC void ps_scope_end (PsScope *scope);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsScope, ps_scope_end)

G_END_DECLS
