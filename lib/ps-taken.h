/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which signals our handler stands on, and what stood there before. Process-wide; belongs to the
 * thread of the conductor, but for what handlers may ask. */

#include <glib.h>
#include <signal.h>

/* floor 1 */
#include "ps-signums.h"

typedef void (*PsTakenHandler) (int signum, siginfo_t *info, void *ucontext);

typedef enum
{
  PS_TAKE_POLITE, /* not if it was ignored when the process started */
  PS_TAKE_FORCED,
} PsTake;

void ps_taken_set_handler (PsTakenHandler handler);
void ps_taken_prepare (int signum);
gboolean ps_taken_take (int signum, PsTake how);
int ps_taken_borrow (void);
void ps_taken_give_back (int signum);
PsSignums ps_taken_get_all (void);
const struct sigaction *ps_taken_get_previous_action (int signum);
void ps_taken_forget (void);

/* Async-signal-safe. */
gboolean ps_taken_is_taken (int signum);
gboolean ps_taken_is_borrowed (int signum);
const struct sigaction *ps_taken_get_before (int signum);
void ps_taken_call_before (int signum, siginfo_t *info, void *ucontext);
gboolean ps_taken_is_called_back (int signum);
