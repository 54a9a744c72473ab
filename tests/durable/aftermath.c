/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aftermath.h"

#include <string.h>
#include <sys/wait.h>

static char *
describe (const Script *script, guint64 targets)
{
  GString *text = g_string_new ("{");

  for (guint i = 0; i < SCRIPT_TARGETS_MAX; i++)
    if (targets >> i & 1)
      {
        g_autofree char *name = script_target_name (script_kind_of (script, i), i);

        g_string_append_printf (text, "%s%s", text->len > 1 ? " " : "", name);
      }
  return g_string_free (g_string_append_c (text, '}'), FALSE);
}

/* psctl says 5 when it has done what damaged lines let it do. */
static gboolean
is_success (const Aftermath *expected, const Play *result)
{
  return WIFEXITED (result->wait_status)
         && (WEXITSTATUS (result->wait_status) == 0
             || (expected->damaged && WEXITSTATUS (result->wait_status) == 5));
}

guint64
aftermath_find_excused (const Script *script, const char *output)
{
  guint64 excused = 0;

  for (const char *at = output; (at = strstr (at, "Will: failed to ")) != NULL; at++)
    {
      g_autofree char *line = g_strndup (at, strcspn (at, "\n"));

      for (guint i = 0; i < SCRIPT_TARGETS_MAX; i++)
        {
          g_autofree char *name = script_target_name (script_kind_of (script, i), i);

          if (strstr (line, name) != NULL
              || (script_kind_of (script, i) == STEP_RUN && strstr (line, "failed to run") != NULL))
            excused |= G_GUINT64_CONSTANT (1) << i;
        }
    }
  return excused;
}

static gboolean
is_same (guint64 carried, guint64 will, const Aftermath *expected)
{
  guint64 either_way = expected->already | expected->excused;

  return (carried | either_way) == (will | either_way);
}

static char *
judge_carried_out (const Stage *stage, const Script *script, const Aftermath *expected)
{
  guint most;
  guint64 carried = stage_carried_out (stage, script, &most);
  g_autofree char *got = NULL, *before = NULL, *after = NULL;

  if (most > expected->most)
    return g_strdup_printf ("a command was run %u times", most);
  if (is_same (carried, expected->before, expected) || is_same (carried, expected->after, expected))
    return NULL;
  got = describe (script, carried);
  before = describe (script, expected->before);
  after = describe (script, expected->after);
  return g_strdup_printf ("%s carried out, and neither %s nor %s", got, before, after);
}

/* Settled already, and still: by psctl, and by the life that comes next. */
static char *
judge_repeated (const Stage *stage, const Script *script, const Aftermath *expected)
{
  guint most, most_again;
  guint64 carried = stage_carried_out (stage, script, &most);
  g_auto (Play) result = { 0 };
  g_autofree char *verdict = NULL;

  life_settle (stage, expected->rebooted, NULL, &result);
  verdict = life_next (stage);
  if (stage_carried_out (stage, script, &most_again) != carried || most_again != most)
    return g_strdup_printf ("more was carried out when it was settled again: %s", result.output);
  if (!expected->may_be_clean && g_str_equal (verdict, "clean"))
    return g_strdup ("a false verdict: clean");
  if (g_strrstr (verdict, "with") != NULL || g_strrstr (verdict, "killed by") != NULL)
    return g_strdup_printf ("the next life did not begin: %s", verdict);
  return NULL;
}

char *
aftermath_judge (const Stage *stage, const Script *script, const Aftermath *expected)
{
  g_auto (Play) result = { 0 };
  g_autofree char *left = stage_describe (stage), *settled = NULL;
  char *why;

  life_settle (stage, expected->rebooted, NULL, &result);
  settled = play_describe (&result);
  why = is_success (expected, &result) ? judge_carried_out (stage, script, expected)
                                       : g_strdup ("it could not be settled");
  if (why == NULL && stage_count_wills (stage) > 0)
    why = g_strdup ("a will is still there");
  if (why == NULL)
    why = judge_repeated (stage, script, expected);
  if (why != NULL)
    {
      g_autofree char *reason = why;

      why = g_strdup_printf ("%s\nsettling %s\nthe record was:\n%s", reason, settled, left);
    }
  return why;
}
