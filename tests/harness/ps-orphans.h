/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Kills and reaps every process that is our child: to be called when none should be left. */
void orphans_kill (void);
