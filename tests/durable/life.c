/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *standin_flaw;

void
life_use_standin (const char *flaw)
{
  standin_flaw = flaw;
  if (flaw == NULL)
    return;
  g_setenv ("STANDIN_FLAW", flaw, TRUE);
  g_setenv ("STANDIN_MARK", PS_DURABLE_MARK, TRUE);
}

static void
run (const PlayPlan *plan, const char *const *arguments, Play *result)
{
  PlayPlan copy = plan != NULL ? *plan : (PlayPlan){ 0 };

  copy.arguments = arguments;
  play (&copy, result);
}

void
life_play (const Stage *stage, const Script *script, const PlayPlan *plan, Play *result)
{
  const char *real[] = { PS_DURABLE_SUBJECT, "play",          script->name, stage->record,
                         stage->targets,     PS_DURABLE_MARK, NULL };
  const char *standin[] = { PS_DURABLE_STANDIN, "play",          script->name, stage->record,
                            stage->targets,     PS_DURABLE_MARK, NULL };

  run (plan, standin_flaw != NULL ? standin : real, result);
}

void
life_settle (const Stage *stage, gboolean after_boot, const PlayPlan *plan, Play *result)
{
  const char *standin[] = { PS_DURABLE_STANDIN, "settle", stage->record, NULL };
  g_autofree char *directory =
      g_strconcat ("--directory=", after_boot ? stage->base : stage->record, NULL);
  const char *real[] = { PS_DURABLE_PSCTL, "settle", directory, after_boot ? "--boot" : NULL,
                         NULL };

  run (plan, standin_flaw != NULL ? standin : real, result);
}

char *
life_next (const Stage *stage)
{
  const char *standin[] = { PS_DURABLE_STANDIN, "next", stage->record, NULL };
  const char *real[] = { PS_DURABLE_SUBJECT, "next", stage->record, NULL };
  g_auto (Play) result = { 0 };
  const char *verdict;

  run (NULL, standin_flaw != NULL ? standin : real, &result);
  verdict = strstr (result.output, "verdict ");
  if (verdict == NULL)
    return play_describe (&result);
  verdict += strlen ("verdict ");
  return g_strndup (verdict, strcspn (verdict, "\n"));
}

guint
life_count_done (const Play *result, const Script *script, guint64 *will)
{
  g_auto (GStrv) lines = g_strsplit (result->output, "\n", -1);
  guint n = 0;

  *will = 0;
  for (guint i = 0; lines[i] != NULL; i++)
    {
      guint number;
      char word[16];

      if (sscanf (lines[i], "step %u %15[a-z]", &number, word) != 2 || !g_str_equal (word, "done"))
        continue;
      n++;
      *will = script_will_of_step (script, number, *will);
    }
  return n;
}
