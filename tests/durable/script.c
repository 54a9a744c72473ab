/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "script.h"

static const Step arm[] = {
  { STEP_OPEN }, { STEP_UNLINK, 0 }, { STEP_RMDIR, 1 }, { STEP_RUN, 2 }, { STEP_UNLINK, 3 },
};

static const Step change[] = {
  { STEP_OPEN },      { STEP_UNLINK, 0 }, { STEP_RUN, 1 },    { STEP_REVOKE, 0 },
  { STEP_UNLINK, 2 }, { STEP_RMDIR, 3 },  { STEP_REVOKE, 1 }, { STEP_UNLINK, 4 },
};

static const Step disarm[] = {
  { STEP_OPEN },      { STEP_UNLINK, 0 }, { STEP_RUN, 1 }, { STEP_RMDIR, 2 },
  { STEP_UNLINK, 3 }, { STEP_REVOKE, 3 }, { STEP_END },
};

/* Without a directory: what is to be there again after each of many power cuts is a file. */
static const Step power[] = {
  { STEP_OPEN },      { STEP_UNLINK, 0 }, { STEP_RUN, 1 },
  { STEP_REVOKE, 0 }, { STEP_UNLINK, 2 }, { STEP_UNLINK, 3 },
};

static const Step power_end[] = {
  { STEP_OPEN }, { STEP_UNLINK, 0 }, { STEP_RUN, 1 }, { STEP_UNLINK, 2 }, { STEP_END },
};

/* Clauses that come and go until the file has grown to 64 KiB and is written anew; only those about
 * then are swept. */
#define N_ROUNDS 600
#define N_TARGETS 48
#define N_SWEPT 150
static Step many[1 + 2 * N_ROUNDS];

static const Script *
find_many (void)
{
  static const Script script = { "many", many, G_N_ELEMENTS (many), G_N_ELEMENTS (many) - N_SWEPT };
  guint n = 0;

  many[n++] = (Step){ STEP_OPEN, 0 };
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      /* Every sixth of the last stays. */
      gboolean stays = i >= N_ROUNDS - N_TARGETS && i % 6 == 0;

      many[n++] = (Step){ STEP_UNLINK, i % N_TARGETS };
      many[n++] = (Step){ STEP_REVOKE, stays ? (i - 1) % N_TARGETS : i % N_TARGETS };
    }
  return &script;
}

static const Script scripts[] = {
  { "arm", arm, G_N_ELEMENTS (arm) },
  { "change", change, G_N_ELEMENTS (change) },
  { "disarm", disarm, G_N_ELEMENTS (disarm) },
  { "power", power, G_N_ELEMENTS (power) },
  { "power-end", power_end, G_N_ELEMENTS (power_end) },
};

const Script *
script_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    if (g_str_equal (scripts[i].name, name))
      return &scripts[i];
  return g_str_equal (name, "many") ? find_many () : NULL;
}

guint64
script_will_of_step (const Script *script, guint number, guint64 will)
{
  const Step *step = &script->steps[number];
  guint64 bit = G_GUINT64_CONSTANT (1) << step->target;

  if (step->kind == STEP_REVOKE)
    return will & ~bit;
  if (step->kind == STEP_UNLINK || step->kind == STEP_RMDIR || step->kind == STEP_RUN)
    return will | bit;
  return will;
}

guint64
script_will_after (const Script *script, guint n_steps)
{
  guint64 will = 0;

  for (guint i = 0; i < MIN (n_steps, script->n_steps); i++)
    will = script_will_of_step (script, i, will);
  return will;
}

guint64
script_will_ever (const Script *script)
{
  guint64 will = 0;

  for (guint i = 0; i < script->n_steps; i++)
    if (script->steps[i].kind != STEP_REVOKE)
      will |= script_will_of_step (script, i, 0);
  return will;
}

guint64
script_will_runs (const Script *script)
{
  guint64 runs = 0;

  for (guint i = 0; i < script->n_steps; i++)
    if (script->steps[i].kind == STEP_RUN)
      runs |= G_GUINT64_CONSTANT (1) << script->steps[i].target;
  return runs;
}

StepKind
script_kind_of (const Script *script, guint target)
{
  for (guint i = 0; i < script->n_steps; i++)
    {
      const Step *step = &script->steps[i];

      if (step->target == target && step->kind != STEP_OPEN && step->kind != STEP_REVOKE
          && step->kind != STEP_END)
        return step->kind;
    }
  return STEP_OPEN;
}

char *
script_target_name (StepKind kind, guint target)
{
  return g_strdup_printf ("%c%02u",
                          kind == STEP_RMDIR ? 'd'
                          : kind == STEP_RUN ? 'r'
                                             : 'f',
                          target);
}
