/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ps-types.h>

G_BEGIN_DECLS

/*
 * What ps_watcher_get_previous_run() tells of the life before this one. It is made once, when the
 * record is opened, and never changes: all functions here may be called from any thread. None is
 * async-signal-safe.
 */

#define PS_TYPE_RUN (ps_run_get_type ())

/**
 * ps_verdict_to_string:
 * @verdict: how a life ended
 *
 * The word for it that the record and the journal have: "clean", "out-of-memory". Since 0.1.
 *
 * Returns: the word; %NULL for what is no verdict
 */
PS_PUBLIC const char *ps_verdict_to_string (PsVerdict verdict);

/**
 * ps_run_get_verdict:
 * @run: a run
 *
 * How it ended. Since 0.1.
 *
 * Returns: the verdict
 */
PS_PUBLIC PsVerdict ps_run_get_verdict (const PsRun *run);

/**
 * ps_run_describe:
 * @run: a run
 *
 * How it ended, for people, in one line without control characters, as the rest of a sentence: "was
 * terminated by SIGTERM from systemd (pid 1, uid 0) with status 143, after 3 min 4 s". Since 0.1.
 *
 * Returns: (transfer full): the words
 */
PS_PUBLIC char *ps_run_describe (const PsRun *run);

/**
 * ps_run_get_signal:
 * @run: a run
 *
 * The signal that asked it to end, or that it died of. Since 0.1.
 *
 * Returns: the number; 0: there was none, or it is not known
 */
PS_PUBLIC int ps_run_get_signal (const PsRun *run);

/**
 * ps_run_get_sender:
 * @run: a run
 *
 * Who sent the signal that asked it to end. Since 0.1.
 *
 * Returns: (nullable): the sender, as long as the run lives; %NULL when there was none, or nothing
 * is known
 */
PS_PUBLIC const PsSender *ps_run_get_sender (const PsRun *run);

/**
 * ps_run_get_exit_code:
 * @run: a run
 *
 * The code that the program ended itself with, where the verdict is %PS_VERDICT_CLEAN or
 * %PS_VERDICT_QUIT. Since 0.1.
 *
 * Returns: the code; -1 otherwise
 */
PS_PUBLIC int ps_run_get_exit_code (const PsRun *run);

/**
 * ps_run_get_status:
 * @run: a run
 *
 * The exit status of the process. Since 0.1.
 *
 * Returns: the status; -1: it is not known, or there was none
 */
PS_PUBLIC int ps_run_get_status (const PsRun *run);

/**
 * ps_run_get_begun_us:
 * ps_run_get_ended_us:
 * @run: a run
 *
 * When it began, and when it ended or, where nobody saw the end, gave its last sign of life: in
 * microseconds since 1970, as the clock was set then, for people to read. For how long it lived ask
 * ps_run_get_lived_us(), since clocks are set. Since 0.1.
 *
 * Returns: microseconds since 1970, UTC
 */
PS_PUBLIC gint64 ps_run_get_begun_us (const PsRun *run);
PS_PUBLIC gint64 ps_run_get_ended_us (const PsRun *run);

/**
 * ps_run_is_end_known:
 * @run: a run
 *
 * Whether the process itself has told its end; otherwise the time of it is no more than the last
 * sign of life. Since 0.1.
 *
 * Returns: whether it is known
 */
PS_PUBLIC gboolean ps_run_is_end_known (const PsRun *run);

/**
 * ps_run_get_lived_us:
 * @run: a run
 *
 * From its beginning to its end, or to its last sign of life, by a clock that nobody sets and that
 * counts while the machine sleeps. Since 0.1.
 *
 * Returns: microseconds
 */
PS_PUBLIC gint64 ps_run_get_lived_us (const PsRun *run);

/**
 * ps_run_get_service_result:
 * ps_run_get_service_exit_code:
 * ps_run_get_service_exit_status:
 * @run: a run
 *
 * What systemd said of it: `$SERVICE_RESULT`, `$EXIT_CODE` and `$EXIT_STATUS`, as systemd.exec(5)
 * has them, which `psctl settle` in `ExecStopPost=` writes down. Since 0.1.
 *
 * Returns: (nullable): the word; %NULL when nobody wrote it down
 */
PS_PUBLIC const char *ps_run_get_service_result (const PsRun *run);
PS_PUBLIC const char *ps_run_get_service_exit_code (const PsRun *run);
PS_PUBLIC const char *ps_run_get_service_exit_status (const PsRun *run);

/**
 * ps_run_get_step:
 * @run: a run
 *
 * The callback that was running when a forced end or a crash came: the one that hung, or the one
 * that crashed. Since 0.1.
 *
 * Returns: (nullable): its name; %NULL where none was running, or the verdict is another one
 */
PS_PUBLIC const char *ps_run_get_step (const PsRun *run);

/**
 * ps_run_get_reason:
 * @run: a run
 *
 * What the verdict alone does not tell: why the end was forced, why nothing is known. Since 0.1.
 *
 * Returns: (nullable): words for people
 */
PS_PUBLIC const char *ps_run_get_reason (const PsRun *run);

/**
 * ps_run_get_invocation_id:
 * @run: a run
 *
 * systemd's name for it, by which `journalctl _SYSTEMD_INVOCATION_ID=` finds what it has
 * logged.
 * Since 0.1.
 *
 * Returns: (nullable): 32 hexadecimal digits; %NULL when it did not run under systemd
 */
PS_PUBLIC const char *ps_run_get_invocation_id (const PsRun *run);

/**
 * ps_run_get_pid:
 * @run: a run
 *
 * The number it had as a process; by now another one may have it. Since 0.1.
 *
 * Returns: the process ID
 */
PS_PUBLIC pid_t ps_run_get_pid (const PsRun *run);

/**
 * ps_run_ref: (skip)
 * @run: a run
 *
 * Returns: (transfer full): a new reference. Since 0.1.
 */
PS_PUBLIC PsRun *ps_run_ref (const PsRun *run);

/**
 * ps_run_unref: (skip)
 * @run: (transfer full) (nullable): a run
 *
 * Gives a reference back. Since 0.1.
 */
PS_PUBLIC void ps_run_unref (PsRun *run);

PS_PUBLIC GType ps_run_get_type (void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsRun, ps_run_unref)

G_END_DECLS
