/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes a record of every kind, with all that can be known and with as little as can be known, and
 * prints for each its message ID, its priority and the names of its fields. ids.py compares that
 * with the catalog and with docs/journal.md.
 */

#include "ps-clock.h"
#include "ps-crash-text.h"
#include "ps-current.h"
#include "ps-ids.h"
#include "ps-rescue.h"
#include "ps-report-exit.h"
#include "ps-report-life.h"
#include "ps-report-step.h"
#include "ps-will-report.h"
#include "ps-run-private.h"
#include "ps-run-report.h"

#include <stdlib.h>
#include <string.h>

static void
print_record (int priority, const char *message, const GLogField *fields, gsize n_fields,
              gpointer unused)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE_ID"))
      g_print ("%s %d", (const char *) fields[i].value, priority);
  for (gsize i = 0; i < n_fields; i++)
    g_print (" %s", fields[i].key);
  g_print ("\n");
}

static void
tell_cause (PsReport *report, const PsCause *cause)
{
  const PsTally tally = { .run = 3 };

  ps_report_exit_begun (report, cause, 3, PS_NEVER_US);
  ps_report_exit_begun (report, cause, 3, 60 * G_USEC_PER_SEC);
  ps_report_vetoed (report, cause, "burn", "burning a disc");
  ps_report_again (report, cause, 1);
  ps_report_exit_finished (report, cause, 143, 2000, &tally);
}

/* What is known of the sender differs. */
static void
tell_signals (PsReport *report)
{
  PsCause cause = { .kind = PS_CAUSE_NONE };

  ps_cause_set_signal (&cause, SIGTERM, PS_ORIGIN_PROCESS,
                       &(PsSender){ 12, 34, "kill", "user@34.service", "app.scope" });
  tell_cause (report, &cause);
  ps_report_reload_begun (report, &cause);
  cause.has_value = TRUE;
  tell_cause (report, &cause);
  ps_report_reload_begun (report, &cause);
  ps_cause_set_signal (&cause, SIGTERM, PS_ORIGIN_PROCESS, &(PsSender){ .pid = 12, .uid = 34 });
  tell_cause (report, &cause);
  ps_report_reload_begun (report, &cause);
  ps_cause_set_signal (&cause, SIGINT, PS_ORIGIN_KERNEL, &(PsSender){ .pid = 0 });
  tell_cause (report, &cause);
  ps_report_reload_begun (report, &cause);
  ps_cause_clear (&cause);
}

static void
tell_other_causes (PsReport *report)
{
  static const PsCauseKind kinds[] = { PS_CAUSE_QUIT, PS_CAUSE_EXIT, PS_CAUSE_LOOP };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    tell_cause (report, &(PsCause){ .kind = kinds[i] });
}

/* This one is composed in a signal handler, as journald takes it. */
static void
tell_forced (void)
{
  char text[4096], line[512];
  g_auto (GStrv) fields = NULL;
  PsWords record, message;

  ps_words_init (&record, text, sizeof text);
  ps_words_init (&message, line, sizeof line);
  ps_rescue_compose (&record, &message, 143, "a test");
  fields = g_strsplit (text, "\n", -1);
  g_print ("%s 3 MESSAGE MESSAGE_ID PRIORITY PS_PROGRAM PS_VERSION PS_INVOCATION_ID",
           PS_MESSAGE_EXIT_FORCED);
  for (gsize i = 0; fields[i] != NULL; i++)
    g_print (" %.*s", (int) strcspn (fields[i], "="), fields[i]);
  g_print ("\n");
}

/* NAME=value, or NAME, a length in eight bytes and the value; a line each. */
static void
print_composed (const char *message_id, int priority, const PsWords *record)
{
  const char *at = record->text, *end = at + record->length;

  g_print ("%s %d MESSAGE_ID PRIORITY PS_PROGRAM PS_VERSION PS_INVOCATION_ID", message_id,
           priority);
  while (at < end)
    {
      const char *line_end = memchr (at, '\n', (gsize) (end - at));
      const char *equals = memchr (at, '=', (gsize) (line_end - at));
      guint64 length;

      g_print (" %.*s", (int) ((equals != NULL ? equals : line_end) - at), at);
      at = line_end + 1;
      if (equals != NULL)
        continue;
      memcpy (&length, at, sizeof length);
      at += sizeof length + GUINT64_FROM_LE (length) + 1;
    }
  g_print ("\n");
}

static void
tell_crash (const PsCrash *crash, const PsCrashNotes *notes)
{
  char text[4096];
  PsWords record;

  ps_words_init (&record, text, sizeof text);
  ps_crash_text_record (&record, crash, notes, "Crashed: a test", "#0 0x0000000000001230\n");
  print_composed (PS_MESSAGE_CRASHED, 2, &record);
}

static void
tell_crashes (void)
{
  const PsCrashNotes nothing = { .not_run = "" };
  const PsCrashNotes all = { .not_run = "flush_queue\n", .n_not_run = 1, .cut_short = "a test" };
  PsCrash crash = {
    .signum = SIGSEGV,
    .signal_name = "SIGSEGV",
    .code = SEGV_MAPERR,
    .reason = "a test",
    .is_fault = TRUE,
    .sender_comm = "",
    .thread_name = "worker",
  };
  char text[1024];
  PsWords record;

  tell_crash (&crash, &nothing);
  crash.event = "terminate";
  crash.step = "flush_queue";
  crash.abort_message = "assertion failed";
  tell_crash (&crash, &all);
  crash.is_fault = FALSE;
  crash.code = SI_USER;
  tell_crash (&crash, &nothing);
  crash.sender_comm = "kill";
  tell_crash (&crash, &nothing);

  ps_words_init (&record, text, sizeof text);
  ps_crash_text_cut (&record, "dump", "it crashed, too", "Cut short");
  print_composed (PS_MESSAGE_CRASH_CUT, 3, &record);
}

static void
tell_steps (PsReport *report, const GError *error)
{
  const PsReportStep step = { PS_EVENT_TERMINATE, "flush_queue", 0, 1, 3 };

  ps_report_step_begun (report, &step);
  ps_report_step_done (report, &step, 1000);
  ps_report_step_skipped (report, &step, "the exit's time was over");
  ps_report_hold_dropped (report, &step, "writing", 1000, "its deadline has passed");
  ps_report_failed (report, PS_EVENT_TERMINATE, "flush_queue", error);
}

/* With all that can be known of a life, and with as little. */
static void
tell_previous (PsReport *report, PsVerdict verdict)
{
  PsFinding finding = { .verdict = verdict, .code = -1, .status = -1 };
  PsRunLife life = { .who = { .pid = 4711 } };
  PsRun *run = ps_run_new (&life, &finding);

  ps_run_report_previous (report, run);
  ps_run_unref (run);
  finding.signum = SIGTERM;
  finding.code = finding.status = 3;
  finding.reason = "a test";
  life.has_cause = 1;
  life.cause =
      (PsRunLifeCause){ "signal", SIGTERM, 0, 12, 34, "kill", "user@34.service", "a.scope" };
  life.crash = (PsRunLifeBreak){ .is_set = 1, .step = "flush_queue" };
  life.settled = (PsRunLifeSettled){ 1, "signal", "killed", "TERM", "stop-post", { 0 } };
  g_strlcpy (life.who.invocation, "0123456789abcdef0123456789abcdef", sizeof life.who.invocation);
  run = ps_run_new (&life, &finding);
  ps_run_report_previous (report, run);
  ps_run_unref (run);
}

static void
tell_wills (PsReport *report)
{
  static const PsSettleTally all = { .done = 2 }, some = { .done = 2, .left = 1 };
  static PsWillPlace place = { .path = "/run/food" };
  static PsWillClause clause = { .number = 1, .path = (char *) "socket" };
  PsSettleNews news = { .end = PS_SETTLE_DONE, .tally = &all, .file = "food.will" };

  ps_will_report (&news, report);
  news.end = PS_SETTLE_LEFT;
  news.tally = &some;
  news.reason = "its time was over";
  ps_will_report (&news, report);
  news.end = PS_SETTLE_DAMAGED;
  ps_will_report (&news, report);
  news.clause = &clause;
  news.place = &place;
  ps_will_report (&news, report);
  news.is_skipped = TRUE;
  ps_will_report (&news, report);
  clause.verb = PS_WILL_RUN;
  clause.argv[0] = (char *) "/bin/true";
  news.place = NULL;
  ps_will_report (&news, report);
}

int
main (void)
{
  g_autoptr (GError) error = NULL;
  PsReport *report;

  unsetenv ("NOTIFY_SOCKET");
  report = ps_report_new ();
  ps_report_set_log_func (report, print_record, NULL, NULL);
  error = g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "no space");

  ps_report_run_begun (report);
  ps_report_signals_lost (report, SIGTERM, 3, 1);
  ps_report_bad_setting (report, "PS_DEADLINE_SEC", error);
  tell_signals (report);
  tell_other_causes (report);
  tell_steps (report, error);
  tell_forced ();
  ps_current_set ("terminate", "flush_queue", 1);
  tell_forced ();
  ps_current_clear ();
  tell_crashes ();
  tell_wills (report);
  ps_report_reload_done (report, 1000, NULL);
  ps_report_reload_done (report, 1000, "read_config: no such file");
  for (int verdict = PS_VERDICT_CLEAN; verdict <= PS_VERDICT_UNKNOWN; verdict++)
    tell_previous (report, verdict);
  ps_report_free (report);
  return EXIT_SUCCESS;
}
