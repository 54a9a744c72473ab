/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The power is cut between any two writes, and of what was not synced by then anything may have
 * come to the disk (writelog.c). After the reboot the will is that of before or after the step that
 * was cut off, whole; what had been confirmed is there; and no verdict says that the end was clean
 * which did not come.
 */

#include "aftermath.h"
#include "ps-tap.h"
#include "writelog.h"

#include <stdio.h>
#include <string.h>

#define SEED 20261128

typedef struct
{
  guint points, worlds, random, violations;
} Tally;

static gboolean
is_long (void)
{
  return tap_number (2, 1) == 1;
}

/* One world; the same is judged once only, for each step that may have made it. */
static void
judge_world (const WriteLog *log, const Script *script, guint n_events, guint64 way, Stage *stage,
             GHashTable *seen, Tally *tally)
{
  guint done = write_log_steps_done (log, n_events), begun = write_log_steps_begun (log, n_events);
  gboolean ends = begun > 0 && script->steps[begun - 1].kind == STEP_END;
  Aftermath expected = { .before = script_will_after (script, done),
                         .after = script_will_after (script, done + 1),
                         .most = 2,
                         .rebooted = TRUE,
                         .damaged = TRUE,
                         .may_be_clean = ends };
  g_autofree char *world = write_log_put (log, n_events, way, stage);
  g_autofree char *key = g_strdup_printf ("%u %d %s", done, ends, world);
  g_autofree char *why = NULL;

  /* A command may have been run before the cut; its byte is not part of the world. */
  if (ends)
    expected.already = script_will_runs (script);
  if (!g_hash_table_add (seen, g_steal_pointer (&key)))
    return;
  tally->worlds++;
  why = aftermath_judge (stage, script, &expected);
  if (why != NULL && tally->violations++ < 3)
    tap_fail (G_STRLOC, "%s, after event %u, way %" G_GUINT64_FORMAT ": %s", script->name, n_events,
              way, why);
}

static void
cut_at (const WriteLog *log, const Script *script, guint n_events, Stage *stage, GHashTable *seen,
        GRand *random, Tally *tally)
{
  guint64 n = write_log_count_ways (log, n_events), limit = is_long () ? 3000 : 12;

  tally->points++;
  if (n > limit)
    tally->random++;
  for (guint64 i = 0; i < MIN (n, limit); i++)
    judge_world (log, script, n_events,
                 n <= limit ? i : (guint64) (g_rand_double (random) * (double) n), stage, seen,
                 tally);
}

static guint
cut (const char *script_name, gboolean is_quiet)
{
  const Script *script = script_find (script_name);
  g_autoptr (Stage) stage = stage_own_machine () ? stage_new (g_get_tmp_dir ()) : NULL;
  g_autoptr (WriteLog) log = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);
  g_auto (Play) result = { 0 };
  Tally tally = { 0 };

  if (stage == NULL)
    {
      tap_skip ("namespaces are not to be had here");
      return 0;
    }
  stage_reset (stage, script);
  log = write_log_new (stage, script);
  life_play (
      stage, script,
      &(PlayPlan){ .at_return = write_log_take_call, .at_mark = write_log_take_mark, .data = log },
      &result);
  stage_reboot ();
  for (guint n = 0; n <= write_log_length (log); n++)
    cut_at (log, script, n, stage, seen, random, &tally);
  if (!is_quiet)
    printf (
        "# power cuts in %s: %u points (%u of them sampled, seed %d), %u worlds, %u violations\n",
        script_name, tally.points, tally.random, SEED, tally.worlds, tally.violations);
  fflush (stdout);
  tap_check_int (tally.worlds, >, script->n_steps);
  return tally.violations;
}

static void
changing (void)
{
  cut ("power", FALSE);
}

static void
ending (void)
{
  cut ("power-end", FALSE);
}

static const TapCase cases[] = {
  { "W02a", "the power is cut while a will is written and changed", changing },
  { "W02b", "likewise in a clean end, which carries it out", ending },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
