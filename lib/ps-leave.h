/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Threads that end while the process is watched. */

void ps_leave_open (void);
