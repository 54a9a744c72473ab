/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is told while the daemon serves: that it is watched over, ready, alive, what it says of
 * itself, and its reloads, which begin and end in the protocol of sd_notify(3), too.
 */

#include "ps-report-life.h"
#include "ps-clock.h"
#include "ps-current.h"
#include "ps-ids.h"
#include "ps-report-private.h"
#include "ps-text.h"

#include <string.h>
#include <syslog.h>

void
ps_report_run_begun (PsReport *report)
{
  PsRecord *record = ps_report_begin_record (report, LOG_DEBUG, PS_MESSAGE_RUN_BEGUN);

  if (record == NULL)
    return;
  ps_record_set_message (record, "Run begun: the end of this process is watched over");
  ps_report_end_record (report, record);
}

void
ps_report_ready (PsReport *report, const char *status)
{
  char line[PS_REPORT_STATUS_MAX + 1];

  if (status == NULL)
    {
      ps_report_notify (report, "READY=1");
      return;
    }
  ps_report_keep_status (report, status, line);
  ps_report_notify_with_status (report, "READY=1\n", line);
}

void
ps_report_status (PsReport *report, const char *status)
{
  char line[PS_REPORT_STATUS_MAX + 1];

  ps_report_keep_status (report, status, line);
  ps_report_notify_with_status (report, "", line);
}

void
ps_report_alive (PsReport *report)
{
  ps_report_notify (report, "WATCHDOG=1");
  ps_current_alive (ps_clock_now_us (), ps_report_get_watchdog_us (report));
}

void
ps_report_reload_begun (PsReport *report, const PsCause *cause)
{
  PsRecord *record = ps_report_begin_record (report, LOG_INFO, PS_MESSAGE_RELOAD_BEGUN);
  char assignments[PS_REPORT_ASSIGNMENTS_MAX];

  g_snprintf (assignments, sizeof assignments, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT "\n",
              ps_clock_now_us ());
  ps_report_notify_with_status (report, assignments, "Reloading");
  if (record != NULL)
    {
      char why[PS_CAUSE_WORDS];

      ps_report_set_cause (record, cause);
      ps_record_set_message (record, "Reload begun: %s",
                             ps_cause_describe (cause, why, sizeof why));
      ps_report_end_record (report, record);
    }
}

/* failure: what went wrong, or NULL. READY=1 in either case: the daemon serves. */
void
ps_report_reload_done (PsReport *report, gint64 duration_us, const char *failure)
{
  PsRecord *record = ps_report_begin_record (report, failure != NULL ? LOG_WARNING : LOG_INFO,
                                             PS_MESSAGE_RELOAD_DONE);
  char words[2 * PS_REPORT_STATUS_MAX], duration[PS_TEXT_SHORT];

  if (failure != NULL)
    g_snprintf (words, sizeof words, "Reload failed: %s", failure);
  else if (!ps_report_recall_status (report, words))
    strcpy (words, "Reloaded");
  ps_report_notify_with_status (report, "READY=1\n", words);
  if (record != NULL)
    {
      ps_record_set_int (record, PS_FIELD_DURATION_USEC, duration_us);
      ps_record_set (record, PS_FIELD_ERROR, failure);
      ps_record_set_message (record, "%s after %s", failure != NULL ? words : "Reload done",
                             ps_text_put_duration (duration, sizeof duration, duration_us));
      ps_report_end_record (report, record);
    }
}
