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

/* Those of journald's namespaces that have journals here, separated by commas; NULL: there are
 * none. */
char *ps_journal_files_namespaces (const char *machine_id);

/* A copy of a journal whose end is missing, with zeros in its place: sd-journal reads it up to
 * there. -1 when it cannot be made. The caller closes it, and takes its name away once it is open:
 * sd-journal opens nothing that has none. */
int ps_journal_files_mend (const char *path, char **copy);
