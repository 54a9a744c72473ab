/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The words of the library: events, senders, policies. No function lives here. */

#include <glib-object.h>
#include <signal.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* Everything is built hidden; what carries this word is exported (and named in the symbol map). */
#define PS_PUBLIC __attribute__ ((visibility ("default"))) extern

/* GIO's; who uses one includes <gio/gio.h>, and is linked to gio-2.0. */
#ifdef __GI_SCANNER__
#include <gio/gio.h>
#else
typedef struct _GCancellable GCancellable;
#endif

/**
 * PsWatcher:
 *
 * The one object a process has that watches over its own end. Reference-counted.
 */
typedef struct _PsWatcher PsWatcher;

/**
 * PsContext:
 *
 * What a callback is told of the event it runs for, and how it answers. Valid during the callback.
 */
typedef struct _PsContext PsContext;

/**
 * PsHold:
 *
 * A token with its owner's words: the exit waits, within bounds, until it is released.
 */
typedef struct _PsHold PsHold;

/**
 * PsScope:
 *
 * A piece of cleanup bound to a C scope, carried out at its end or at the end of the process.
 */
typedef struct _PsScope PsScope;

/**
 * PsRun:
 *
 * One life of the process that has ended: when it began, how and why it ended. Reference-counted.
 */
typedef struct _PsRun PsRun;

/**
 * PsEvents:
 * @PS_EVENT_QUERY: an exit was asked for, and may still be vetoed
 * @PS_EVENT_CHECKPOINT: save what would be lost: now and then, and at the beginning of an exit
 * @PS_EVENT_TERMINATE: a termination signal ends the process
 * @PS_EVENT_QUIT: the program ends itself: ps_watcher_quit(), exit(), return from main()
 * @PS_EVENT_RELOAD: read the configuration again
 * @PS_EVENT_RESUME: an exit was vetoed, life goes on
 * @PS_EVENT_FINISH: the last event of every exit, whatever the cause
 * @PS_EVENT_CRASH: no exit, but a fault or an abort; only callbacks that are registered as
 *   %PS_ASYNC_SIGNAL_SAFE can run then
 *
 * Why callbacks run. In the order in which an exit passes them, so that "the earliest event" of a
 * registration is its lowest bit. Since 0.1.
 */
typedef enum
{
  PS_EVENT_QUERY = 1 << 0,
  PS_EVENT_CHECKPOINT = 1 << 1,
  PS_EVENT_TERMINATE = 1 << 2,
  PS_EVENT_QUIT = 1 << 3,
  PS_EVENT_RELOAD = 1 << 4,
  PS_EVENT_RESUME = 1 << 5,
  PS_EVENT_FINISH = 1 << 6,
  PS_EVENT_CRASH = 1 << 7,
} PsEvents;

/**
 * PS_ASYNC_SIGNAL_SAFE: (skip)
 *
 * For ps_watcher_add(), together with %PS_EVENT_CRASH or %PS_EVENT_FINISH: the callback does
 * nothing but what signal-safety(7) allows, and is therefore called in a crash, too, if crashes are
 * watched for. Then of its context only the event, the signal, the sender and the recommended exit
 * status may be asked for. Since 0.1.
 */
#define PS_ASYNC_SIGNAL_SAFE ((PsEvents) (1 << 16))

/**
 * PsEvent:
 *
 * One of #PsEvents, where exactly one is meant.
 */
typedef PsEvents PsEvent;

/**
 * PsCallback:
 * @context: what happened; valid until the callback returns
 * @user_data: (closure): as registered
 *
 * Runs in the thread of the attached loop; in the thread that called exit() when that ended the
 * process. No lock of the library is held: it may register, remove, hold, quit and exit.
 */
typedef void (*PsCallback) (PsContext *context, gpointer user_data);

/**
 * PsSender:
 * @pid: process ID; 0 for a process outside our PID namespace
 * @uid: real user ID
 * @comm: (nullable): the command's name as the kernel has it (15 bytes at most)
 * @unit: (nullable): the unit of the system's manager that it belongs to
 * @user_unit: (nullable): where that is a user's manager (user\@1000.service), the unit of that one
 *
 * Who sent a signal. What could not be learnt is %NULL; nothing is guessed.
 *
 * Good to know, and no proof. The kernel vouches for @pid and @uid. The texts are looked up by @pid
 * a moment after the signal: a process may name itself as it likes, and another may have the ID by
 * then. @unit is what systemd calls the process's cgroup; cgroups below a user's manager are that
 * user's own, so @user_unit is what the user says. Since 0.1.
 */
typedef struct
{
  pid_t pid;
  uid_t uid;
  const char *comm;
  const char *unit;
  const char *user_unit;
} PsSender;

/**
 * PsExitPolicy:
 * @PS_EXIT_POLICY_STATUS: exit status 128 + the signal's number (the default). The unit needs
 *   `SuccessExitStatus=129 130 143`: systemd takes a plain exit with 143 for a failure.
 * @PS_EXIT_POLICY_RERAISE: die by the signal itself, after everything has been done. A shell sees
 *   128 + signum, systemd a clean end.
 * @PS_EXIT_POLICY_SUCCESS: exit status 0.
 *
 * How the process ends when a signal asked it to. A code that a callback or exit() gave
 * explicitly goes before. Since 0.1.
 */
typedef enum
{
  PS_EXIT_POLICY_STATUS,
  PS_EXIT_POLICY_RERAISE,
  PS_EXIT_POLICY_SUCCESS,
} PsExitPolicy;

/**
 * PsHangup:
 * @PS_HANGUP_AUTO: reload when a reload callback is registered, terminate otherwise (the default);
 *   a SIGHUP that was ignored when the process started (nohup) stays ignored
 * @PS_HANGUP_RELOAD: reload, also under nohup
 * @PS_HANGUP_TERMINATE: terminate with 129, also under nohup
 * @PS_HANGUP_IGNORE: nothing happens
 *
 * What SIGHUP means. Since 0.1.
 */
typedef enum
{
  PS_HANGUP_AUTO,
  PS_HANGUP_RELOAD,
  PS_HANGUP_TERMINATE,
  PS_HANGUP_IGNORE,
} PsHangup;

/**
 * PsEscalation:
 * @PS_ESCALATION_INTERACTIVE: a second SIGINT or SIGQUIT hurries, a third forces; SIGTERM and
 *   SIGHUP are idempotent, since service managers and wrappers repeat themselves (the default)
 * @PS_ESCALATION_ANY: every termination signal counts
 * @PS_ESCALATION_NONE: nothing hurries an exit but its deadlines
 *
 * What a further termination signal does to an exit under way. One that comes within 200 ms of
 * the last counted one is the same wish delivered twice, and does not count. Since 0.1.
 */
typedef enum
{
  PS_ESCALATION_INTERACTIVE,
  PS_ESCALATION_ANY,
  PS_ESCALATION_NONE,
} PsEscalation;

/**
 * PsVerdict:
 * @PS_VERDICT_CLEAN: the program ended itself, with 0
 * @PS_VERDICT_TERMINATED: a termination signal asked for the end, and it was orderly
 * @PS_VERDICT_QUIT: the program ended itself with another code, or by `_exit()` with any
 * @PS_VERDICT_CRASHED: a fault, or a signal of that kind
 * @PS_VERDICT_KILLED: it was gone without a word: by SIGKILL, by another signal that nobody takes,
 * or by a crash that nobody watched for and that the service manager was not asked about
 * @PS_VERDICT_OUT_OF_MEMORY: the service manager says that memory was short, and it was killed
 * @PS_VERDICT_WATCHDOG: the service manager had waited too long for a sign of life
 * @PS_VERDICT_FORCED: its exit was cut off: the time was over, or a third signal came
 * @PS_VERDICT_POWER_LOSS: the machine went down without having stopped it
 * @PS_VERDICT_UNKNOWN: the record does not tell: it is damaged, or a copy
 *
 * How a life ended. Since 0.1.
 */
typedef enum
{
  PS_VERDICT_CLEAN,
  PS_VERDICT_TERMINATED,
  PS_VERDICT_QUIT,
  PS_VERDICT_CRASHED,
  PS_VERDICT_KILLED,
  PS_VERDICT_OUT_OF_MEMORY,
  PS_VERDICT_WATCHDOG,
  PS_VERDICT_FORCED,
  PS_VERDICT_POWER_LOSS,
  PS_VERDICT_UNKNOWN,
} PsVerdict;

/**
 * PsRecordFlags:
 * @PS_RECORD_DEFAULT: what is written survives the process, however it ends
 * @PS_RECORD_SYNC: the beginning and the end of a life, and each clause of a will, are on the disk
 *   before the call returns, and survive a loss of power
 *
 * How a record is kept. Since 0.1.
 */
typedef enum
{
  PS_RECORD_DEFAULT = 0,
  PS_RECORD_SYNC = 1 << 0,
} PsRecordFlags;

/**
 * PsLogFunc:
 * @priority: 0 (emergency) to 7 (debug), as in syslog(3)
 * @message: one line for people
 * @fields: (array length=n_fields): the structured record, `MESSAGE` and `MESSAGE_ID` included;
 *   values are NUL-terminated UTF-8 with length -1
 * @n_fields: how many
 * @user_data: (closure): as given to ps_watcher_set_log_func()
 *
 * Takes the library's records instead of the journal. Called without any lock held.
 */
typedef void (*PsLogFunc) (int priority, const char *message, const GLogField *fields,
                           gsize n_fields, gpointer user_data);

G_END_DECLS
