/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* All that the rest of psctl sees of the journal: entries one after the other, as plain values. */

#include "ps-entry.h"
#include "ps-life.h"
#include "ps-options.h"

typedef enum
{
  PS_MATCH_LIVES, /* what is told once for a life, and what systemd tells of ends */
  PS_MATCH_STEPS, /* what is told of steps, and how exits end */
} PsMatch;

typedef struct _PsJournalReader PsJournalReader;

/* Errors are of the domain PS_READER_ERROR; their code is a PsExit, to end with. */
#define PS_READER_ERROR (ps_reader_error_quark ())
GQuark ps_reader_error_quark (void);

PsJournalReader *ps_journal_reader_open (const PsOptions *options, GError **error);
void ps_journal_reader_free (PsJournalReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsJournalReader, ps_journal_reader_free)

/* What to read, from the begin of the time asked for. units: full names; NULL: all. Each replaces
 * what was asked for before. */
gboolean ps_journal_reader_select (PsJournalReader *self, char **units, PsMatch match,
                                   GError **error);
gboolean ps_journal_reader_select_life (PsJournalReader *self, const PsLife *life, GError **error);

/* FALSE: there are no more. The entry's values are good until the next call. */
gboolean ps_journal_reader_next (PsJournalReader *self, PsEntry *entry);

/* As a PsIsBootOver; for use when everything is read. */
gboolean ps_journal_reader_is_boot_over (const char *machine_id, const char *boot_id,
                                         gpointer reader);

/* What could not be read, in words for people, a line each; NULL: nothing. */
char **ps_journal_reader_get_damage (PsJournalReader *self);
/* How many journal files there are that we may not read. */
guint ps_journal_reader_get_n_denied (const PsJournalReader *self);

/* Namespaces of journald that were not read, separated by commas; NULL: there are none. */
char *ps_journal_reader_get_namespaces (const PsJournalReader *self);
