/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ps-context.h>
#include <ps-hold.h>
#include <ps-types.h>

G_BEGIN_DECLS

#define PS_TYPE_WATCHER (ps_watcher_get_type ())

/* --- Before anything else, and attaching ----------------------------------------------------- */

/**
 * ps_prepare:
 *
 * For the first line of main(), where the set-up takes long or clears the environment. Remembers
 * `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`, and keeps a SIGTERM, SIGINT or SIGHUP that
 * comes before ps_glib_attach() instead of letting the process die of it: it is handled when the
 * loop turns. Optional; to be called once, before there are threads. Since 0.1.
 */
PS_PUBLIC void ps_prepare (void);

/**
 * ps_glib_attach:
 * @loop: the main loop of the process
 *
 * Takes SIGTERM, SIGINT and SIGHUP (not those that nohup or a shell had set to be ignored) and
 * the end of the process into the watcher's care. From here on the registered callbacks run when
 * the process ends, in the thread that runs @loop.
 *
 * There is one watcher per process. A second call with the same loop returns the same one; with
 * another loop it is a programmer's error. The process keeps a reference of its own until
 * ps_watcher_detach(): giving the returned one back ends nothing.
 *
 * To be called after daemonizing, if one must (else see ps_watcher_reattach()), and from the thread
 * that runs the loop or before it runs. Since 0.1.
 *
 * Returns: (transfer full) (nullable): the watcher; %NULL, and a critical message says why, where
 *   ps_glib_try_attach() fails
 */
PS_PUBLIC PsWatcher *ps_glib_attach (GMainLoop *loop);

/**
 * ps_glib_try_attach:
 * @loop: the main loop of the process
 * @error: (nullable): return location for a #GError
 *
 * As ps_glib_attach(), for a program that can do without. GLib itself ends a process that has no
 * descriptor or no thread left for it; that is looked at before. Since 0.1.
 *
 * Errors: %PS_ERROR_EXHAUSTED when the process has used up its descriptors or threads;
 * %PS_ERROR_BUSY when another copy of this library (linked into the program, or loaded from another
 * file) watches; %PS_ERROR_OVER when a child has taken the watch of this process over.
 *
 * Returns: (transfer full) (nullable): the watcher; %NULL with @error set
 */
PS_PUBLIC PsWatcher *ps_glib_try_attach (GMainLoop *loop, GError **error);

/**
 * ps_watcher_get_default:
 *
 * For libraries and plug-ins that want to register something. From any thread. Since 0.1.
 *
 * Returns: (transfer none) (nullable): the watcher of this process; %NULL when there is none, and
 *   in a forked child; also, with a warning, when it is that of another copy of this library
 */
PS_PUBLIC PsWatcher *ps_watcher_get_default (void);

/**
 * ps_watcher_detach:
 * @self: a watcher
 *
 * Ends the watch: gives every signal disposition back as it was found, and forgets the callbacks
 * (their destroy notifies are called). A signal that has come but was not handled yet is sent
 * again, to what is in force then. To be called in the loop's thread, or when no loop runs.
 * Doing it twice does nothing. Since 0.1.
 */
PS_PUBLIC void ps_watcher_detach (PsWatcher *self);

/**
 * ps_watcher_reattach:
 * @self: the watcher that a forked child has from its parent
 * @error: (nullable): return location for a #GError
 *
 * For a forked child that goes on as the daemon (fork, double fork, `daemon(3)`): from here on the
 * watch is over this process, with the same registrations, options and loop, and no longer over the
 * parent. Attaching after daemonizing is the better way; this is for where that cannot be had. To
 * be called before the child runs the loop, and before it starts threads. In the process that is
 * watched already it does nothing.
 *
 * Whoever is first has the watch. When the child has taken it over, the parent may end in whatever
 * way, and none of the callbacks runs in it; signals do to it what they did before it attached.
 * When the parent calls exit() or gets a signal before, its exit is the daemon's, and this fails.
 * So a parent waits for the child before it calls exit(), for a byte in a pipe; or it calls _exit()
 * (as `daemon(3)` does) or ps_watcher_detach(). Until this is called a signal does to the child
 * what it did before the parent attached: a SIGTERM kills it.
 *
 * The service manager is told (`MAINPID=`), which it heeds from a process that is not its main one
 * with `NotifyAccess=all` only, and while the former main process lives: a unit of `Type=notify`
 * fails when that ends first. Watchdog pings are sent by the child, and `WATCHDOG_PID` is set to
 * its number.
 *
 * GLib delivers no signals in a forked child of a process in which it did: other sources of
 * g_unix_signal_add() are dead there. The child must have kept its descriptors, and no other thread
 * may have been running the loop or using the watcher when the process forked. Since 0.1.
 *
 * Errors: %PS_ERROR_BUSY when the process forked during an exit or a reload, in a callback, or
 * while another thread ran the loop or used the watcher, or has attached another watcher since;
 * %PS_ERROR_OVER when the watch has ended, or the parent's exit has begun, or another child has
 * taken the watch over; %PS_ERROR_EXHAUSTED when the watcher's descriptor is gone.
 *
 * Returns: %TRUE if the watch is over this process
 */
PS_PUBLIC gboolean ps_watcher_reattach (PsWatcher *self, GError **error);

/* --- Running and ending ---------------------------------------------------------------------- */

/**
 * ps_watcher_run:
 * @self: a watcher
 *
 * Runs the loop until the exit is complete. When somebody else quits the loop, that is an exit
 * like another: the quit and finish callbacks run before this returns. When this thread is
 * cancelled here, or a callback ends it by pthread_exit(), the process exits: nobody can run the
 * loop any more. Since 0.1.
 *
 * Returns: what main() is to return: 128 + signum, or the code of ps_watcher_quit() and its like
 */
PS_PUBLIC int ps_watcher_run (PsWatcher *self);

/**
 * ps_watcher_quit:
 * @self: a watcher
 * @exit_code: 0 to 255; anything else becomes 255, so that no failure turns into success
 *
 * Asks for an exit: query callbacks (which may veto it), quit callbacks, finish callbacks. Returns
 * at once. During an exit it changes nothing: the first cause is kept. The exit's time begins here:
 * where the loop hangs and never hears of this, the process ends at the deadline. From any thread.
 * Since 0.1.
 */
PS_PUBLIC void ps_watcher_quit (PsWatcher *self, int exit_code);

/**
 * ps_watcher_get_exit_status:
 * @self: a watcher
 *
 * For those who call g_main_loop_run() themselves: what main() is to return. Since 0.1.
 *
 * Returns: the exit status, 0 while no exit has begun
 */
PS_PUBLIC int ps_watcher_get_exit_status (PsWatcher *self);

/* --- Callbacks ------------------------------------------------------------------------------- */

/**
 * ps_watcher_add: (skip)
 * @self: a watcher
 * @events: when to run it: one or more of #PsEvents; with %PS_ASYNC_SIGNAL_SAFE in a crash, too
 * @name: (nullable): what the journal calls it
 * @priority: lower runs first, like a #GSource's; the callbacks of one priority are a phase: they
 *   run last registered first, and their holds are awaited together before the next phase
 * @deadline_ms: how long what the callback holds for may take, in milliseconds from its call; 0:
 *   only the exit's own deadline bounds it, which alone bounds a callback that does not return
 * @callback: what to run
 * @user_data: (closure): data for it. It must live as long as the registration: when main()
 *   returns before the exit is complete, the callbacks run after main()'s variables are gone.
 * @notify: (nullable): frees @user_data; called when the registration is removed and not running
 *
 * Registers a callback. The same pair of @callback and @user_data runs once per exit, on the
 * earliest event it is registered for. One that is added for the event being dispatched runs in
 * the same pass: after the others of its priority, or as the next phase when that has passed.
 * O(1) amortised. From any thread; in a forked child it does nothing, as do all functions that
 * take the parent's watcher. Since 0.1.
 *
 * Returns: an ID for ps_watcher_remove(), never 0 on success; 0 when finish has begun, which is
 *   too late to register anything, and when there are 64 for crashes already (a warning says so,
 *   and @notify is called)
 */
PS_PUBLIC guint ps_watcher_add (PsWatcher *self, PsEvents events, const char *name, int priority,
                                guint deadline_ms, PsCallback callback, gpointer user_data,
                                GDestroyNotify notify);

/**
 * ps_watcher_remove:
 * @self: a watcher
 * @id: what a registration returned
 *
 * Removes a registration: it will not run any more, even if its phase has begun. Its destroy
 * notify is called at once, or, when the callback is running, after it has returned. O(1).
 * From any thread; callbacks may remove themselves and others. Since 0.1.
 *
 * Returns: %TRUE if it was there
 */
PS_PUBLIC gboolean ps_watcher_remove (PsWatcher *self, guint id);

/**
 * ps_watcher_on_terminate: (skip)
 * @self: a watcher
 * @callback: what to run
 * @user_data: (closure): data for it
 *
 * Runs @callback when a signal ends the process. As a macro it also passes the callback's own
 * spelling, so that the journal can name it. The other short forms are alike. Since 0.1.
 *
 * Returns: an ID for ps_watcher_remove()
 */
PS_PUBLIC guint ps_watcher_on_terminate (PsWatcher *self, PsCallback callback, gpointer user_data);

/**
 * ps_watcher_on_quit: (skip)
 * @self: a watcher
 * @callback: what to run
 * @user_data: (closure): data for it
 *
 * Runs @callback when the program ends itself: ps_watcher_quit(), exit(), return from main(), a
 * loop that was quit. Since 0.1.
 *
 * Returns: an ID for ps_watcher_remove()
 */
PS_PUBLIC guint ps_watcher_on_quit (PsWatcher *self, PsCallback callback, gpointer user_data);

/**
 * ps_watcher_on_reload: (skip)
 * @self: a watcher
 * @callback: what to run
 * @user_data: (closure): data for it
 *
 * Runs @callback when SIGHUP asks for a reload; registering one makes SIGHUP mean that, see
 * ps_watcher_set_hangup(). Since 0.1.
 *
 * Returns: an ID for ps_watcher_remove()
 */
PS_PUBLIC guint ps_watcher_on_reload (PsWatcher *self, PsCallback callback, gpointer user_data);

/**
 * ps_watcher_on_finish: (skip)
 * @self: a watcher
 * @callback: what to run
 * @user_data: (closure): data for it
 *
 * Runs @callback when everything else of an exit has been done, whatever caused it. Since 0.1.
 *
 * Returns: an ID for ps_watcher_remove()
 */
PS_PUBLIC guint ps_watcher_on_finish (PsWatcher *self, PsCallback callback, gpointer user_data);

/**
 * ps_watcher_on_query: (skip)
 * @self: a watcher
 * @callback: what to run
 * @user_data: (closure): data for it
 *
 * Runs @callback when an exit is asked for that can still be vetoed, see ps_context_veto().
 * Since 0.1.
 *
 * Returns: an ID for ps_watcher_remove()
 */
PS_PUBLIC guint ps_watcher_on_query (PsWatcher *self, PsCallback callback, gpointer user_data);

/**
 * ps_watcher_on_resume: (skip)
 * @self: a watcher
 * @callback: what to run
 * @user_data: (closure): data for it
 *
 * Runs @callback when an exit was vetoed, and life goes on. Since 0.1.
 *
 * Returns: an ID for ps_watcher_remove()
 */
PS_PUBLIC guint ps_watcher_on_resume (PsWatcher *self, PsCallback callback, gpointer user_data);

#ifndef __GI_SCANNER__
#define ps_watcher_on_(self, event, callback, user_data)                                           \
  ps_watcher_add ((self), (event), #callback, 0, 0, (callback), (user_data), NULL)
#define ps_watcher_on_terminate(self, callback, user_data)                                         \
  ps_watcher_on_ (self, PS_EVENT_TERMINATE, callback, user_data)
#define ps_watcher_on_quit(self, callback, user_data)                                              \
  ps_watcher_on_ (self, PS_EVENT_QUIT, callback, user_data)
#define ps_watcher_on_reload(self, callback, user_data)                                            \
  ps_watcher_on_ (self, PS_EVENT_RELOAD, callback, user_data)
#define ps_watcher_on_finish(self, callback, user_data)                                            \
  ps_watcher_on_ (self, PS_EVENT_FINISH, callback, user_data)
#define ps_watcher_on_query(self, callback, user_data)                                             \
  ps_watcher_on_ (self, PS_EVENT_QUERY, callback, user_data)
#define ps_watcher_on_resume(self, callback, user_data)                                            \
  ps_watcher_on_ (self, PS_EVENT_RESUME, callback, user_data)
#endif

/**
 * ps_watcher_add_checkpoint: (skip)
 * @self: a watcher
 * @interval_ms: how often, in milliseconds; at least 1
 * @callback: saves what would be lost
 * @user_data: (closure): data for it
 *
 * Runs @callback in the loop every @interval_ms, and once more at the beginning of an exit, before
 * the terminate or quit callbacks: what no exit hook can do after SIGKILL is done before. A round
 * is left out while a hold of the last one is not released. From any thread. Since 0.1.
 *
 * Returns: an ID for ps_watcher_remove()
 */
PS_PUBLIC guint ps_watcher_add_checkpoint (PsWatcher *self, guint interval_ms, PsCallback callback,
                                           gpointer user_data);

/**
 * ps_watcher_add_named_checkpoint: (skip)
 * @self: a watcher
 * @name: (nullable): what the journal calls it
 * @interval_ms: how often, in milliseconds; at least 1
 * @callback: saves what would be lost
 * @user_data: (closure): data for it
 *
 * As ps_watcher_add_checkpoint(), which passes the callback's own spelling. Since 0.1.
 *
 * Returns: an ID for ps_watcher_remove()
 */
PS_PUBLIC guint ps_watcher_add_named_checkpoint (PsWatcher *self, const char *name,
                                                 guint interval_ms, PsCallback callback,
                                                 gpointer user_data);

#ifndef __GI_SCANNER__
#define ps_watcher_add_checkpoint(self, interval_ms, callback, user_data)                          \
  ps_watcher_add_named_checkpoint ((self), #callback, (interval_ms), (callback), (user_data))
#endif

/* --- Options, any time before the first event, in the loop's thread --------------------------- */

/**
 * ps_watcher_set_deadline:
 * @self: a watcher
 * @deadline_ms: how long an exit or a reload may take, in milliseconds; 0: for ever
 *
 * The default is 60 s. The environment variable `PS_DEADLINE_SEC` (seconds, `infinity`) goes
 * before what is set here: it is the administrator's word. A tenth of the time, 5 s at most, is
 * kept for the finish callbacks. The service manager is told (`EXTEND_TIMEOUT_USEC=`), so that its
 * SIGKILL does not come before.
 *
 * The loop keeps the deadline, and is through a little earlier (a twentieth of the time, 25 ms at
 * most). Where it does not turn, because a callback or something else blocks or was never to
 * return, nothing goes on beyond the deadline: a timer of the kernel's ends the process with the
 * status it was to have (1 for 0), and the journal says which callback was running. That holds
 * until the process has ended, for what main() does after ps_watcher_run(), too;
 * ps_watcher_detach() ends it.
 *
 * It is a time of `CLOCK_MONOTONIC`: it goes on while the process is stopped or frozen, and not
 * while the machine is suspended. Since 0.1.
 */
PS_PUBLIC void ps_watcher_set_deadline (PsWatcher *self, guint deadline_ms);

/**
 * ps_watcher_set_exit_policy:
 * @self: a watcher
 * @policy: how to end after a signal
 *
 * Since 0.1.
 */
PS_PUBLIC void ps_watcher_set_exit_policy (PsWatcher *self, PsExitPolicy policy);

/**
 * ps_watcher_set_hangup:
 * @self: a watcher
 * @hangup: what SIGHUP means
 *
 * Since 0.1.
 */
PS_PUBLIC void ps_watcher_set_hangup (PsWatcher *self, PsHangup hangup);

/**
 * ps_watcher_set_signals:
 * @self: a watcher
 * @signums: (array length=n_signums): their numbers; one that is there twice counts once
 * @n_signums: how many; 0: no signal asks this process to end
 * @error: return location for an error, or %NULL
 *
 * Chooses which signals ask the process to end. The list replaces SIGTERM, SIGINT and SIGHUP, which
 * do so unless told otherwise; what is to stay has to be in it. Each gives a terminate event, and
 * the exit status 128 + its number.
 *
 * Taken are, beside these three, SIGUSR1, SIGUSR2, SIGWINCH, SIGQUIT, SIGPIPE, SIGALRM, SIGVTALRM,
 * SIGPROF, SIGXCPU, SIGXFSZ, SIGPOLL, SIGPWR, SIGSTKFLT and the realtime signals. Refused are those
 * that no process can catch, the faults (crash callbacks are for these), and those with another
 * meaning: SIGCHLD, SIGCONT, SIGURG, and what stops a process for a terminal.
 *
 * A signal that is named is taken even if it was ignored when the process started (nohup), and
 * unblocked in the calling thread. SIGHUP keeps the meaning that ps_watcher_set_hangup() gives it;
 * where that is set to something else than %PS_HANGUP_AUTO it is taken without being named, too.
 * SIGPIPE, which ends nothing otherwise, asks for the end when it is named.
 *
 * Realtime signals are queued: each asks by itself, in order and with its own
 * ps_context_get_signal_value(). When an exit that one asked for is vetoed, the next one asks
 * again. The order is that of sending as long as one thread takes them: other threads of the
 * program should block them. Of any other number many are one wish, as the kernel has it.
 *
 * A signal that falls out of the list gets back what was set up for it before; if it has come and
 * had no effect yet, it is sent again. On error nothing has changed.
 *
 * From the loop's thread, within a callback too, any time before an exit can no longer be vetoed.
 * Since 0.1.
 *
 * Returns: %TRUE on success; %FALSE with %PS_ERROR_INVALID when a signal cannot be one of these, or
 *   with %PS_ERROR_OVER when an exit has begun or this is not the process (any more) whose end
 *   is watched over
 */
PS_PUBLIC gboolean ps_watcher_set_signals (PsWatcher *self, const int *signums, gsize n_signums,
                                           GError **error);

/**
 * ps_watcher_set_escalation:
 * @self: a watcher
 * @escalation: what further signals do
 *
 * Since 0.1.
 */
PS_PUBLIC void ps_watcher_set_escalation (PsWatcher *self, PsEscalation escalation);

/**
 * ps_watcher_set_chain_previous:
 * @self: a watcher
 * @chain: whether to call the handlers that were installed before
 *
 * With %TRUE, a signal handler that was found at ps_prepare() or ps_glib_attach() is called after
 * ours, in signal context, with the same arguments. Off by default. Since 0.1.
 */
PS_PUBLIC void ps_watcher_set_chain_previous (PsWatcher *self, gboolean chain);

/**
 * ps_watcher_set_log_func:
 * @self: a watcher
 * @func: (nullable) (scope notified): takes each record; %NULL for silence
 * @user_data: (closure): data for @func
 * @notify: (nullable): frees @user_data
 *
 * Instead of the journal (or standard error, outside systemd). Since 0.1.
 */
PS_PUBLIC void ps_watcher_set_log_func (PsWatcher *self, PsLogFunc func, gpointer user_data,
                                        GDestroyNotify notify);

/* --- The service manager --------------------------------------------------------------------- */

/**
 * ps_watcher_ready:
 * @self: a watcher
 * @status: (nullable): one line for `systemctl status`
 *
 * Says that the daemon serves (`READY=1`); never implied. From any thread. Since 0.1.
 */
PS_PUBLIC void ps_watcher_ready (PsWatcher *self, const char *status);

/**
 * ps_watcher_status:
 * @self: a watcher
 * @format: as in printf(3)
 * @...: what @format names
 *
 * Sets the line that `systemctl status` shows (`STATUS=`). Line breaks and control characters are
 * made harmless, long texts cut. From any thread. Since 0.1.
 */
PS_PUBLIC void ps_watcher_status (PsWatcher *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/**
 * ps_watcher_get_cancellable:
 * @self: a watcher
 *
 * For asynchronous operations that an exit is to interrupt. This library is not linked to GIO: the
 * first call finds the one that the program is linked to, or loads it. To be called before an exit
 * begins; in an exit nothing is loaded any more. Since 0.1.
 *
 * Returns: (transfer none) (nullable): is cancelled when an exit can no longer be vetoed; %NULL,
 *   which stands for one that is never cancelled, when there is no `libgio-2.0.so.0`; a warning
 *   says why
 */
PS_PUBLIC GCancellable *ps_watcher_get_cancellable (PsWatcher *self);

/* --- References ------------------------------------------------------------------------------ */

/**
 * ps_watcher_ref:
 * @self: a watcher
 *
 * From any thread. Since 0.1.
 *
 * Returns: (transfer full): the same watcher, with one more reference
 */
PS_PUBLIC PsWatcher *ps_watcher_ref (PsWatcher *self);

/**
 * ps_watcher_unref:
 * @self: (transfer full): a watcher
 *
 * Gives a reference back. Since 0.1.
 */
PS_PUBLIC void ps_watcher_unref (PsWatcher *self);

PS_PUBLIC GType ps_watcher_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsWatcher, ps_watcher_unref)

G_END_DECLS
