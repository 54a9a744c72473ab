/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every well-known string of the library, in one place: journal message IDs, journal fields,
 * environment variables. A test holds them against the catalog and docs/journal.md. */

/* One per kind of record; made once with `systemd-id128 new`, never changed. */
#define PS_MESSAGE_RUN_BEGUN "6d7a16da93ae4ab797fffb15ddb400aa"
#define PS_MESSAGE_EXIT_BEGUN "b4847ddf3d99479fa62245bff688e65b"
#define PS_MESSAGE_SIGNAL_AGAIN "f00c5d30df724af0a56cec64926421e5"
#define PS_MESSAGE_SIGNALS_LOST "3bcd90ebe177487bbc3fb30c73c96fa0"
#define PS_MESSAGE_STEP_BEGUN "8d7bc89825cb45ec9bc2d00be750c690"
#define PS_MESSAGE_STEP_DONE "00f7c7bb15bf4c50968b41f1fca42289"
#define PS_MESSAGE_STEP_SKIPPED "52d774ba172c47ef809b1b8c830a365b"
#define PS_MESSAGE_HOLD_DROPPED "3c762ed383c64492a04043fa97eb13df"
#define PS_MESSAGE_CALLBACK_FAILED "290646c0479647cfa2981fd8f5be4591"
#define PS_MESSAGE_EXIT_VETOED "d8534fc0f7a6456786648a2c09ed289e"
#define PS_MESSAGE_EXIT_FINISHED "625cd8b5c7c14310a6683af8a117ab4e"
#define PS_MESSAGE_EXIT_FORCED "8102d70300cf49609829c300d76d2021"
#define PS_MESSAGE_RELOAD_BEGUN "46034f4cbeb8477396f685cd36ef03ad"
#define PS_MESSAGE_RELOAD_DONE "c98bdb024acb4175bd2b497b4a6d0416"
#define PS_MESSAGE_BAD_SETTING "26024f1eea7747919e75e95116b957c5"
#define PS_MESSAGE_CRASHED "825d50ddccba46d194fa3833ecb6bdbc"
#define PS_MESSAGE_CRASH_CUT "379562d074c647dca4d3b997fe37b72c"

/* What became of the life before: one for each verdict but that of a clean end. */
#define PS_MESSAGE_PREVIOUS_TERMINATED "8eb06c74bbb4458fa852acb550f61b1e"
#define PS_MESSAGE_PREVIOUS_QUIT "8513a02bafba4c718af40dbf6b0fefae"
#define PS_MESSAGE_PREVIOUS_CRASHED "14a0dcfb980c4ab48646e8e319d33550"
#define PS_MESSAGE_PREVIOUS_KILLED "449f5ac897984e6fb33c0ee95586c5aa"
#define PS_MESSAGE_PREVIOUS_OUT_OF_MEMORY "e56b8f69a76548c0b08c1d282740cb81"
#define PS_MESSAGE_PREVIOUS_WATCHDOG "a4ca7ba454b9494fb5312dff7e4984ca"
#define PS_MESSAGE_PREVIOUS_FORCED "a96a95da32d44e3299d590f637904289"
#define PS_MESSAGE_PREVIOUS_POWER_LOSS "4bb9b55fd79d40b6907df8bd3ec657a3"
#define PS_MESSAGE_PREVIOUS_UNKNOWN "298b9826faa047ab8f632c98774dc1c1"

#define PS_MESSAGE_WILL_DONE "4fdfc9b2410d4caa8e09cdfdf1ba182f"
#define PS_MESSAGE_CLAUSE_FAILED "ad22b01bad4c49ebb30f54e5a199469a"
#define PS_MESSAGE_RECORD_DAMAGED "f96cd059837e44bf8c169b8dd89c8f6a"

/* journald's own fields. */
#define PS_FIELD_MESSAGE "MESSAGE"
#define PS_FIELD_MESSAGE_ID "MESSAGE_ID"
#define PS_FIELD_PRIORITY "PRIORITY"

/* In every record: whose it is. Last words otherwise lose their unit. */
#define PS_FIELD_UNIT "PS_UNIT"
#define PS_FIELD_INVOCATION_ID "PS_INVOCATION_ID"
#define PS_FIELD_PROGRAM "PS_PROGRAM"
#define PS_FIELD_VERSION "PS_VERSION"

/* Why the exit began. */
#define PS_FIELD_CAUSE "PS_CAUSE"               /* signal, quit, exit, loop, crash */
#define PS_FIELD_SIGNAL "PS_SIGNAL"             /* SIGTERM */
#define PS_FIELD_SIGNAL_VALUE "PS_SIGNAL_VALUE" /* what sigqueue() sent with it */
#define PS_FIELD_SENDER_PID "PS_SENDER_PID"
#define PS_FIELD_SENDER_UID "PS_SENDER_UID"
#define PS_FIELD_SENDER_COMM "PS_SENDER_COMM"
#define PS_FIELD_SENDER_UNIT "PS_SENDER_UNIT"
#define PS_FIELD_SENDER_USER_UNIT "PS_SENDER_USER_UNIT"
#define PS_FIELD_CODE "PS_CODE"                   /* the code of ps_watcher_quit() or exit() */
#define PS_FIELD_DEADLINE_USEC "PS_DEADLINE_USEC" /* how long the exit may take */

/* One step. */
#define PS_FIELD_EVENT "PS_EVENT"             /* query, checkpoint, terminate, ... */
#define PS_FIELD_STEP "PS_STEP"               /* the callback's name */
#define PS_FIELD_STEP_NUMBER "PS_STEP_NUMBER" /* from 1, over the whole exit */
#define PS_FIELD_STEPS "PS_STEPS"             /* how many there are */
#define PS_FIELD_PRIORITY_OF_STEP "PS_STEP_PRIORITY"
#define PS_FIELD_DURATION_USEC "PS_DURATION_USEC"
#define PS_FIELD_HOLD_WHY "PS_HOLD_WHY"
#define PS_FIELD_REASON "PS_REASON" /* why a step was skipped, a hold dropped, an exit vetoed */
#define PS_FIELD_ERROR "PS_ERROR"   /* domain:code: message */

/* How it ended. */
#define PS_FIELD_STATUS "PS_STATUS" /* the exit status that was recommended */
#define PS_FIELD_STEPS_RUN "PS_STEPS_RUN"
#define PS_FIELD_STEPS_SKIPPED "PS_STEPS_SKIPPED"
#define PS_FIELD_STEPS_FAILED "PS_STEPS_FAILED"
#define PS_FIELD_HOLDS_DROPPED "PS_HOLDS_DROPPED"
#define PS_FIELD_SIGNALS_AGAIN "PS_SIGNALS_AGAIN"
#define PS_FIELD_SIGNALS_LOST "PS_SIGNALS_LOST"   /* realtime signals whose values are */
#define PS_FIELD_RECORDS_LOST "PS_RECORDS_LOST"   /* journal records that could not be sent */
#define PS_FIELD_NOTIFIES_LOST "PS_NOTIFIES_LOST" /* messages to the service manager, likewise */

/* A crash. */
#define PS_FIELD_ORIGIN "PS_ORIGIN"           /* fault, sent, raised */
#define PS_FIELD_ADDRESS "PS_ADDRESS"         /* what could not be accessed, or where it failed */
#define PS_FIELD_THREAD_ID "PS_THREAD_ID"     /* the one that crashed */
#define PS_FIELD_THREAD_NAME "PS_THREAD_NAME" /* likewise */
#define PS_FIELD_ABORT_MESSAGE "PS_ABORT_MESSAGE"
#define PS_FIELD_BACKTRACE "PS_BACKTRACE"       /* a line for each frame */
#define PS_FIELD_NOT_RUN "PS_NOT_RUN"           /* a line for each finish callback; not for all */
#define PS_FIELD_NESTED_CRASH "PS_NESTED_CRASH" /* 1: what tells of the crash has crashed */

/* The life before. */
#define PS_FIELD_VERDICT "PS_VERDICT" /* terminated, quit, crashed, ... */
#define PS_FIELD_PREVIOUS_INVOCATION_ID "PS_PREVIOUS_INVOCATION_ID"
#define PS_FIELD_PREVIOUS_PID "PS_PREVIOUS_PID"
#define PS_FIELD_PREVIOUS_BEGUN_USEC "PS_PREVIOUS_BEGUN_USEC" /* since 1970 */
#define PS_FIELD_PREVIOUS_ENDED_USEC "PS_PREVIOUS_ENDED_USEC" /* likewise; or the last sign of life */
#define PS_FIELD_LIVED_USEC "PS_LIVED_USEC"                   /* until then */
#define PS_FIELD_SERVICE_RESULT "PS_SERVICE_RESULT"           /* what systemd said of it */
#define PS_FIELD_EXIT_CODE "PS_EXIT_CODE"
#define PS_FIELD_EXIT_STATUS "PS_EXIT_STATUS"

/* A will, and the files that outlive a process. */
#define PS_FIELD_CLAUSE "PS_CLAUSE"           /* its number */
#define PS_FIELD_CLAUSE_VERB "PS_CLAUSE_VERB" /* unlink, rmdir, run */
#define PS_FIELD_CLAUSE_PATH "PS_CLAUSE_PATH"
#define PS_FIELD_CLAUSES_DONE "PS_CLAUSES_DONE"
#define PS_FIELD_CLAUSES_SKIPPED "PS_CLAUSES_SKIPPED"
#define PS_FIELD_CLAUSES_FAILED "PS_CLAUSES_FAILED"
#define PS_FIELD_CLAUSES_LEFT "PS_CLAUSES_LEFT"
#define PS_FIELD_SETTLED_BY "PS_SETTLED_BY" /* process, stop-post, start, boot */
#define PS_FIELD_PATH "PS_PATH"             /* of a damaged file */

/* What is read from the environment. */
#define PS_ENV_DEADLINE_SEC "PS_DEADLINE_SEC"
#define PS_ENV_TERMINATION_LOG "PS_TERMINATION_LOG"
