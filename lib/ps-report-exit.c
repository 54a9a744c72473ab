/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is told of an exit as a whole: its beginning and why, what forbids it, what comes in
 * between, and its end, with the count of all steps.
 */

#include "ps-report-exit.h"
#include "ps-clock.h"
#include "ps-ids.h"
#include "ps-report-private.h"
#include "ps-termlog-notes.h"
#include "ps-text.h"

#include <syslog.h>

#define AGAIN_TOLD_MAX 8
#define LOST_TOLD_MAX 8

/* limit_us: how long it may take before what is left is given up on; PS_NEVER_US: for ever. */
void
ps_report_exit_begun (PsReport *report, const PsCause *cause, guint n_steps, gint64 limit_us)
{
  PsRecord *record = ps_report_begin_record (report, LOG_NOTICE, PS_MESSAGE_EXIT_BEGUN);
  char why[PS_CAUSE_WORDS];

  ps_termlog_notes_cause (ps_cause_describe (cause, why, sizeof why));
  if (record == NULL)
    return;
  ps_report_set_cause (record, cause);
  ps_record_set_int (record, PS_FIELD_STEPS, n_steps);
  if (limit_us != PS_NEVER_US)
    ps_record_set_int (record, PS_FIELD_DEADLINE_USEC, limit_us);
  ps_record_set_message (record, "Exit begun: %s", why);
  ps_report_end_record (report, record);
}

void
ps_report_vetoed (PsReport *report, const PsCause *cause, const char *name, const char *why)
{
  PsRecord *record = ps_report_begin_record (report, LOG_NOTICE, PS_MESSAGE_EXIT_VETOED);
  char status[PS_REPORT_STATUS_MAX + 1];

  if (ps_report_recall_status (report, status))
    ps_report_notify_with_status (report, "", status);
  if (record == NULL)
    return;
  ps_report_set_cause (record, cause);
  ps_record_set (record, PS_FIELD_STEP, name);
  ps_record_set (record, PS_FIELD_REASON, why);
  ps_record_set_message (record, "Exit vetoed by %s: %s", name, why);
  ps_report_end_record (report, record);
}

/* The point of no return. timeout_us: how long the manager should wait, 0: it is not told. */
void
ps_report_stopping (PsReport *report, gint64 timeout_us)
{
  char assignments[PS_REPORT_ASSIGNMENTS_MAX] = "STOPPING=1\n";

  if (timeout_us > 0)
    g_snprintf (assignments, sizeof assignments,
                "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" G_GINT64_FORMAT "\n", timeout_us);
  ps_report_notify_with_status (report, assignments, "Stopping");
}

void
ps_report_extended (PsReport *report, gint64 timeout_us)
{
  char state[PS_REPORT_ASSIGNMENTS_MAX];

  g_snprintf (state, sizeof state, "EXTEND_TIMEOUT_USEC=%" G_GINT64_FORMAT, timeout_us);
  ps_report_notify (report, state);
}

/* count: how often that was by now. */
void
ps_report_again (PsReport *report, const PsCause *cause, guint count)
{
  PsRecord *record = count <= AGAIN_TOLD_MAX
                         ? ps_report_begin_record (report, LOG_INFO, PS_MESSAGE_SIGNAL_AGAIN)
                         : NULL;
  char why[PS_CAUSE_WORDS];

  if (record == NULL)
    return;
  ps_report_set_cause (record, cause);
  ps_record_set_message (record, "Asked to end again, during the exit: %s",
                         ps_cause_describe (cause, why, sizeof why));
  ps_report_end_record (report, record);
}

/* time: how often that was by now. */
void
ps_report_signals_lost (PsReport *report, int signum, guint count, guint time)
{
  PsRecord *record = time <= LOST_TOLD_MAX
                         ? ps_report_begin_record (report, LOG_WARNING, PS_MESSAGE_SIGNALS_LOST)
                         : NULL;
  char name[PS_TEXT_SHORT];

  if (record == NULL)
    return;
  ps_record_set (record, PS_FIELD_SIGNAL, ps_text_put_signal (name, sizeof name, signum));
  ps_record_set_int (record, PS_FIELD_SIGNALS_LOST, count);
  ps_record_set_message (record, "%s came faster than it was handled: %u values are lost", name,
                         count);
  ps_report_end_record (report, record);
}

void
ps_report_exit_finished (PsReport *report, const PsCause *cause, int status, gint64 duration_us,
                         const PsTally *tally)
{
  char why[PS_CAUSE_WORDS], duration[PS_TEXT_SHORT];
  PsRecord *record;

  ps_text_put_duration (duration, sizeof duration, duration_us);
  if (ps_termlog_notes_outcome (status, duration) < 0)
    ps_report_termination_log_failed (report);
  record = ps_report_begin_record (report, LOG_NOTICE, PS_MESSAGE_EXIT_FINISHED);
  if (record == NULL)
    return;
  ps_cause_describe (cause, why, sizeof why);
  ps_report_set_cause (record, cause);
  ps_record_set_int (record, PS_FIELD_STATUS, status);
  ps_record_set_int (record, PS_FIELD_DURATION_USEC, duration_us);
  ps_record_set_int (record, PS_FIELD_STEPS_RUN, tally->run);
  ps_record_set_int (record, PS_FIELD_STEPS_SKIPPED, tally->skipped);
  ps_record_set_int (record, PS_FIELD_STEPS_FAILED, tally->failed);
  ps_record_set_int (record, PS_FIELD_HOLDS_DROPPED, tally->holds_dropped);
  ps_record_set_int (record, PS_FIELD_SIGNALS_AGAIN, tally->again);
  ps_record_set_int (record, PS_FIELD_SIGNALS_LOST, tally->lost);
  ps_report_set_lost (report, record);
  ps_record_set_message (record,
                         "Exit finished after %s with status %d: %s "
                         "(steps: %u run, %u failed, %u skipped; holds given up on: %u)",
                         duration, status, why, tally->run, tally->failed, tally->skipped,
                         tally->holds_dropped);
  ps_report_end_record (report, record);
}
