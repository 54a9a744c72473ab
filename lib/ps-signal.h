/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The well of signals: takes them, keeps who sent them, gives them back. Process-wide; everything
 * but the handler belongs to the thread of the conductor. */

#include <glib.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

/* floor 1 */
#include "ps-signums.h"
/* floor 4 */
#include "ps-caught.h"

typedef enum
{
  PS_SIGNAL_TAKE_POLITE, /* not if it was ignored when the process started */
  PS_SIGNAL_TAKE_FORCED,
} PsSignalTake;

void ps_signal_prepare (void);
int ps_signal_open (void);
atomic_int *ps_signal_get_mark (void);
void ps_signal_close (void);
gboolean ps_signal_take (int signum, PsSignalTake how);
gboolean ps_signal_can_inherit (void);
void ps_signal_inherit (void);
void ps_signal_give_back (int signum);
PsSignums ps_signal_get_taken (void);
void ps_signal_carry (PsSignums stay);
void ps_signal_carry_nothing (void);
const struct sigaction *ps_signal_get_previous_action (int signum);
void ps_signal_set_chain (gboolean chain);
void ps_signal_set_escalation (PsEscalation escalation);
void ps_signal_set_hangup_ends (gboolean ends);
void ps_signal_relax (gint64 since_us);
void ps_signal_send_again (int signum, gboolean has_value, int value);
gboolean ps_signal_next (PsSignal *signal);
void ps_signal_hand_on (void);

void ps_signal_die_of (int signum);
