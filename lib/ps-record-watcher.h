/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ps-types.h>

G_BEGIN_DECLS

/**
 * ps_watcher_open_record:
 * @self: a watcher
 * @directory: (nullable) (type filename): where the record is to be; %NULL: the first directory of
 *   `$STATE_DIRECTORY`, else of `$RUNTIME_DIRECTORY`, which `StateDirectory=` and
 *   `RuntimeDirectory=` of a unit set
 * @flags: how it is to be kept
 * @error: return location for an error
 *
 * From here on this life is written down: that it has begun, each change of its state, why and how
 * it ends. What the record says of the life before is judged first, and logged unless its end was
 * clean; ps_watcher_get_previous_run() tells it. Wills that the lives before have left are carried
 * out.
 *
 * The record is the file `NAME.run` in the directory, with NAME the unit's or, without one, the
 * program's; docs/run-format.md describes it. It belongs to one process at a time. It grows up to
 * 64 KiB, and nothing is written while nothing happens.
 *
 * To be called once, from the thread that runs the loop, before ps_watcher_ready(). Called again,
 * it returns %TRUE and does nothing. A forked child writes nothing, unless ps_watcher_reattach()
 * makes it the daemon. Not async-signal-safe. Since 0.1.
 *
 * Returns: whether it is open. Errors: %PS_ERROR_BUSY when another process that lives has it, whose
 *   number the message tells; %PS_ERROR_INVALID for a directory or a file that is not fit;
 *   %PS_ERROR_EXHAUSTED without descriptors or room; %PS_ERROR_OVER when the watch has ended. The
 *   watcher works on without a record, and what another process has there is not touched.
 */
PS_PUBLIC gboolean ps_watcher_open_record (PsWatcher *self, const char *directory,
                                           PsRecordFlags flags, GError **error);

/**
 * ps_watcher_get_previous_run:
 * @self: a watcher
 *
 * What became of the life before this one. Since 0.1.
 *
 * Returns: (nullable) (transfer none): the run, as long as the watcher lives; %NULL when this is
 * the first life in the record, or there is none open
 */
PS_PUBLIC const PsRun *ps_watcher_get_previous_run (PsWatcher *self);

G_END_DECLS
