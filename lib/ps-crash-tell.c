/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-crash-tell.h"

#include "ps-ids.h"
/* floor 3 */
#include "ps-lastwords.h"
#include "ps-run-log.h"
#include "ps-termlog.h"

#include <errno.h>
#include <syslog.h>
#include <unistd.h>

/* Not on the stack, which is small here. */
static char record_buffer[48 * 1024];
static char account_buffer[16 * 1024];
static char backtrace_buffer[16 * 1024];
static char headline_buffer[512];

/* "foo[4711]: ", which the journal does not need. Returns where the account begins. */
static const char *
begin_account (PsWords *account)
{
  ps_words_init (account, account_buffer, sizeof account_buffer);
  ps_words_add_clean (account, program_invocation_short_name);
  ps_words_add (account, "[");
  ps_words_add_int (account, getpid ());
  ps_words_add (account, "]: ");
  return account_buffer + account->length;
}

void
ps_crash_tell (const PsCrash *crash, const PsCrashNotes *notes)
{
  PsWords record, account, backtrace, headline;
  const char *message = begin_account (&account);

  ps_crash_text_account (&account, crash, notes);
  ps_words_init (&backtrace, backtrace_buffer, sizeof backtrace_buffer);
  ps_crash_text_backtrace (&backtrace, crash, "");

  ps_lastwords_begin (&record, record_buffer, sizeof record_buffer, PS_MESSAGE_CRASHED, LOG_CRIT);
  ps_crash_text_record (&record, crash, notes, message, backtrace_buffer);
  ps_lastwords_send_account (&record, account_buffer);

  ps_words_init (&headline, headline_buffer, sizeof headline_buffer);
  ps_crash_text_headline (&headline, crash);
  ps_termlog_write (headline_buffer);
  ps_run_log_crash (crash->signum, notes->silent_us > 0, crash->event, crash->step);
}

/* The record is out, and what was to be done after it was not: a callback crashed or hung. */
void
ps_crash_tell_cut (const char *name, const char *why)
{
  PsWords record, account;
  const char *message = begin_account (&account);

  ps_words_add (&account, "Cut short in the crash: ");
  ps_words_add_clean (&account, name);
  ps_words_add (&account, ": ");
  ps_words_add (&account, why);

  ps_lastwords_begin (&record, record_buffer, sizeof record_buffer, PS_MESSAGE_CRASH_CUT, LOG_ERR);
  ps_crash_text_cut (&record, name, why, message);
  ps_words_add (&account, "\n");
  ps_lastwords_send_account (&record, account_buffer);
}
