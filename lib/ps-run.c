/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-run-private.h"
#include "ps-late.h"
#include "ps-text.h"

#include <string.h>

#define DESCRIPTION_MAX 1536

struct _PsRun
{
  gatomicrefcount refs;
  PsRunLife life;
  PsFinding finding;
  PsSender sender; /* points into life */
};

PS_DEFINE_BOXED_TYPE (PsRun, ps_run, ps_run_ref, ps_run_unref)

/* NULL for a text that is not there. */
static const char *
known (const char *text)
{
  return text[0] != '\0' ? text : NULL;
}

PsRun *
ps_run_new (const PsRunLife *life, const PsFinding *finding)
{
  PsRun *run = g_new0 (PsRun, 1);
  const PsRunLifeCause *cause = &run->life.cause;

  g_atomic_ref_count_init (&run->refs);
  run->life = *life;
  run->finding = *finding;
  run->sender = (PsSender){
    .pid = (pid_t) cause->sender_pid,
    .uid = (uid_t) cause->sender_uid,
    .comm = known (cause->sender_comm),
    .unit = known (cause->sender_unit),
    .user_unit = known (cause->sender_user_unit),
  };
  return run;
}

PsRun *
ps_run_ref (const PsRun *run)
{
  PsRun *self = (PsRun *) run;

  g_return_val_if_fail (run != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
ps_run_unref (PsRun *run)
{
  if (run != NULL && g_atomic_ref_count_dec (&run->refs))
    g_free (run);
}

const char *
ps_verdict_to_string (PsVerdict verdict)
{
  return ps_verdict_word (verdict);
}

PsVerdict
ps_run_get_verdict (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, PS_VERDICT_UNKNOWN);

  return run->finding.verdict;
}

int
ps_run_get_signal (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, 0);

  return run->finding.signum;
}

const PsSender *
ps_run_get_sender (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, NULL);

  return run->life.has_cause && run->life.cause.signum > 0 && run->life.cause.sender_pid >= 0
             ? &run->sender
             : NULL;
}

int
ps_run_get_exit_code (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, -1);

  return run->finding.code;
}

int
ps_run_get_status (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, -1);

  return run->finding.status;
}

gint64
ps_run_get_begun_us (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, 0);

  return run->life.begun.real_us;
}

gint64
ps_run_get_ended_us (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, 0);

  return run->finding.ended.real_us;
}

gboolean
ps_run_is_end_known (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, FALSE);

  return run->finding.end_is_known;
}

gint64
ps_run_get_lived_us (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, 0);

  return MAX (run->finding.ended.boot_us - run->life.begun.boot_us, 0);
}

const char *
ps_run_get_service_result (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, NULL);

  return known (run->life.settled.result);
}

const char *
ps_run_get_service_exit_code (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, NULL);

  return known (run->life.settled.code);
}

const char *
ps_run_get_service_exit_status (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, NULL);

  return known (run->life.settled.status);
}

/* What broke the life off; NULL: nothing that was told. */
static const PsRunLifeBreak *
get_break (const PsRun *run)
{
  if (run->life.crash.is_set)
    return &run->life.crash;
  return run->life.forced.is_set ? &run->life.forced : NULL;
}

const char *
ps_run_get_step (const PsRun *run)
{
  const PsRunLifeBreak *broke;

  g_return_val_if_fail (run != NULL, NULL);

  broke = get_break (run);
  return broke != NULL ? known (broke->step) : NULL;
}

const char *
ps_run_get_reason (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, NULL);

  if (run->finding.reason != NULL)
    return run->finding.reason;
  return run->finding.verdict == PS_VERDICT_FORCED ? known (run->life.forced.reason) : NULL;
}

const char *
ps_run_get_invocation_id (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, NULL);

  return known (run->life.who.invocation);
}

pid_t
ps_run_get_pid (const PsRun *run)
{
  g_return_val_if_fail (run != NULL, 0);

  return (pid_t) run->life.who.pid;
}

/* --- In words -------------------------------------------------------------------------------- */

static void
add_signal (GString *text, const PsRun *run)
{
  const PsSender *sender = ps_run_get_sender (run);
  char name[PS_TEXT_SHORT];

  if (run->finding.signum <= 0)
    return;
  g_string_append_printf (text, " by %s",
                          ps_text_put_signal (name, sizeof name, run->finding.signum));
  if (sender == NULL || run->life.cause.signum != run->finding.signum)
    return;
  g_string_append_printf (text, " from %s (pid %d, uid %u)",
                          sender->comm != NULL ? sender->comm : "an unknown process",
                          (int) sender->pid, (unsigned) sender->uid);
}

static void
add_verdict (GString *text, PsVerdict verdict)
{
  static const char *const words[] = {
    [PS_VERDICT_CLEAN] = "ended cleanly",
    [PS_VERDICT_TERMINATED] = "was terminated",
    [PS_VERDICT_QUIT] = "quit",
    [PS_VERDICT_CRASHED] = "crashed",
    [PS_VERDICT_KILLED] = "was killed without a word",
    [PS_VERDICT_OUT_OF_MEMORY] = "was killed for lack of memory",
    [PS_VERDICT_WATCHDOG] = "was ended by the watchdog",
    [PS_VERDICT_FORCED] = "was forced to end",
    [PS_VERDICT_POWER_LOSS] = "was lost when the machine went down",
    [PS_VERDICT_UNKNOWN] = "ended in a way that is not known",
  };

  g_string_append (text, words[verdict]);
}

/* Nothing is said of a life that gave no sign after its beginning: it may have been a long one. */
static void
add_duration (GString *text, const PsRun *run)
{
  gint64 lived_us = ps_run_get_lived_us (run);
  char duration[PS_TEXT_SHORT];

  if (lived_us > 0 || run->finding.end_is_known)
    g_string_append_printf (text, ", after %s%s", run->finding.end_is_known ? "" : "at least ",
                            ps_text_put_duration (duration, sizeof duration, lived_us));
}

char *
ps_run_describe (const PsRun *run)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *step, *reason;
  char *line;

  g_return_val_if_fail (run != NULL, NULL);

  step = ps_run_get_step (run);
  reason = ps_run_get_reason (run);
  add_verdict (text, run->finding.verdict);
  add_signal (text, run);
  if (run->finding.status > 0 || run->finding.verdict == PS_VERDICT_QUIT)
    g_string_append_printf (text, " with status %d", run->finding.status);
  if (step != NULL)
    g_string_append_printf (text, " in the callback %s", step);
  if (reason != NULL)
    g_string_append_printf (text, " (%s)", reason);
  add_duration (text, run);
  line = g_malloc (DESCRIPTION_MAX);
  return ps_text_put_line (line, DESCRIPTION_MAX, text->str);
}
