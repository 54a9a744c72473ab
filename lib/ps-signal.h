/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The well of signals: catches them, and gives them out in order. Process-wide; everything but the
 * handler belongs to the thread of the conductor. */

#include <glib.h>
#include <signal.h>
#include <sys/types.h>

/* floor 1 */
#include "ps-signums.h"
/* floor 4 */
#include "ps-caught.h"

void ps_signal_prepare (void);
int ps_signal_open (void);
void ps_signal_inherit (void);
void ps_signal_set_chain (gboolean chain);
void ps_signal_set_hangup_ends (gboolean ends);
void ps_signal_carry (PsSignums stay);
void ps_signal_carry_nothing (void);
void ps_signal_send_again (int signum, gboolean has_value, int value);
gboolean ps_signal_next (PsSignal *signal);
void ps_signal_hand_on (void);

void ps_signal_die_of (int signum);
