/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Linked into a program, this takes the place of malloc() and its like, so that the N-th of them
 * can fail, wherever in the process it comes from. */

/* Allocations are counted from here on, in SWEEP_COUNTS_FD, and fail as SWEEP_ENV_MEMORY says. */
void memory_faults_arm (void);

/* Those of the calling thread are left out between the two. */
void memory_faults_pause (void);
void memory_faults_resume (void);
