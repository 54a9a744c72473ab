/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The units that a cgroup belongs to. Pure. */

#include <glib.h>

/* Of the bytes of a unit's name. */
#define PS_CGROUP_UNIT_MAX 255

void ps_cgroup_get_units (const char *proc_cgroup, const char *of_first, char *unit,
                          char *user_unit, gsize size);
