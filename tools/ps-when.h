/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Points in time as journalctl's --since= and --until= have them (systemd.time(7)). Pure. */

#include <glib.h>

gboolean ps_when_parse (const char *text, gint64 now_us, gint64 *when_us);
