/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-will-report.h"
#include "ps-ids.h"
#include "ps-report-private.h"

#include <syslog.h>

#define CLAUSE_MAX 4096

/* A clause that was not carried out, as one can look for it. */
static void
report_clause (PsReport *report, const PsSettleNews *news)
{
  PsRecord *record = ps_report_begin_record (report, news->is_skipped ? LOG_WARNING : LOG_ERR,
                                             PS_MESSAGE_CLAUSE_FAILED);
  const PsWillClause *clause = news->clause;
  const gboolean is_command = clause->verb == PS_WILL_RUN;
  char path[CLAUSE_MAX];

  if (record == NULL)
    return;
  g_snprintf (path, sizeof path, "%s%s%s", news->place != NULL ? news->place->path : "",
              is_command ? "" : "/", is_command ? clause->argv[0] : clause->path);
  ps_record_set_int (record, PS_FIELD_CLAUSE, clause->number);
  ps_record_set (record, PS_FIELD_CLAUSE_VERB, ps_will_text_verb (clause->verb));
  ps_record_set (record, PS_FIELD_CLAUSE_PATH, path);
  ps_record_set (record, PS_FIELD_REASON, news->reason);
  ps_record_set_message (record, "Will: %s %s %s: %s", news->is_skipped ? "did not" : "failed to",
                         ps_will_text_verb (clause->verb), path, news->reason);
  ps_report_end_record (report, record);
}

/* A will was carried out, or as much of it as could be. */
static void
report_end (PsReport *report, const PsSettleNews *news)
{
  const PsSettleTally *tally = news->tally;
  PsRecord *record = ps_report_begin_record (report, tally->left > 0 ? LOG_WARNING : LOG_INFO,
                                             PS_MESSAGE_WILL_DONE);

  if (record == NULL)
    return;
  ps_record_set (record, PS_FIELD_SETTLED_BY, ps_settle_by (news->by));
  ps_record_set_int (record, PS_FIELD_CLAUSES_DONE, tally->done);
  ps_record_set_int (record, PS_FIELD_CLAUSES_SKIPPED, tally->skipped);
  ps_record_set_int (record, PS_FIELD_CLAUSES_FAILED, tally->failed);
  ps_record_set_int (record, PS_FIELD_CLAUSES_LEFT, tally->left);
  ps_record_set (record, PS_FIELD_REASON, news->reason);
  ps_record_set_message (record,
                         "Will carried out%s%s (clauses: %u done, %u left alone, %u failed, "
                         "%u still to be done)",
                         news->reason != NULL ? " in part: " : "",
                         news->reason != NULL ? news->reason : "", tally->done, tally->skipped,
                         tally->failed, tally->left);
  ps_report_end_record (report, record);
}

/* A file that outlived a process, and is not as we wrote it, or not ours. */
void
ps_will_report_damaged (PsReport *report, const char *file, const char *reason)
{
  PsRecord *record = ps_report_begin_record (report, LOG_WARNING, PS_MESSAGE_RECORD_DAMAGED);

  if (record == NULL)
    return;
  ps_record_set (record, PS_FIELD_PATH, file);
  ps_record_set (record, PS_FIELD_REASON, reason);
  ps_record_set_message (record, "%s is not acted upon: %s", file, reason);
  ps_report_end_record (report, record);
}

void
ps_will_report (const PsSettleNews *news, void *data)
{
  PsReport *report = data;

  if (news->clause != NULL)
    {
      report_clause (report, news);
      return;
    }
  switch (news->end)
    {
    case PS_SETTLE_DONE:
    case PS_SETTLE_LEFT:
      report_end (report, news);
      break;
    case PS_SETTLE_DAMAGED:
    case PS_SETTLE_FOREIGN:
    case PS_SETTLE_REFUSED:
    case PS_SETTLE_FAILED:
      ps_will_report_damaged (report, news->file, news->reason);
      break;
    case PS_SETTLE_NOTHING:
    case PS_SETTLE_ALIVE:
      break;
    }
}
