/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is known of a crash. Includes nothing but libc's headers, since whoever reads it is in a
 * signal handler: neither GLib nor malloc() may be used there. */

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * PsFrame: (skip)
 * @address: where the thread was, as the processor counts
 * @module: (nullable): the file that this is part of; %NULL where there is no code
 * @offset: what to give addr2line(1) with @module: the address of the instruction in the file. For
 *   those who have called something, an address within the call and not after it.
 * @build_id: (nullable): the build ID of @module in hexadecimal digits, %NULL where it has none
 *
 * One place in a backtrace. Since 0.1.
 */
typedef struct
{
  uintptr_t address;
  const char *module;
  uintptr_t offset;
  const char *build_id;
} PsFrame;

/**
 * PsCrash: (skip)
 * @signum: the signal: SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP or SIGSYS
 * @signal_name: "SIGSEGV"
 * @code: the signal's code, as in sigaction(2)
 * @reason: that in words: "SEGV_MAPERR: address not mapped"
 * @is_fault: whether the processor or the kernel found a fault; otherwise somebody sent the signal,
 *   abort() and raise() included
 * @address: the address that is at fault, 0 where there is none
 * @sender_pid: who sent it; 0 when nobody did, or a process outside our PID namespace
 * @sender_uid: the user it belongs to
 * @sender_comm: the name of its command, "" when unknown
 * @tid: the thread that crashed
 * @thread_name: its name
 * @event: (nullable): "terminate" and so on, when a callback of the library was running
 * @step: (nullable): which one
 * @step_us: how long it had been running, in microseconds
 * @step_is_here: whether it was running in the thread that crashed, and not in another
 * @abort_message: (nullable): the words of assert(), of the allocator, of g_assert(); those of
 *   g_error() where ps_log_writer() is in use
 * @frames: (array length=n_frames): the backtrace, the place of the crash first
 * @n_frames: how many there are
 * @info: the signal as the kernel has delivered it
 * @ucontext: the registers at that moment
 *
 * What is known of a crash. All of it is valid while the callback runs. Later versions may add
 * members at the end. Since 0.1.
 */
typedef struct
{
  int signum;
  const char *signal_name;
  int code;
  const char *reason;
  int is_fault;
  uintptr_t address;
  pid_t sender_pid;
  uid_t sender_uid;
  const char *sender_comm;
  pid_t tid;
  const char *thread_name;
  const char *event;
  const char *step;
  int64_t step_us;
  int step_is_here;
  const char *abort_message;
  const PsFrame *frames;
  size_t n_frames;
  const siginfo_t *info;
  void *ucontext;
} PsCrash;

/**
 * PsCrashFunc: (skip)
 * @crash: what is known of it
 * @user_data: as registered
 *
 * Runs in the thread that crashed, in a signal handler, on a small stack, while locks may be held
 * that nobody will release: only what signal-safety(7) lists may be called, nothing of GLib, and no
 * function that allocates memory. What is told of the crash and all such callbacks have 0.7 s
 * together; then what runs is interrupted.
 */
typedef void (*PsCrashFunc) (const PsCrash *crash, void *user_data);
