/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lines of a run record (docs/run-format.md): each function prints one into a buffer, and
 * returns its length; 0: the buffer is too small. Pure; all of it is async-signal-safe. */

#include <stddef.h>

#include "ps-run-life.h"

/* Room for any line: the longest name, each byte escaped, and there are three in one. */
#define PS_RUN_TEXT_LINE 4096

size_t ps_run_text_put_header (char *buffer, size_t size);
size_t ps_run_text_put_begin (char *buffer, size_t size, const PsRunLifeWho *who,
                              const PsRunLifeTime *time);
size_t ps_run_text_put_state (char *buffer, size_t size, const char *id, const PsRunLifeTime *time,
                              const char *state);
size_t ps_run_text_put_cause (char *buffer, size_t size, const char *id, const PsRunLifeTime *time,
                              const PsRunLifeCause *cause);
size_t ps_run_text_put_crash (char *buffer, size_t size, const char *id, const PsRunLifeTime *time,
                              const PsRunLifeBreak *crash);
size_t ps_run_text_put_forced (char *buffer, size_t size, const char *id, const PsRunLifeTime *time,
                               const PsRunLifeBreak *forced);
size_t ps_run_text_put_end (char *buffer, size_t size, const char *id, const PsRunLifeTime *time,
                            int64_t status);
size_t ps_run_text_put_detached (char *buffer, size_t size, const char *id,
                                 const PsRunLifeTime *time);
size_t ps_run_text_put_carried (char *buffer, size_t size, const PsRunLifeWho *who,
                                const PsRunLifeTime *time);
size_t ps_run_text_put_settled (char *buffer, size_t size, const char *id,
                                const PsRunLifeSettled *settled);
size_t ps_run_text_put_verdict (char *buffer, size_t size, const char *id,
                                const PsRunLifeTime *time, const char *verdict);
