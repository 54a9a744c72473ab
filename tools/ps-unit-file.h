/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A unit's file appears whole, or not at all. */

#include <glib.h>

/* replaces: FALSE: a file of that name is an error, G_FILE_ERROR_EXIST. */
gboolean ps_unit_file_write (const char *path, const char *text, gboolean replaces, GError **error);
