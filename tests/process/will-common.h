/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Daemons with a will, the directory that they have it in, and the helper that carries it out. */

#include "common.h"

/* --- In the parent --------------------------------------------------------------------------- */

/* A path in the directory. */
char *in_place (const char *place, const char *name); /* (transfer full) */
void make_file (const char *place, const char *name);
gboolean is_there (const char *place, const char *name);

/* The path of the only will there; NULL: there is none. A second one fails the case. */
char *find_will (const char *place);
char *read_will (const char *place, gsize *length);
void write_will (const char *place, const char *bytes, gsize length);

/* Runs `psctl settle` on the place, and compares its exit status. */
void settle_at (const char *where, const char *place, int status);
#define settle(place, status) settle_at (G_STRLOC, place, status)

/* Likewise, on all record directories below base. */
void settle_boot_at (const char *where, const char *base, int status);
#define settle_boot(base, status) settle_boot_at (G_STRLOC, base, status)

/* Likewise, and is told of a unit that was killed. */
void settle_as_killed_at (const char *where, const char *place, int status);
#define settle_as_killed(place, status) settle_as_killed_at (G_STRLOC, place, status)

/* Likewise as ExecStopPost= does: the environment says where. */
void settle_as_unit_at (const char *where, const char *place, int status);
#define settle_as_unit(place, status) settle_as_unit_at (G_STRLOC, place, status)
const char *settle_said (void);

/* --- In the child ---------------------------------------------------------------------------- */

/* watch(), with a record in the place. */
PsWatcher *watch_with_record (const char *place);

/* A clause for that file of the place; gives up where there is an error. */
guint will_unlink (PsWatcher *watcher, const char *place, const char *name);
