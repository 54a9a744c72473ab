/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One function per thing that can be told. Each says it to the journal, as a record with its
 * message ID, and where `systemctl status` should show it, to the service manager.
 *
 * A step is told before it begins: when SIGKILL comes, the last record names the culprit. In an
 * exit with very many steps only the first are told one by one, and those that fail, are skipped
 * or hold; the last record counts them all.
 *
 * Nothing here needs memory, so that an exit without any is told like another. There is one record
 * in store; a second one at the same time, of another thread, is made on the heap, and lost when
 * there is none.
 */

#include "ps-report-private.h"
#include "ps-clock.h"
#include "ps-current.h"
#include "ps-identity.h"
#include "ps-ids.h"
#include "ps-journal.h"
#include "ps-lastwords.h"
#include "ps-lock.h"
#include "ps-notify.h"
#include "ps-record.h"
#include "ps-termlog-notes.h"
#include "ps-termlog.h"
#include "ps-text.h"
#include "ps-version.h"
#include "ps-words.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#define AGAIN_TOLD_MAX 8
#define LOST_TOLD_MAX 8
#define STATUS_MAX 1024
#define ASSIGNMENTS_MAX 128
#define ERROR_MAX 2048

struct _PsReport
{
  PsJournal *journal;
  PsNotify *notify;
  char *unit;
  GMutex lock;
  char status[STATUS_MAX + 1]; /* the daemon's own last words on its status; "": none */
  gboolean has_complained;     /* of the termination log */
  int in_use;                  /* atomic: the record in store is */
  PsRecord record;             /* large, and touched only as far as it is used */
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

void
ps_report_free (PsReport *report)
{
  if (report == NULL)
    return;
  ps_termlog_close ();
  ps_lastwords_close ();
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
  ps_lastwords_set_target (func != NULL ? PS_LASTWORDS_TO_STDERR : PS_LASTWORDS_TO_NOBODY);
}

guint64
ps_report_get_watchdog_us (PsReport *report)
{
  return ps_notify_get_watchdog_us (report->notify);
}

/* --- Parts of records ------------------------------------------------------------------------ */

/* NULL: it would go nowhere, or there is no memory for it. */
static PsRecord *
begin (PsReport *report, int priority, const char *message_id)
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

static void
set_cause (PsRecord *record, const PsCause *cause)
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

static void
set_step (PsRecord *record, const PsReportStep *step)
{
  ps_record_set (record, PS_FIELD_EVENT, ps_text_event (step->event));
  ps_record_set (record, PS_FIELD_STEP, step->name);
  if (step->number > 0)
    ps_record_set_int (record, PS_FIELD_STEP_NUMBER, step->number);
  if (step->total > 0)
    ps_record_set_int (record, PS_FIELD_STEPS, step->total);
}

static void
write_and_free (PsReport *report, PsRecord *record)
{
  ps_journal_write (report->journal, record);
  if (record == &report->record)
    g_atomic_int_set (&report->in_use, FALSE);
  else
    g_free (record);
}

/* --- The life -------------------------------------------------------------------------------- */

/* In a forked child: whether no thread of the parent was at work here. */
gboolean
ps_report_is_at_rest (PsReport *report)
{
  return ps_lock_is_free (&report->lock) && ps_journal_is_at_rest (report->journal)
         && ps_notify_is_at_rest (report->notify);
}

void
ps_report_run_begun (PsReport *report)
{
  PsRecord *record = begin (report, LOG_DEBUG, PS_MESSAGE_RUN_BEGUN);

  if (record == NULL)
    return;
  ps_record_set_message (record, "Run begun: the end of this process is watched over");
  write_and_free (report, record);
}

/* This process goes on for the one that forked it. */
void
ps_report_taken_over (PsReport *report)
{
  ps_notify_take_over (report->notify);
  ps_report_run_begun (report);
}

static void
tell_bad_setting (PsReport *report, const char *name, const char *error)
{
  PsRecord *record = begin (report, LOG_WARNING, PS_MESSAGE_BAD_SETTING);

  if (record == NULL)
    return;
  ps_record_set (record, PS_FIELD_ERROR, error);
  ps_record_set_message (record, "%s is ignored: %s", name, error);
  write_and_free (report, record);
}

void
ps_report_bad_setting (PsReport *report, const char *name, const GError *error)
{
  tell_bad_setting (report, name, error->message);
}

/* The daemon's own status is kept, to be shown again after a reload or a veto. line: it as one. */
static void
keep_status (PsReport *report, const char *status, char *line)
{
  ps_text_put_line (line, STATUS_MAX + 1, status);
  g_mutex_lock (&report->lock);
  strcpy (report->status, line);
  g_mutex_unlock (&report->lock);
}

/* FALSE: it has not said any. */
static gboolean
recall_status (PsReport *report, char *line)
{
  g_mutex_lock (&report->lock);
  strcpy (line, report->status);
  g_mutex_unlock (&report->lock);
  return *line != '\0';
}

static void
notify_with_status (PsReport *report, const char *assignments, const char *status)
{
  char state[ASSIGNMENTS_MAX + sizeof "STATUS=" + STATUS_MAX];
  PsWords words;

  ps_words_init (&words, state, sizeof state);
  ps_words_add (&words, assignments);
  ps_words_add (&words, "STATUS=");
  ps_text_put_line (state + words.length, STATUS_MAX + 1, status);
  ps_notify_send (report->notify, state);
}

void
ps_report_ready (PsReport *report, const char *status)
{
  char line[STATUS_MAX + 1];

  if (status == NULL)
    {
      ps_notify_send (report->notify, "READY=1");
      return;
    }
  keep_status (report, status, line);
  notify_with_status (report, "READY=1\n", line);
}

void
ps_report_status (PsReport *report, const char *status)
{
  char line[STATUS_MAX + 1];

  keep_status (report, status, line);
  notify_with_status (report, "", line);
}

void
ps_report_alive (PsReport *report)
{
  ps_notify_send (report->notify, "WATCHDOG=1");
  ps_current_alive (ps_clock_now_us (), ps_report_get_watchdog_us (report));
}

/* --- The termination log --------------------------------------------------------------------- */

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

/* path: as the environment has it; an empty one is none. */
void
ps_report_open_termination_log (PsReport *report, const char *path)
{
  if (path[0] == '\0')
    return;
  if (path[0] != '/')
    complain_of_termination_log (report, "its path has to be absolute");
  else if (ps_termlog_open (path) < 0)
    complain_of_termination_log (report, describe_error (errno));
}

/* --- A reload -------------------------------------------------------------------------------- */

void
ps_report_reload_begun (PsReport *report, const PsCause *cause)
{
  PsRecord *record = begin (report, LOG_INFO, PS_MESSAGE_RELOAD_BEGUN);
  char assignments[ASSIGNMENTS_MAX];

  g_snprintf (assignments, sizeof assignments, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT "\n",
              ps_clock_now_us ());
  notify_with_status (report, assignments, "Reloading");
  if (record != NULL)
    {
      char why[PS_CAUSE_WORDS];

      set_cause (record, cause);
      ps_record_set_message (record, "Reload begun: %s",
                             ps_cause_describe (cause, why, sizeof why));
      write_and_free (report, record);
    }
}

/* failure: what went wrong, or NULL. READY=1 in either case: the daemon serves. */
void
ps_report_reload_done (PsReport *report, gint64 duration_us, const char *failure)
{
  PsRecord *record =
      begin (report, failure != NULL ? LOG_WARNING : LOG_INFO, PS_MESSAGE_RELOAD_DONE);
  char words[2 * STATUS_MAX], duration[PS_TEXT_SHORT];

  if (failure != NULL)
    g_snprintf (words, sizeof words, "Reload failed: %s", failure);
  else if (!recall_status (report, words))
    strcpy (words, "Reloaded");
  notify_with_status (report, "READY=1\n", words);
  if (record != NULL)
    {
      ps_record_set_int (record, PS_FIELD_DURATION_USEC, duration_us);
      ps_record_set (record, PS_FIELD_ERROR, failure);
      ps_record_set_message (record, "%s after %s", failure != NULL ? words : "Reload done",
                             ps_text_put_duration (duration, sizeof duration, duration_us));
      write_and_free (report, record);
    }
}

/* --- An exit --------------------------------------------------------------------------------- */

/* limit_us: how long it may take before what is left is given up on; PS_NEVER_US: for ever. */
void
ps_report_exit_begun (PsReport *report, const PsCause *cause, guint n_steps, gint64 limit_us)
{
  PsRecord *record = begin (report, LOG_NOTICE, PS_MESSAGE_EXIT_BEGUN);
  char why[PS_CAUSE_WORDS];

  ps_termlog_notes_cause (ps_cause_describe (cause, why, sizeof why));
  if (record == NULL)
    return;
  set_cause (record, cause);
  ps_record_set_int (record, PS_FIELD_STEPS, n_steps);
  if (limit_us != PS_NEVER_US)
    ps_record_set_int (record, PS_FIELD_DEADLINE_USEC, limit_us);
  ps_record_set_message (record, "Exit begun: %s", why);
  write_and_free (report, record);
}

void
ps_report_vetoed (PsReport *report, const PsCause *cause, const char *name, const char *why)
{
  PsRecord *record = begin (report, LOG_NOTICE, PS_MESSAGE_EXIT_VETOED);
  char status[STATUS_MAX + 1];

  if (recall_status (report, status))
    notify_with_status (report, "", status);
  if (record == NULL)
    return;
  set_cause (record, cause);
  ps_record_set (record, PS_FIELD_STEP, name);
  ps_record_set (record, PS_FIELD_REASON, why);
  ps_record_set_message (record, "Exit vetoed by %s: %s", name, why);
  write_and_free (report, record);
}

/* The point of no return. timeout_us: how long the manager should wait, 0: it is not told. */
void
ps_report_stopping (PsReport *report, gint64 timeout_us)
{
  char assignments[ASSIGNMENTS_MAX] = "STOPPING=1\n";

  if (timeout_us > 0)
    g_snprintf (assignments, sizeof assignments,
                "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" G_GINT64_FORMAT "\n", timeout_us);
  notify_with_status (report, assignments, "Stopping");
}

void
ps_report_extended (PsReport *report, gint64 timeout_us)
{
  char state[ASSIGNMENTS_MAX];

  g_snprintf (state, sizeof state, "EXTEND_TIMEOUT_USEC=%" G_GINT64_FORMAT, timeout_us);
  ps_notify_send (report->notify, state);
}

/* count: how often that was by now. */
void
ps_report_again (PsReport *report, const PsCause *cause, guint count)
{
  PsRecord *record =
      count <= AGAIN_TOLD_MAX ? begin (report, LOG_INFO, PS_MESSAGE_SIGNAL_AGAIN) : NULL;
  char why[PS_CAUSE_WORDS];

  if (record == NULL)
    return;
  set_cause (record, cause);
  ps_record_set_message (record, "Asked to end again, during the exit: %s",
                         ps_cause_describe (cause, why, sizeof why));
  write_and_free (report, record);
}

/* time: how often that was by now. */
void
ps_report_signals_lost (PsReport *report, int signum, guint count, guint time)
{
  PsRecord *record =
      time <= LOST_TOLD_MAX ? begin (report, LOG_WARNING, PS_MESSAGE_SIGNALS_LOST) : NULL;
  char name[PS_TEXT_SHORT];

  if (record == NULL)
    return;
  ps_record_set (record, PS_FIELD_SIGNAL, ps_text_put_signal (name, sizeof name, signum));
  ps_record_set_int (record, PS_FIELD_SIGNALS_LOST, count);
  ps_record_set_message (record, "%s came faster than it was handled: %u values are lost", name,
                         count);
  write_and_free (report, record);
}

void
ps_report_step_begun (PsReport *report, const PsReportStep *step)
{
  PsRecord *record;

  if (step->number > PS_REPORT_STEPS_MAX)
    return;
  if (step->event == PS_EVENT_TERMINATE || step->event == PS_EVENT_QUIT
      || step->event == PS_EVENT_FINISH)
    {
      char status[STATUS_MAX];

      g_snprintf (status, sizeof status, "Stopping: %u/%u, \"%s\"", step->number, step->total,
                  step->name);
      notify_with_status (report, "", status);
    }
  record = begin (report, LOG_DEBUG, PS_MESSAGE_STEP_BEGUN);
  if (record == NULL)
    return;
  set_step (record, step);
  ps_record_set_int (record, PS_FIELD_PRIORITY_OF_STEP, step->priority);
  ps_record_set_message (record, "Step %u, %s: %s", step->number, ps_text_event (step->event),
                         step->name);
  write_and_free (report, record);
}

void
ps_report_step_done (PsReport *report, const PsReportStep *step, gint64 duration_us)
{
  PsRecord *record =
      step->number <= PS_REPORT_STEPS_MAX ? begin (report, LOG_DEBUG, PS_MESSAGE_STEP_DONE) : NULL;
  char duration[PS_TEXT_SHORT];

  if (record == NULL)
    return;
  set_step (record, step);
  ps_record_set_int (record, PS_FIELD_DURATION_USEC, duration_us);
  ps_record_set_message (record, "Step %u done after %s: %s", step->number,
                         ps_text_put_duration (duration, sizeof duration, duration_us), step->name);
  write_and_free (report, record);
}

void
ps_report_step_skipped (PsReport *report, const PsReportStep *step, const char *reason)
{
  PsRecord *record = step->number <= PS_REPORT_STEPS_MAX
                         ? begin (report, LOG_WARNING, PS_MESSAGE_STEP_SKIPPED)
                         : NULL;

  ps_termlog_notes_trouble (step->name, "skipped: ", reason);
  if (record == NULL)
    return;
  set_step (record, step);
  ps_record_set (record, PS_FIELD_REASON, reason);
  ps_record_set_message (record, "Skipped %s callback %s: %s", ps_text_event (step->event),
                         step->name, reason);
  write_and_free (report, record);
}

void
ps_report_failed (PsReport *report, PsEvent event, const char *name, const GError *error)
{
  PsRecord *record = begin (report, LOG_ERR, PS_MESSAGE_CALLBACK_FAILED);
  char full[ERROR_MAX];

  ps_termlog_notes_trouble (name, "", error->message);
  if (record == NULL)
    return;
  g_snprintf (full, sizeof full, "%s:%d: %s", g_quark_to_string (error->domain), error->code,
              error->message);
  ps_record_set (record, PS_FIELD_EVENT, ps_text_event (event));
  ps_record_set (record, PS_FIELD_STEP, name);
  ps_record_set (record, PS_FIELD_ERROR, full);
  ps_record_set_message (record, "%s callback %s failed: %s", ps_text_event (event), name,
                         error->message);
  write_and_free (report, record);
}

/* Only for `systemctl status`: who is waited for, and since when. */
void
ps_report_waiting (PsReport *report, const PsReportStep *step, const char *why, gint64 waited_us)
{
  char duration[PS_TEXT_SHORT], status[STATUS_MAX];

  g_snprintf (status, sizeof status, "Stopping: %u/%u, waiting for \"%s\" (%s): %s", step->number,
              step->total, step->name, ps_text_put_duration (duration, sizeof duration, waited_us),
              why);
  notify_with_status (report, "", status);
}

void
ps_report_hold_dropped (PsReport *report, const PsReportStep *step, const char *why,
                        gint64 waited_us, const char *reason)
{
  PsRecord *record = begin (report, LOG_WARNING, PS_MESSAGE_HOLD_DROPPED);
  char duration[PS_TEXT_SHORT];

  ps_termlog_notes_trouble (step->name, "given up on: ", why);
  if (record == NULL)
    return;
  set_step (record, step);
  ps_record_set (record, PS_FIELD_HOLD_WHY, why);
  ps_record_set (record, PS_FIELD_REASON, reason);
  ps_record_set_int (record, PS_FIELD_DURATION_USEC, waited_us);
  ps_record_set_message (record, "Gave up on %s after %s (%s): %s", step->name,
                         ps_text_put_duration (duration, sizeof duration, waited_us), reason, why);
  write_and_free (report, record);
}

void
ps_report_exit_finished (PsReport *report, const PsCause *cause, int status, gint64 duration_us,
                         const PsTally *tally)
{
  char why[PS_CAUSE_WORDS], duration[PS_TEXT_SHORT];
  PsRecord *record;

  ps_text_put_duration (duration, sizeof duration, duration_us);
  if (ps_termlog_notes_outcome (status, duration) < 0)
    complain_of_termination_log (report, describe_error (errno));
  record = begin (report, LOG_NOTICE, PS_MESSAGE_EXIT_FINISHED);
  if (record == NULL)
    return;
  ps_cause_describe (cause, why, sizeof why);
  set_cause (record, cause);
  ps_record_set_int (record, PS_FIELD_STATUS, status);
  ps_record_set_int (record, PS_FIELD_DURATION_USEC, duration_us);
  ps_record_set_int (record, PS_FIELD_STEPS_RUN, tally->run);
  ps_record_set_int (record, PS_FIELD_STEPS_SKIPPED, tally->skipped);
  ps_record_set_int (record, PS_FIELD_STEPS_FAILED, tally->failed);
  ps_record_set_int (record, PS_FIELD_HOLDS_DROPPED, tally->holds_dropped);
  ps_record_set_int (record, PS_FIELD_SIGNALS_AGAIN, tally->again);
  ps_record_set_int (record, PS_FIELD_SIGNALS_LOST, tally->lost);
  ps_record_set_int (record, PS_FIELD_RECORDS_LOST, ps_journal_get_lost (report->journal));
  ps_record_set_int (record, PS_FIELD_NOTIFIES_LOST, ps_notify_get_lost (report->notify));
  ps_record_set_message (record,
                         "Exit finished after %s with status %d: %s "
                         "(steps: %u run, %u failed, %u skipped; holds given up on: %u)",
                         duration, status, why, tally->run, tally->failed, tally->skipped,
                         tally->holds_dropped);
  write_and_free (report, record);
}

/* --- For what is told elsewhere -------------------------------------------------------------- */

/* NULL: it would go nowhere. */
PsRecord *
ps_report_begin_record (PsReport *report, int priority, const char *message_id)
{
  return begin (report, priority, message_id);
}

void
ps_report_end_record (PsReport *report, PsRecord *record)
{
  write_and_free (report, record);
}
