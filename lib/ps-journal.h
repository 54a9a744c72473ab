/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The well of the log: the journal, standard error, or whoever takes our records. Thread-safe. */

/* floor 1 */
#include "ps-record.h"
/* floor 2 */
#include "ps-patience.h"

typedef struct _PsJournal PsJournal;

void ps_journal_prepare (void);
gboolean ps_journal_has_stderr (void);

PsJournal *ps_journal_new (void);
gboolean ps_journal_is_journal (PsJournal *journal);
void ps_journal_free (PsJournal *journal);
void ps_journal_set_func (PsJournal *journal, PsLogFunc func, gpointer user_data,
                          GDestroyNotify notify);
gboolean ps_journal_is_at_rest (PsJournal *journal);
gboolean ps_journal_wants (PsJournal *journal, int priority);
void ps_journal_write (PsJournal *journal, PsRecord *record);
void ps_journal_lose (PsJournal *journal);
guint ps_journal_get_lost (PsJournal *journal);
