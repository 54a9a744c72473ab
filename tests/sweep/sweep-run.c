/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sweep-run.h"

#include "ps-tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void
join (GString *text, const char *heading, const GPtrArray *messages)
{
  g_string_append_printf (text, "%s:\n", heading);
  for (guint i = 0; i < messages->len; i++)
    g_string_append_printf (text, "  %s\n", (const char *) messages->pdata[i]);
}

static void
report (const char *name, guint point, const TrialOutcome *outcome, const char *why)
{
  g_autofree char *heading = g_strdup_printf ("%s, point %u", name, point);
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "wait status %#x, %u calls, %u allocations, %u faults\n",
                          (unsigned) outcome->wait_status, outcome->n_calls, outcome->n_allocations,
                          outcome->n_fired);
  if (outcome->error != 0)
    g_string_append_printf (text, "system call %ld: %s\n", outcome->call,
                            g_strerror (outcome->error));
  join (text, "marks", outcome->marks);
  join (text, "notes", outcome->notes);
  g_string_append_printf (text, "%u records\n%s", outcome->records->len, outcome->output);
  tap_note (heading, text->str);
  tap_fail (G_STRLOC, "%s, point %u: %s", name, point, why);
}

void
sweep_run (const Sweep *sweep)
{
  guint ends[JUDGE_N] = { 0 }, n_points = 0, n_fired = 0, point = 1;
  GString *list = g_string_new (NULL);
  gboolean over = FALSE;

  if (!trial_open ())
    {
      tap_skip ("no namespace");
      g_string_free (list, TRUE);
      return;
    }
  while (!over)
    {
      TrialPlan plan = sweep->plan;
      g_autoptr (TrialOutcome) outcome = NULL;
      g_autofree char *why = NULL;
      Judgement end;

      sweep->set_point (&plan, point, sweep);
      outcome = trial_run (&plan);
      end = judge (&plan, outcome, &sweep->allowed, &why);
      if (end == JUDGE_WRONG)
        report (sweep->name, point, outcome, why);
      if (g_getenv ("SWEEP_BACKTRACE") != NULL)
        fprintf (stderr, "%s, point %u, %s:\n%s", sweep->name, point, judge_names[end],
                 outcome->output);
      over = outcome->n_fired == 0;
      if (!over)
        {
          n_points++;
          n_fired++;
        }
      ends[end] += !over || end == JUDGE_WRONG;
      point += tap_number (sweep->coarse, 1);
      if (ends[JUDGE_WRONG] >= 20)
        break;
    }
  /* A sweep that meets nothing has not been one. */
  if (n_points == 0)
    tap_fail (G_STRLOC, "%s: no fault fired", sweep->name);

  for (guint i = JUDGE_COMPLETE; i < JUDGE_N; i++)
    if (ends[i] > 0)
      g_string_append_printf (list, "%s%u %s", list->len > 0 ? ", " : "", ends[i], judge_names[i]);
  printf ("# sweep %s: %u points, %u faults fired, %u failures (%s)\n", sweep->name, n_points,
          n_fired, ends[JUDGE_WRONG], list->str);
  fflush (stdout);
  g_string_free (list, TRUE);
}
