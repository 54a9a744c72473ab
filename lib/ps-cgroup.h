/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The units that a cgroup belongs to. Pure. */

#include <glib.h>

void ps_cgroup_get_units (const char *proc_cgroup, char *unit, char *user_unit, gsize size);
