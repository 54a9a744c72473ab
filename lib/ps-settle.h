/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Carrying out one will: by the process that wrote it, by a helper, by the next start. */

/* floor 3 */
#include "ps-store.h"
/* floor 5 */
#include "ps-settle-tell.h"
#include "ps-settle-work.h"

#define PS_SETTLE_COMMAND_US 10000000 /* for one command */

PsSettleEnd ps_settle_store (PsStore *store, PsSettleWork *work, const PsSettleHow *how);
