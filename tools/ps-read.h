/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the verbs that read a journal have in common. */

#include "ps-journal-reader.h"
#include "ps-lives.h"
#include "ps-verb.h"

/* foo is foo.service, as for systemctl; otherwise a name is taken as it is. */
char *ps_read_unit_name (const char *argument);
char **ps_read_unit_names (char **arguments); /* NULL when there are none */

/* Opens the journal, or says why it cannot be. status: then what to end with. */
PsJournalReader *ps_read_open (const PsOptions *options, PsExit *status);

/* All lives of the units; NULL: of all. NULL on failure, which was told. */
PsLives *ps_read_lives (PsJournalReader *reader, const PsOptions *options, char **units,
                        PsExit *status);

/* A life with everything that is known of it, by one that was listed. In lives, which is the
 * caller's, and texts of the list's lives. NULL on failure. */
PsLife *ps_read_whole (PsJournalReader *reader, const PsOptions *options, const PsLife *listed,
                       PsLives **lives, PsExit *status);

/* One run of one unit (NULL: of any), opened, read and closed: with everything that is known of it.
 * In lives, with texts of list's and of the reader's; all are the caller's. NULL when there is
 * none; status says what to end with, and is PS_EXIT_NOTHING where nothing was told yet. */
typedef struct
{
  PsJournalReader *reader;
  PsLives *list, *whole;
} PsReadOne;
PsLife *ps_read_one (PsReadOne *self, const PsOptions *options, const char *unit, const char *run,
                     PsExit *status);
void ps_read_one_clear (PsReadOne *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PsReadOne, ps_read_one_clear)

/* Whatever was read, to the entry. */
typedef void (*PsTakeEntry) (const PsEntry *entry, gpointer user_data);
void ps_read_all (PsJournalReader *reader, const PsOptions *options, PsTakeEntry take,
                  gpointer user_data);

/* When all is done: says what could not be read, and what to end with. found: anything. */
PsExit ps_read_close (PsJournalReader *reader, const PsOptions *options, gboolean found);

/* Says what was not found, and where it could be instead. */
void ps_read_complain_of_nothing (PsJournalReader *reader, const PsOptions *options,
                                  const char *what);

/* Says how many records were left out, if any, since they claim to be of another unit. */
void ps_read_complain_of_foreign (const PsOptions *options, guint n);

/* A PsNameUser for lives of this machine; NULL for those of others. */
char *ps_read_name_user (gint64 uid);
