/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The run record of this life, while it goes on: a line for each change. Process-wide; nothing is
 * written unless it is open, and never by a copy of the process. What is marked so may be called in
 * a signal handler. */

#include "ps-run-life.h"

int ps_run_log_open (int fd, const PsRunLifeWho *who, int sync);
void ps_run_log_close (void);
int ps_run_log_is_open (void);
void ps_run_log_now (PsRunLifeTime *time);

void ps_run_log_state (const char *state);
void ps_run_log_cause (const PsRunLifeCause *cause);
void ps_run_log_end (int status);
void ps_run_log_detached (void);
void ps_run_log_carried (int64_t pid, int64_t start, uint64_t pid_namespace);

/* Async-signal-safe. */
void ps_run_log_crash (int signum, int is_watchdog, const char *event, const char *step);
void ps_run_log_forced (int status, const char *reason, const char *event, const char *step);
