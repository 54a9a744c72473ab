/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which journal files there are, and which of them can be read: sd-journal skips those that it
 * cannot read, without a word. */

#include "ps-options.h"

typedef struct
{
  GPtrArray *whole;   /* paths: with a sound header */
  GPtrArray *cut;     /* paths: journals whose end is missing */
  GPtrArray *damaged; /* paths: not journals, by their first bytes */
  guint n_denied;     /* not ours to read */
} PsJournalFiles;

/* machine_id: whose journals are read when nothing else is said. */
PsJournalFiles *ps_journal_files_find (const PsOptions *options, const char *machine_id);
void ps_journal_files_free (PsJournalFiles *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsJournalFiles, ps_journal_files_free)

/* A nameless copy of a journal whose end is missing, with zeros in its place: sd-journal reads it
 * up to there. -1 when it cannot be made. */
int ps_journal_files_mend (const char *path);
