/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is noted in the termination log; nothing where nobody wants one. */

void ps_termlog_notes_cause (const char *why);
void ps_termlog_notes_trouble (const char *name, const char *what, const char *why);
int ps_termlog_notes_outcome (int status, const char *duration);
