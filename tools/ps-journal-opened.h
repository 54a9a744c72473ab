/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A journal that is open, as far as its files can be read; and what of them cannot. */

#include <systemd/sd-journal.h>

#include "ps-journal-files.h"
#include "ps-options.h"

typedef struct
{
  sd_journal *journal;
  PsJournalFiles *files;
  GArray *fds;   /* of int: of mended copies, and of the files beside them; NULL: not needed */
  guint64 usage; /* the space that its files took in the beginning */
} PsJournalOpened;

/* machine_id: whose journals are read when nothing else is said. A negative errno on failure; it is
 * to be cleared then, too, and says whether all of it is denied. */
int ps_journal_opened_init (PsJournalOpened *self, const PsOptions *options,
                            const char *machine_id);
void ps_journal_opened_clear (PsJournalOpened *self);

/* There are files, and we may read none of them. */
gboolean ps_journal_opened_is_denied (const PsJournalOpened *self);

/* What could not be read of the files, a line each, to be freed; for use when everything is read.
 */
void ps_journal_opened_add_damage (const PsJournalOpened *self, GPtrArray *lines);
