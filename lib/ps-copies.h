/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Other copies of this library in the process. */

#include <glib.h>

void ps_copies_announce (void);
char *ps_copies_describe_watching (void);
