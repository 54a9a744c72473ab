/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the conductor notes in the run record of this life; nothing where there is none. */

/* floor 1 */
#include "ps-cause.h"
#include "ps-machine.h"

void ps_run_notes_state (PsState state);
void ps_run_notes_cause (const PsCause *cause);
void ps_run_notes_carry (void);
