/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Telling the service manager that the loop turns, when it asks for that. */

#include "ps-watcher.h"

void ps_watchdog_start (PsWatcher *watcher);
