/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The marks of a trial are compared with those of an exit without faults: nothing may be there
 * twice, or in another order, or be there that does not belong there. What may be missing depends
 * on how the process ended, and of that the process itself has to tell the truth: in its wait
 * status, in its last record, to the service manager.
 */

#include "judge.h"

#include <ps-ids.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

const char *const judge_names[JUDGE_N] = {
  [JUDGE_WRONG] = "wrong",
  [JUDGE_COMPLETE] = "complete",
  [JUDGE_PARTLY] = "partly",
  [JUDGE_FORCED] = "forced",
  [JUDGE_SILENT] = "forced without a word",
  [JUDGE_GLIB] = "ended by GLib",
  [JUDGE_SIGNAL] = "died of the signal",
};

#define START "(prepared", "(attached"
#define STOP "cancelled", "checkpoint"
#define TERMINATE "terminate 1", "terminate 2", "terminate 3", "terminate 4"
#define QUIT "quit 1", "quit 2", "quit 3", "quit 4"
#define FINISH "finish 1", "finish 2", "finish 3", "finish 4"

/* What runs, and the status. In parentheses: it may be missing. exit() is not to be vetoed, and
 * never returns. */
static const struct
{
  const char *ending;
  int status;
  const char *marks[24];
} endings[] = {
  { "term", 143, { START, "query", STOP, TERMINATE, FINISH, "returned" } },
  { "int", 130, { START, "query", STOP, TERMINATE, FINISH, "returned" } },
  { "quit", 7, { START, "query", STOP, QUIT, FINISH, "returned" } },
  { "alone", 7, { START, "query", STOP, QUIT, FINISH, "returned" } },
  { "exit", 9, { START, STOP, QUIT, FINISH } },
  { "thread", 9, { START, STOP, QUIT, FINISH, "(returned" } },
  { "reload", 143, { START, "reload", "query", STOP, TERMINATE, FINISH, "returned" } },
  { "term-reload", 143, { START, "(reload", "query", STOP, TERMINATE, FINISH, "returned" } },
  { "exit-term", 9, { START, "(query", STOP, TERMINATE, FINISH } },
};

static guint
index_of (const char *ending)
{
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_equal (endings[i].ending, ending))
      return i;
  g_assert_not_reached ();
}

typedef struct
{
  const char *first;   /* of what the exit left out; NULL: nothing */
  gboolean any_finish; /* one of them is a finish callback */
} Missing;

/* What is wrong with the order, or NULL. */
static char *
compare_marks (const char *const *expected, const TrialOutcome *outcome, Missing *missing)
{
  guint at = 0;

  *missing = (Missing){ NULL, FALSE };
  for (guint i = 0; expected[i] != NULL; i++)
    {
      gboolean may_miss = expected[i][0] == '(';
      const char *mark = expected[i] + may_miss;

      if (at < outcome->marks->len && g_str_equal (outcome->marks->pdata[at], mark))
        {
          at++;
          continue;
        }
      if (!may_miss && missing->first == NULL)
        missing->first = mark;
      missing->any_finish |= g_str_has_prefix (mark, "finish");
    }
  if (at < outcome->marks->len)
    return g_strdup_printf ("\"%s\" is out of order, or was there before",
                            (const char *) outcome->marks->pdata[at]);
  return NULL;
}

static gboolean
has_mark (const TrialOutcome *outcome, const char *mark)
{
  return g_ptr_array_find_with_equal_func (outcome->marks, mark, g_str_equal, NULL);
}

static guint
count_lines (const GPtrArray *messages, const char *line)
{
  guint n = 0;

  for (guint i = 0; i < messages->len; i++)
    {
      g_auto (GStrv) lines = g_strsplit (messages->pdata[i], "\n", -1);

      n += g_strv_contains ((const char *const *) lines, line);
    }
  return n;
}

/* Whether the process said that it was ended before its time. */
static gboolean
says_forced (const TrialOutcome *outcome)
{
  return count_lines (outcome->records, "MESSAGE_ID=" PS_MESSAGE_EXIT_FORCED) > 0
         || strstr (outcome->output, "Exit forced") != NULL;
}

static gboolean
says_skipped (const TrialOutcome *outcome)
{
  return count_lines (outcome->records, "MESSAGE_ID=" PS_MESSAGE_STEP_SKIPPED) > 0
         || strstr (outcome->output, "Skipped") != NULL;
}

/* The status in the record of the exit, or -1 when there is none. */
static int
told_status (const TrialOutcome *outcome)
{
  for (guint i = 0; i < outcome->records->len; i++)
    {
      const char *record = outcome->records->pdata[i];
      const char *at = strstr (record, PS_FIELD_STATUS "=");

      if (strstr (record, "MESSAGE_ID=" PS_MESSAGE_EXIT_FINISHED) != NULL && at != NULL)
        return atoi (at + strlen (PS_FIELD_STATUS "="));
    }
  return -1;
}

/* That file needs no memory, and is no liar. */
static char *
judge_last_words (const TrialPlan *plan, const TrialOutcome *outcome)
{
  const char *words = outcome->last_words != NULL ? outcome->last_words : "";
  const char *at = strstr (words, "with status ");

  if (plan->memory != NULL && at == NULL)
    return g_strdup_printf ("the termination log says \"%s\"", words);
  if (at != NULL && WIFEXITED (outcome->wait_status)
      && atoi (at + strlen ("with status ")) != WEXITSTATUS (outcome->wait_status))
    return g_strdup_printf ("it did not end as the termination log says: \"%s\"", words);
  return NULL;
}

static char *
judge_messages (const TrialPlan *plan, const TrialOutcome *outcome)
{
  guint ready = count_lines (outcome->notes, "READY=1");
  guint reloads =
      MAX (count_lines (outcome->notes, "RELOADING=1"), g_str_equal (plan->ending, "reload"));
  guint stopping = count_lines (outcome->notes, "STOPPING=1");

  if (stopping > 1)
    return g_strdup_printf ("STOPPING=1 was sent %u times", stopping);
  if (ready > 1 + reloads)
    return g_strdup_printf ("READY=1 was sent %u times", ready);
  if (told_status (outcome) >= 0 && WIFEXITED (outcome->wait_status)
      && told_status (outcome) != WEXITSTATUS (outcome->wait_status) && !says_forced (outcome))
    return g_strdup_printf ("the record says that the status is %d", told_status (outcome));
  return judge_last_words (plan, outcome);
}

/* Without regard to what is allowed. */
static Judgement
judge_end (const TrialOutcome *outcome, int status, const Missing *missing, char **why)
{
  int wait_status = outcome->wait_status;
  int forced_status = WIFEXITED (wait_status) ? WEXITSTATUS (wait_status) : 0;

  if (WIFSIGNALED (wait_status) && WTERMSIG (wait_status) == SIGTRAP
      && strstr (outcome->output, "GLib") != NULL)
    return JUDGE_GLIB;
  if (WIFSIGNALED (wait_status) && WTERMSIG (wait_status) == SIGTERM
      && !has_mark (outcome, "prepared"))
    return JUDGE_SIGNAL;
  if (WIFSIGNALED (wait_status))
    *why = g_strdup_printf ("it died of signal %d", WTERMSIG (wait_status));
  else if (says_forced (outcome) && (forced_status == status || forced_status > 128))
    return JUDGE_FORCED;
  else if (forced_status != status)
    *why = g_strdup_printf ("the status is %d, not %d", forced_status, status);
  else if (missing->first == NULL)
    return JUDGE_COMPLETE;
  else if (!missing->any_finish && says_skipped (outcome))
    return JUDGE_PARTLY;
  else if (status != 0 && told_status (outcome) < 0)
    return JUDGE_SILENT;
  else
    *why = g_strdup_printf ("\"%s\" did not run", missing->first);
  return JUDGE_WRONG;
}

static Judgement
judge_as (const char *ending, const TrialPlan *plan, const TrialOutcome *outcome,
          const JudgeAllowed *allowed, char **why)
{
  guint i = index_of (ending);
  const gboolean is_allowed[JUDGE_N] = {
    [JUDGE_COMPLETE] = TRUE,          [JUDGE_PARTLY] = allowed->partly,
    [JUDGE_FORCED] = allowed->forced, [JUDGE_SILENT] = allowed->silent,
    [JUDGE_GLIB] = allowed->glib,     [JUDGE_SIGNAL] = allowed->by_signal,
  };
  Missing missing;
  Judgement end;

  *why = compare_marks (endings[i].marks, outcome, &missing);
  if (*why == NULL)
    *why = judge_messages (plan, outcome);
  if (*why != NULL)
    return JUDGE_WRONG;
  end = judge_end (outcome, endings[i].status, &missing, why);
  if (end == JUDGE_WRONG || is_allowed[end])
    return end;
  *why = missing.first == NULL ? g_strdup_printf ("\"%s\" is no end for it", judge_names[end])
                               : g_strdup_printf ("\"%s\" is no end for it: \"%s\" did not run",
                                                  judge_names[end], missing.first);
  return JUDGE_WRONG;
}

Judgement
judge (const TrialPlan *plan, const TrialOutcome *outcome, const JudgeAllowed *allowed, char **why)
{
  Judgement end;

  if (outcome->timed_out)
    {
      *why = g_strdup ("it hangs");
      return JUDGE_WRONG;
    }
  end = judge_as (plan->ending, plan, outcome, allowed, why);
  if (end == JUDGE_WRONG && plan->or_else != NULL)
    {
      g_autofree char *first = *why, *second = NULL;

      end = judge_as (plan->or_else, plan, outcome, allowed, &second);
      *why = end == JUDGE_WRONG ? g_strdup_printf ("as \"%s\": %s; as \"%s\": %s", plan->ending,
                                                   first, plan->or_else, second)
                                : NULL;
    }
  return end;
}
