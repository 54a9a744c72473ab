/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-run-report.h"
#include "ps-ids.h"
#include "ps-report-private.h"
#include "ps-text.h"

#include <syslog.h>

/* NULL: there is nothing to tell. What was asked for is of no more than interest; what nobody asked
 * for is worth a warning. */
static const char *
choose_message (PsVerdict verdict, int *priority)
{
  *priority = LOG_WARNING;
  switch (verdict)
    {
    case PS_VERDICT_CLEAN:
      break;
    case PS_VERDICT_TERMINATED:
      *priority = LOG_INFO;
      return PS_MESSAGE_PREVIOUS_TERMINATED;
    case PS_VERDICT_QUIT:
      return PS_MESSAGE_PREVIOUS_QUIT;
    case PS_VERDICT_CRASHED:
      return PS_MESSAGE_PREVIOUS_CRASHED;
    case PS_VERDICT_KILLED:
      return PS_MESSAGE_PREVIOUS_KILLED;
    case PS_VERDICT_OUT_OF_MEMORY:
      return PS_MESSAGE_PREVIOUS_OUT_OF_MEMORY;
    case PS_VERDICT_WATCHDOG:
      return PS_MESSAGE_PREVIOUS_WATCHDOG;
    case PS_VERDICT_FORCED:
      return PS_MESSAGE_PREVIOUS_FORCED;
    case PS_VERDICT_POWER_LOSS:
      return PS_MESSAGE_PREVIOUS_POWER_LOSS;
    case PS_VERDICT_UNKNOWN:
      return PS_MESSAGE_PREVIOUS_UNKNOWN;
    }
  return NULL;
}

static void
set_reason (PsRecord *record, const PsRun *run)
{
  char name[PS_TEXT_SHORT];

  if (ps_run_get_signal (run) > 0)
    ps_record_set (record, PS_FIELD_SIGNAL,
                   ps_text_put_signal (name, sizeof name, ps_run_get_signal (run)));
  ps_report_set_sender (record, ps_run_get_sender (run));
  if (ps_run_get_exit_code (run) >= 0)
    ps_record_set_int (record, PS_FIELD_CODE, ps_run_get_exit_code (run));
  if (ps_run_get_status (run) >= 0)
    ps_record_set_int (record, PS_FIELD_STATUS, ps_run_get_status (run));
  ps_record_set (record, PS_FIELD_STEP, ps_run_get_step (run));
  ps_record_set (record, PS_FIELD_REASON, ps_run_get_reason (run));
}

static void
set_life (PsRecord *record, const PsRun *run)
{
  ps_record_set (record, PS_FIELD_VERDICT, ps_verdict_to_string (ps_run_get_verdict (run)));
  ps_record_set (record, PS_FIELD_PREVIOUS_INVOCATION_ID, ps_run_get_invocation_id (run));
  ps_record_set_int (record, PS_FIELD_PREVIOUS_PID, ps_run_get_pid (run));
  ps_record_set_int (record, PS_FIELD_PREVIOUS_BEGUN_USEC, ps_run_get_begun_us (run));
  ps_record_set_int (record, PS_FIELD_PREVIOUS_ENDED_USEC, ps_run_get_ended_us (run));
  ps_record_set_int (record, PS_FIELD_LIVED_USEC, ps_run_get_lived_us (run));
  ps_record_set (record, PS_FIELD_SERVICE_RESULT, ps_run_get_service_result (run));
  ps_record_set (record, PS_FIELD_EXIT_CODE, ps_run_get_service_exit_code (run));
  ps_record_set (record, PS_FIELD_EXIT_STATUS, ps_run_get_service_exit_status (run));
}

void
ps_run_report_previous (PsReport *report, const PsRun *run)
{
  int priority;
  const char *message_id = choose_message (ps_run_get_verdict (run), &priority);
  PsRecord *record =
      message_id != NULL ? ps_report_begin_record (report, priority, message_id) : NULL;
  g_autofree char *words = NULL;

  if (record == NULL)
    return;
  words = ps_run_describe (run);
  set_life (record, run);
  set_reason (record, run);
  ps_record_set_message (record, "The previous run %s", words);
  ps_report_end_record (report, record);
}
