/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The wills in a directory, and the last life that a record beside them tells of. libc only. */

/* floor 6 */
#include "ps-settle.h"

int ps_settle_is_will (const char *name, const char *owner, const char **run);
PsSettleEnd ps_settle_all (int dir, const char *owner, PsSettleWork *work, const PsSettleHow *how);
int ps_settle_last_run (PsStore *record, char run[PS_OWNER_ID]);
