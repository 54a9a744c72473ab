/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Whom things are told, and the frame of what is told: each record begins with what all of them
 * say, and goes to the journal; a message for the service manager takes the status along. A
 * setting that is ignored is told of here, too: the end of an exit may find that the termination
 * log is one.
 *
 * Nothing here needs memory, so that an exit without any is told like another. There is one record
 * in store; a second one at the same time, of another thread, is made on the heap, and lost when
 * there is none.
 */

#include "ps-report-private.h"
#include "ps-identity.h"
#include "ps-ids.h"
#include "ps-journal.h"
#include "ps-lastwords.h"
#include "ps-lock.h"
#include "ps-notify.h"
#include "ps-termlog.h"
#include "ps-text.h"
#include "ps-version.h"
#include "ps-words.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#define ERROR_MAX 2048

struct _PsReport
{
  PsJournal *journal;
  PsNotify *notify;
  char *unit;
  GMutex lock;
  char status[PS_REPORT_STATUS_MAX + 1]; /* the daemon's own last words on its status; "": none */
  gboolean has_complained;               /* of the termination log */
  gboolean is_closed;
  int in_use;      /* atomic: the record in store is */
  PsRecord record; /* large, and touched only as far as it is used */
};

void
ps_report_prepare (void)
{
  ps_identity_prepare ();
  ps_journal_prepare ();
  ps_notify_prepare ();
}

static void
open_lastwords (PsReport *report)
{
  const char *invocation_id = ps_identity_get_invocation_id ();
  char text[1024];
  PsWords common;

  ps_words_init (&common, text, sizeof text);
  if (report->unit != NULL)
    ps_words_field (&common, PS_FIELD_UNIT, report->unit);
  if (invocation_id != NULL)
    ps_words_field (&common, PS_FIELD_INVOCATION_ID, invocation_id);
  ps_words_field (&common, PS_FIELD_PROGRAM, program_invocation_short_name);
  ps_words_field (&common, PS_FIELD_VERSION, PS_VERSION);
  /* Ordinary records get it in ps-journal. */
  ps_words_field (&common, "SYSLOG_IDENTIFIER", program_invocation_short_name);
  if (!ps_journal_is_journal (report->journal))
    ps_lastwords_open (PS_LASTWORDS_TO_STDERR, text);
  else
    ps_lastwords_open (ps_journal_has_stderr () ? PS_LASTWORDS_TO_JOURNAL : PS_LASTWORDS_TO_BOTH,
                       text);
}

PsReport *
ps_report_new (void)
{
  PsReport *report = g_new (PsReport, 1);

  memset (report, 0, offsetof (PsReport, record));
  ps_identity_prepare ();
  g_mutex_init (&report->lock);
  report->journal = ps_journal_new ();
  report->notify = ps_notify_new ();
  report->unit = ps_identity_get_unit ();
  open_lastwords (report);
  return report;
}

/* What is of the process, and may be another report's next. */
void
ps_report_close (PsReport *report)
{
  if (report->is_closed)
    return;
  report->is_closed = TRUE;
  ps_termlog_close ();
  ps_lastwords_close ();
}

void
ps_report_free (PsReport *report)
{
  if (report == NULL)
    return;
  ps_report_close (report);
  ps_journal_free (report->journal);
  ps_notify_free (report->notify);
  g_mutex_clear (&report->lock);
  g_free (report->unit);
  g_free (report);
}

void
ps_report_set_log_func (PsReport *report, PsLogFunc func, gpointer user_data, GDestroyNotify notify)
{
  ps_journal_set_func (report->journal, func, user_data, notify);
  /* It cannot be called in a signal handler. */
  if (!report->is_closed)
    ps_lastwords_set_target (func != NULL ? PS_LASTWORDS_TO_STDERR : PS_LASTWORDS_TO_NOBODY);
}

guint64
ps_report_get_watchdog_us (PsReport *report)
{
  return ps_notify_get_watchdog_us (report->notify);
}

/* In a forked child: whether no thread of the parent was at work here. */
gboolean
ps_report_is_at_rest (PsReport *report)
{
  return ps_lock_is_free (&report->lock) && ps_journal_is_at_rest (report->journal)
         && ps_notify_is_at_rest (report->notify);
}

/* This process goes on for the one that forked it. */
void
ps_report_take_over (PsReport *report)
{
  ps_notify_take_over (report->notify);
}

/* --- Records --------------------------------------------------------------------------------- */

/* NULL: it would go nowhere, or there is no memory for it. */
PsRecord *
ps_report_begin_record (PsReport *report, int priority, const char *message_id)
{
  PsRecord *record;

  if (!ps_journal_wants (report->journal, priority))
    return NULL;
  record = g_atomic_int_compare_and_exchange (&report->in_use, FALSE, TRUE)
               ? &report->record
               : g_try_new (PsRecord, 1);
  if (record == NULL)
    {
      ps_journal_lose (report->journal);
      return NULL;
    }
  ps_record_init (record, priority, message_id);
  ps_record_set (record, PS_FIELD_UNIT, report->unit);
  ps_record_set (record, PS_FIELD_INVOCATION_ID, ps_identity_get_invocation_id ());
  ps_record_set (record, PS_FIELD_PROGRAM, program_invocation_short_name);
  ps_record_set (record, PS_FIELD_VERSION, PS_VERSION);
  return record;
}

/* sender: NULL when it is not known. */
void
ps_report_set_sender (PsRecord *record, const PsSender *sender)
{
  if (sender == NULL)
    return;
  ps_record_set_int (record, PS_FIELD_SENDER_PID, sender->pid);
  ps_record_set_int (record, PS_FIELD_SENDER_UID, sender->uid);
  ps_record_set (record, PS_FIELD_SENDER_COMM, sender->comm);
  ps_record_set (record, PS_FIELD_SENDER_UNIT, sender->unit);
  ps_record_set (record, PS_FIELD_SENDER_USER_UNIT, sender->user_unit);
}

void
ps_report_set_cause (PsRecord *record, const PsCause *cause)
{
  ps_record_set (record, PS_FIELD_CAUSE, ps_cause_kind_name (cause->kind));
  if (cause->kind == PS_CAUSE_SIGNAL)
    {
      char name[PS_TEXT_SHORT];

      ps_record_set (record, PS_FIELD_SIGNAL,
                     ps_text_put_signal (name, sizeof name, cause->signum));
      if (cause->has_value)
        ps_record_set_int (record, PS_FIELD_SIGNAL_VALUE, cause->value);
    }
  else
    ps_record_set_int (record, PS_FIELD_CODE, cause->code);
  ps_report_set_sender (record, ps_cause_get_sender (cause));
}

void
ps_report_set_lost (PsReport *report, PsRecord *record)
{
  ps_record_set_int (record, PS_FIELD_RECORDS_LOST, ps_journal_get_lost (report->journal));
  ps_record_set_int (record, PS_FIELD_NOTIFIES_LOST, ps_notify_get_lost (report->notify));
}

void
ps_report_end_record (PsReport *report, PsRecord *record)
{
  ps_journal_write (report->journal, record);
  if (record == &report->record)
    g_atomic_int_set (&report->in_use, FALSE);
  else
    g_free (record);
}

/* --- The service manager --------------------------------------------------------------------- */

void
ps_report_notify (PsReport *report, const char *state)
{
  ps_notify_send (report->notify, state);
}

void
ps_report_notify_with_status (PsReport *report, const char *assignments, const char *status)
{
  char state[PS_REPORT_ASSIGNMENTS_MAX + sizeof "STATUS=" + PS_REPORT_STATUS_MAX];
  PsWords words;

  ps_words_init (&words, state, sizeof state);
  ps_words_add (&words, assignments);
  ps_words_add (&words, "STATUS=");
  ps_text_put_line (state + words.length, PS_REPORT_STATUS_MAX + 1, status);
  ps_notify_send (report->notify, state);
}

/* The daemon's own status is kept, to be shown again after a reload or a veto. line: it as one. */
void
ps_report_keep_status (PsReport *report, const char *status, char *line)
{
  ps_text_put_line (line, PS_REPORT_STATUS_MAX + 1, status);
  g_mutex_lock (&report->lock);
  strcpy (report->status, line);
  g_mutex_unlock (&report->lock);
}

/* FALSE: it has not said any. */
gboolean
ps_report_recall_status (PsReport *report, char *line)
{
  g_mutex_lock (&report->lock);
  strcpy (line, report->status);
  g_mutex_unlock (&report->lock);
  return *line != '\0';
}

/* --- Settings -------------------------------------------------------------------------------- */

static void
tell_bad_setting (PsReport *report, const char *name, const char *error)
{
  PsRecord *record = ps_report_begin_record (report, LOG_WARNING, PS_MESSAGE_BAD_SETTING);

  if (record == NULL)
    return;
  ps_record_set (record, PS_FIELD_ERROR, error);
  ps_record_set_message (record, "%s is ignored: %s", name, error);
  ps_report_end_record (report, record);
}

void
ps_report_bad_setting (PsReport *report, const char *name, const GError *error)
{
  tell_bad_setting (report, name, error->message);
}

/* Neither translated nor looked up, for which there may be no memory. */
static const char *
describe_error (int error)
{
  const char *words = strerrordesc_np (error);

  return words != NULL ? words : "an unknown error";
}

/* Once is enough: what could not be opened at the start is tried again at the end. */
static void
complain_of_termination_log (PsReport *report, const char *why)
{
  char error[ERROR_MAX];

  if (report->has_complained)
    return;
  report->has_complained = TRUE;
  g_snprintf (error, sizeof error, "the file cannot be written: %s", why);
  tell_bad_setting (report, PS_ENV_TERMINATION_LOG, error);
}

/* errno: why. */
void
ps_report_termination_log_failed (PsReport *report)
{
  complain_of_termination_log (report, describe_error (errno));
}

/* path: as the environment has it; an empty one is none. */
void
ps_report_open_termination_log (PsReport *report, const char *path)
{
  if (path[0] == '\0')
    return;
  if (path[0] != '/')
    complain_of_termination_log (report, "its path has to be absolute");
  else if (ps_termlog_open (path) < 0)
    ps_report_termination_log_failed (report);
}
