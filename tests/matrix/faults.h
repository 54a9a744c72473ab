/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Really does what the processor or the kernel answers with this signal; sends it where that cannot
 * be done here. */
void fault (int signum);

/* Of the calling thread. */
void overflow_stack (int unused);
