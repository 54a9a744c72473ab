/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What systemd-analyze says of units that are not installed yet. */

#include <glib.h>

/* names: of files in directory. FALSE: it found something, and said it on standard error. Where
 * there is no systemd-analyze, nothing is found. */
gboolean ps_unit_check (const char *directory, const char *const *names, gboolean is_users);
