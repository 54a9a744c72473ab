/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The way for last words: what is opened in good times, so that a signal handler can say something
 * in bad ones. Process-wide. */

/* floor 0 */
#include "ps-words.h"
/* floor 2 */
#include "ps-outlet.h"

typedef enum
{
  PS_LASTWORDS_TO_NOBODY,
  PS_LASTWORDS_TO_STDERR,
  PS_LASTWORDS_TO_JOURNAL, /* and to standard error where there is none */
  PS_LASTWORDS_TO_BOTH,    /* for what takes more than a line; otherwise the same */
} PsLastwordsTarget;

void ps_lastwords_open (PsLastwordsTarget target, const char *common_fields);
void ps_lastwords_set_target (PsLastwordsTarget target);
void ps_lastwords_close (void);
const PsOutlet *ps_lastwords_get_journal (void);

/* Async-signal-safe. */
void ps_lastwords_begin (PsWords *record, char *buffer, size_t size, const char *message_id,
                         int priority);
void ps_lastwords_send (PsWords *record, const char *message);
void ps_lastwords_send_account (PsWords *record, const char *account);
