/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is told of the steps of an exit. A step is told before it begins: when SIGKILL comes, the
 * last record names the culprit. In an exit with very many steps only the first are told one by
 * one, and those that fail, are skipped or hold; the last record counts them all.
 */

#include "ps-report-step.h"
#include "ps-ids.h"
#include "ps-report-private.h"
#include "ps-termlog-notes.h"
#include "ps-text.h"

#include <syslog.h>

#define ERROR_MAX 2048

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

void
ps_report_step_begun (PsReport *report, const PsReportStep *step)
{
  PsRecord *record;

  if (step->number > PS_REPORT_STEPS_MAX)
    return;
  if (step->event == PS_EVENT_TERMINATE || step->event == PS_EVENT_QUIT
      || step->event == PS_EVENT_FINISH)
    {
      char status[PS_REPORT_STATUS_MAX];

      g_snprintf (status, sizeof status, "Stopping: %u/%u, \"%s\"", step->number, step->total,
                  step->name);
      ps_report_notify_with_status (report, "", status);
    }
  record = ps_report_begin_record (report, LOG_DEBUG, PS_MESSAGE_STEP_BEGUN);
  if (record == NULL)
    return;
  set_step (record, step);
  ps_record_set_int (record, PS_FIELD_PRIORITY_OF_STEP, step->priority);
  ps_record_set_message (record, "Step %u, %s: %s", step->number, ps_text_event (step->event),
                         step->name);
  ps_report_end_record (report, record);
}

void
ps_report_step_done (PsReport *report, const PsReportStep *step, gint64 duration_us)
{
  PsRecord *record = step->number <= PS_REPORT_STEPS_MAX
                         ? ps_report_begin_record (report, LOG_DEBUG, PS_MESSAGE_STEP_DONE)
                         : NULL;
  char duration[PS_TEXT_SHORT];

  if (record == NULL)
    return;
  set_step (record, step);
  ps_record_set_int (record, PS_FIELD_DURATION_USEC, duration_us);
  ps_record_set_message (record, "Step %u done after %s: %s", step->number,
                         ps_text_put_duration (duration, sizeof duration, duration_us), step->name);
  ps_report_end_record (report, record);
}

void
ps_report_step_skipped (PsReport *report, const PsReportStep *step, const char *reason)
{
  PsRecord *record = step->number <= PS_REPORT_STEPS_MAX
                         ? ps_report_begin_record (report, LOG_WARNING, PS_MESSAGE_STEP_SKIPPED)
                         : NULL;

  ps_termlog_notes_trouble (step->name, "skipped: ", reason);
  if (record == NULL)
    return;
  set_step (record, step);
  ps_record_set (record, PS_FIELD_REASON, reason);
  ps_record_set_message (record, "Skipped %s callback %s: %s", ps_text_event (step->event),
                         step->name, reason);
  ps_report_end_record (report, record);
}

void
ps_report_failed (PsReport *report, PsEvent event, const char *name, const GError *error)
{
  PsRecord *record = ps_report_begin_record (report, LOG_ERR, PS_MESSAGE_CALLBACK_FAILED);
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
  ps_report_end_record (report, record);
}

/* Only for `systemctl status`: who is waited for, and since when. */
void
ps_report_waiting (PsReport *report, const PsReportStep *step, const char *why, gint64 waited_us)
{
  char duration[PS_TEXT_SHORT], status[PS_REPORT_STATUS_MAX];

  g_snprintf (status, sizeof status, "Stopping: %u/%u, waiting for \"%s\" (%s): %s", step->number,
              step->total, step->name, ps_text_put_duration (duration, sizeof duration, waited_us),
              why);
  ps_report_notify_with_status (report, "", status);
}

void
ps_report_hold_dropped (PsReport *report, const PsReportStep *step, const char *why,
                        gint64 waited_us, const char *reason)
{
  PsRecord *record = ps_report_begin_record (report, LOG_WARNING, PS_MESSAGE_HOLD_DROPPED);
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
  ps_report_end_record (report, record);
}
