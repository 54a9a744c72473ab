/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ps-crash-types.h>
#include <ps-types.h>

G_BEGIN_DECLS

/**
 * ps_watcher_report_crashes:
 * @self: a watcher
 *
 * Takes SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP and SIGSYS into the watcher's care. When
 * one of them comes there is a record of it in the journal and, unless that is the same, an account
 * on standard error: the signal and its code in words, the address or the sender, the thread, the
 * callback that was running, the words of a failed assertion, a backtrace for addr2line(1), and
 * which finish callbacks were not run. Then the process dies as it would have died otherwise: of
 * the same signal, and with the same core. A handler that was there before gets its turn after the
 * record, as if it were alone.
 *
 * Callbacks do not run in a crash, but for those of ps_watcher_on_crash() and those that are
 * registered as %PS_ASYNC_SIGNAL_SAFE. After 0.7 s what runs is interrupted, and SIGKILL comes
 * 1.5 s later; where the interruption is blocked, 10 s after the crash.
 *
 * The calling thread gets an alternate stack, and the one that calls ps_watcher_run(), so that the
 * overflow of their stacks is seen; for others see ps_thread_prepare(). From any thread; it ends
 * with ps_watcher_detach(). Since 0.1.
 */
PS_PUBLIC void ps_watcher_report_crashes (PsWatcher *self);

/**
 * ps_watcher_on_crash: (skip)
 * @self: a watcher
 * @callback: what to run
 * @user_data: data for it
 *
 * Runs @callback when the process crashes, after the record was sent; the newest first. It does
 * what ps_watcher_report_crashes() does, too. As a macro it also passes the callback's own
 * spelling. From any thread. Since 0.1.
 *
 * Returns: an ID for ps_watcher_remove(); 0 when there are 64 of them already, when finish has
 *   begun, when the watch is over (a warning says which), and in a forked child
 */
PS_PUBLIC guint ps_watcher_on_crash (PsWatcher *self, PsCrashFunc callback, gpointer user_data);

/**
 * ps_watcher_on_named_crash: (skip)
 * @self: a watcher
 * @name: (nullable): what the journal calls it
 * @callback: what to run
 * @user_data: data for it
 *
 * As ps_watcher_on_crash(), which passes the callback's own spelling. Since 0.1.
 *
 * Returns: an ID for ps_watcher_remove(), or 0
 */
PS_PUBLIC guint ps_watcher_on_named_crash (PsWatcher *self, const char *name, PsCrashFunc callback,
                                           gpointer user_data);

#ifndef __GI_SCANNER__
#define ps_watcher_on_crash(self, callback, user_data)                                             \
  ps_watcher_on_named_crash ((self), #callback, (callback), (user_data))
#endif

/**
 * ps_thread_prepare:
 *
 * Gives the calling thread an alternate stack for signal handlers, if it has none, so that there is
 * a record when its own stack overflows: without it the kernel ends the process without a word. To
 * be called at the beginning of a thread; it is given back when the thread ends. It costs 64 KiB of
 * addresses, and memory only when it is used. Since 0.1.
 *
 * Returns: %TRUE if the thread has an alternate stack now; %FALSE when there was no memory for one
 */
PS_PUBLIC gboolean ps_thread_prepare (void);

/**
 * ps_log_writer:
 * @log_level: how important the message is
 * @fields: (array length=n_fields): its fields
 * @n_fields: how many
 * @user_data: ignored
 *
 * A #GLogWriterFunc that does what g_log_writer_default() does and keeps the words of a warning or
 * an error in mind: when that is what the process dies of (g_error(), or fatal warnings), they are
 * in the record of the crash, since they are to be had in no other way. For
 * g_log_set_writer_func(), or for a writer function of your own to call. Since 0.1.
 *
 * Returns: %G_LOG_WRITER_HANDLED, or what else g_log_writer_default() returned
 */
PS_PUBLIC GLogWriterOutput ps_log_writer (GLogLevelFlags log_level, const GLogField *fields,
                                          gsize n_fields, gpointer user_data);

G_END_DECLS
