/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/**
 * postscriptum:
 *
 * Run code when a daemon ends, however it ends, and say why it ended.
 *
 * This is the one header to include; see `ps_glib_attach()` for where to begin.
 */

#include <ps-version.h>
#include <ps-types.h>
#include <ps-error.h>
#include <ps-hold.h>
#include <ps-context.h>
#include <ps-watcher.h>
#include <ps-scope.h>
#include <ps-run.h>
#include <ps-record-watcher.h>
#include <ps-will-watcher.h>
#include <ps-crash-types.h>
#include <ps-crash-watcher.h>
