/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which entries are asked for. Each function replaces what was asked for before, and returns a
 * negative errno on failure. host: only of that one; NULL: of all. units: full names; NULL: all. */

#include <systemd/sd-journal.h>

#include "ps-life.h"

/* What is told once for a life, and what systemd tells of ends. */
int ps_journal_matches_lives (sd_journal *journal, const char *host, char **units);
/* What is told of steps, and how exits end. */
int ps_journal_matches_steps (sd_journal *journal, const char *host, char **units);
/* Everything that is told of one life. */
int ps_journal_matches_life (sd_journal *journal, const char *host, const PsLife *life);
/* All there is of one machine. */
int ps_journal_matches_machine (sd_journal *journal, const char *machine_id);
