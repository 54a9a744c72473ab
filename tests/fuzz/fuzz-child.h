/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* In a forked child: as a fresh process would be, with nobody to talk to. FUZZ_STDERR in the
 * environment leaves standard error where it is. */
void fuzz_child_become_fresh (void);
