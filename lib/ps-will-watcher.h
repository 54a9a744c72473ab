/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ps-types.h>

G_BEGIN_DECLS

/*
 * The last will: cleanup that is written down as data when there is something to be cleaned up, and
 * is carried out whatever becomes of the process. Each clause is a line of a file beside the record
 * (docs/will-format.md). They are carried out last registered first:
 *
 * - at the end of an orderly exit by the process itself, after the finish callbacks;
 * - after SIGKILL, a crash, the watchdog, want of memory or a forced exit by `psctl settle`, which
 *   the unit has in `ExecStopPost=`;
 * - after a loss of power by the next ps_watcher_open_record(), or by `psctl settle --boot`. What
 *   is to be found then has to be on the disk: with %PS_RECORD_SYNC it is, when the function that
 *   wrote it returns.
 *
 * A file that existed when its clause was written is known by its inode and the time of its birth;
 * another file that has its name later is left alone. A file that did not exist is removed only as
 * long as no later run has begun in the record, and what has gone in the meantime is done. A
 * command may be run more than once, when it was cut off: it has to bear that.
 *
 * Of these functions all but ps_watcher_will_allow() are quick (a few microseconds without
 * %PS_RECORD_SYNC). All may be called from any thread, none is async-signal-safe. In a forked child
 * they do nothing, unless ps_watcher_reattach() has made it the daemon.
 */

/**
 * ps_watcher_will_allow:
 * @self: a watcher whose record is open
 * @directory: (type filename): the absolute path of a directory that exists
 * @error: return location for an error
 *
 * Declares one more directory in which clauses may name things. Without it these are the record's
 * own and all of `$RUNTIME_DIRECTORY`, `$STATE_DIRECTORY`, `$CACHE_DIRECTORY` and
 * `$LOGS_DIRECTORY`. The directory itself is known again by its inode; what is on another file
 * system below it needs a declaration of its own. There are 32 at most. Since 0.1.
 *
 * Returns: whether it is declared. Errors: %PS_ERROR_INVALID when it is no such directory or no
 *   record is open; %PS_ERROR_EXHAUSTED without a descriptor or room on the disk; %PS_ERROR_OVER
 * when the will has been carried out, or the watch is over
 */
PS_PUBLIC gboolean ps_watcher_will_allow (PsWatcher *self, const char *directory, GError **error);

/**
 * ps_watcher_will_unlink:
 * @self: a watcher whose record is open
 * @path: (type filename): the absolute path of a file, in a directory that is declared; it need not
 *   exist yet
 * @error: return location for an error
 *
 * The file is to be removed: a regular file, a socket, a FIFO or a symbolic link (not what it
 * points to). A directory or a device is left alone. Register it once the file exists, where that
 * is possible: then it is known for certain. Since 0.1.
 *
 * Returns: the number of the clause; 0 with an error, as for ps_watcher_will_allow(), then nothing
 *   is registered
 */
PS_PUBLIC guint ps_watcher_will_unlink (PsWatcher *self, const char *path, GError **error);

/**
 * ps_watcher_will_rmdir:
 * @self: a watcher whose record is open
 * @path: (type filename): the absolute path of a directory, in a directory that is declared; it
 *   need not exist yet
 * @error: return location for an error
 *
 * The directory is to be removed if it is empty. Clauses run last registered first, so what is in
 * it is to be registered after it. Since 0.1.
 *
 * Returns: the number of the clause; 0 with an error, as for ps_watcher_will_allow()
 */
PS_PUBLIC guint ps_watcher_will_rmdir (PsWatcher *self, const char *path, GError **error);

/**
 * ps_watcher_will_run:
 * @self: a watcher whose record is open
 * @argv: (array zero-terminated=1): a command, whose first word is the absolute path of a program;
 *   64 words at most
 * @error: return location for an error
 *
 * The command is to be run: without a shell, in `/`, with nothing but a `PATH` in its environment,
 * `/dev/null` as its input, no descriptors but output and error, default signals and a process
 * group of its own, as the user that the record belongs to, never with more rights. It has ten
 * seconds, and no more than the exit has left; then its group is killed. When it is cut off, or ends
 * by SIGTERM, SIGINT or SIGHUP, which a manager sends to all processes of a unit, it is begun anew,
 * three times at most. Since 0.1.
 *
 * Returns: the number of the clause; 0 with an error, as for ps_watcher_will_allow()
 */
PS_PUBLIC guint ps_watcher_will_run (PsWatcher *self, const char *const *argv, GError **error);

/**
 * ps_watcher_will_revoke:
 * @self: a watcher
 * @clause: a number that one of the functions above has returned
 *
 * The clause is not to be carried out any more. Since 0.1.
 *
 * Returns: %TRUE if it was in force and is not now; %FALSE if there is no such clause (any more),
 * or it could not be written down that it is revoked: then it stays in force
 */
PS_PUBLIC gboolean ps_watcher_will_revoke (PsWatcher *self, guint clause);

G_END_DECLS
