/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A system call fails, once or from then on, while a will is written, changed, carried out or
 * settled. A step that fails says so, and has changed nothing; one that says it is done is done.
 * Only what could not be written to the disk (fsync) may be there or not, and what is reported as
 * failed, clause by clause, is over. Once the faults are over,
 * settling brings everything to the same end.
 */

#include "aftermath.h"
#include "ps-tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ERRORS_MAX 6

/* What a disk, a quota and a table of descriptors say to calls about files. */
static const struct
{
  long call;
  int errors[ERRORS_MAX + 1];
} rows[] = {
  { SYS_openat, { EMFILE, ENOSPC, EROFS, EIO, EDQUOT, ENOMEM } },
  { SYS_openat2, { EMFILE, ENOSPC, EROFS, EIO, EDQUOT, ENOMEM } },
  { SYS_write, { ENOSPC, EIO, EDQUOT } },
  { SYS_pwrite64, { ENOSPC, EIO, EDQUOT } },
  { SYS_read, { EIO } },
  { SYS_pread64, { EIO } },
  { SYS_fsync, { EIO, ENOSPC, EDQUOT } },
  { SYS_fdatasync, { EIO, ENOSPC, EDQUOT } },
  { SYS_ftruncate, { EIO, EROFS } },
  { SYS_rename, { ENOSPC, EROFS, EIO, EDQUOT, EXDEV } },
  { SYS_renameat, { ENOSPC, EROFS, EIO, EDQUOT, EXDEV } },
  { SYS_renameat2, { ENOSPC, EROFS, EIO, EDQUOT, EXDEV } },
  { SYS_unlink, { EROFS, EIO } },
  { SYS_unlinkat, { EROFS, EIO } },
  { SYS_newfstatat, { EIO, ENOMEM } },
  { SYS_fstat, { EIO, ENOMEM } },
  { SYS_statx, { EIO, ENOMEM } },
  { SYS_close, { EIO } },
  { SYS_getdents64, { EIO, ENOMEM } },
};

typedef struct
{
  guint point, seen;
  gboolean for_ever;
  long call; /* that failed first, */
  int error; /* with this */
  guint step;
  gboolean syncs; /* one of them was fsync() */
} Fault;

static const int *
errors_of (long call)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].call == call)
      return rows[i].errors;
  return NULL;
}

static guint
count (const int *errors)
{
  guint n = 0;

  while (errors != NULL && errors[n] != 0)
    n++;
  return n;
}

static SweepFate
fail_at (const SweepCall *call, gpointer data, guint *fired)
{
  Fault *fault = data;
  const int *errors = errors_of (call->call);
  guint n = fault->for_ever ? MIN (count (errors), 1) : count (errors);
  guint before = fault->seen;

  fault->seen += n;
  if (n == 0 || fault->seen < fault->point || (!fault->for_ever && before >= fault->point))
    return (SweepFate){ 0, FALSE };
  (*fired)++;
  fault->syncs |= call->call == SYS_fsync || call->call == SYS_fdatasync;
  return (SweepFate){ errors[before < fault->point ? fault->point - 1 - before : 0],
                      call->call == SYS_close };
}

static void
take_mark (int said, Tracer *tracer, gpointer data)
{
  tracer->armed = said >= SCRIPT_BEGIN && said < SCRIPT_DONE;
}

static gboolean
failed_loudly (const Play *result)
{
  return strstr (result->output, "failed: without a word") == NULL;
}

/* What every step that said it was done makes together; and, where fsync() failed, the first that
 * was not, too. */
static gboolean
fault_in_life (const Stage *stage, const Script *script, guint point, gboolean for_ever, char **why)
{
  Fault fault = { .point = point, .for_ever = for_ever };
  const PlayPlan plan = { .at_call = fail_at, .at_mark = take_mark, .data = &fault };
  g_auto (Play) result = { 0 };
  Aftermath expected = { .most = 2, .may_be_clean = TRUE };
  guint n_done;

  life_play (stage, script, &plan, &result);
  if (result.n_fired == 0)
    return FALSE;
  n_done = life_count_done (&result, script, &expected.before);
  expected.after = fault.syncs ? script_will_after (script, script->n_steps) : expected.before;
  expected.excused = aftermath_find_excused (script, result.output);
  if (fault.syncs)
    expected.already = script_will_ever (script);
  if (!WIFEXITED (result.wait_status) || WEXITSTATUS (result.wait_status) != 0)
    *why = play_describe (&result);
  else if (n_done < script->n_steps && !failed_loudly (&result))
    *why = g_strdup_printf ("it failed without a word: %s", result.output);
  else
    *why = aftermath_judge (stage, script, &expected);
  if (*why != NULL)
    {
      g_autofree char *reason = *why;

      *why = g_strdup_printf ("call %ld: %s: %s\nit said: %s", result.call,
                              g_strerror (result.error), reason, result.output);
    }
  return TRUE;
}

static gboolean
fault_in_settling (const Stage *stage, const Script *script, guint point, gboolean for_ever,
                   char **why)
{
  Fault fault = { .point = point, .for_ever = for_ever };
  const PlayPlan plan = { .at_call = fail_at, .armed = TRUE, .data = &fault };
  guint64 will = script_will_after (script, script->n_steps);
  Aftermath expected = { .before = will, .after = will, .most = 2 };
  g_auto (Play) life = { 0 }, result = { 0 };

  life_play (stage, script, NULL, &life);
  life_settle (stage, FALSE, &plan, &result);
  if (result.n_fired == 0)
    return FALSE;
  expected.excused = aftermath_find_excused (script, result.output);
  if (WIFSIGNALED (result.wait_status))
    *why = play_describe (&result);
  else if (WEXITSTATUS (result.wait_status) == 0 && stage_count_wills (stage) > 0)
    *why = g_strdup ("success, and a will is still there");
  else
    *why = aftermath_judge (stage, script, &expected);
  if (*why != NULL)
    {
      g_autofree char *reason = *why;

      *why = g_strdup_printf ("call %ld: %s: %s\nit said: %s", result.call,
                              g_strerror (result.error), reason, result.output);
    }
  return TRUE;
}

typedef gboolean (*FaultFunc) (const Stage *stage, const Script *script, guint point,
                               gboolean for_ever, char **why);

static void
sweep (const char *name, const char *script_name, FaultFunc fault_one, gboolean for_ever,
       guint coarse)
{
  const Script *script = script_find (script_name);
  guint n_points = 0, n_wrong = 0;
  g_autoptr (Stage) stage = NULL;

  if (!stage_own_machine ())
    {
      tap_skip ("namespaces are not to be had here");
      return;
    }
  stage = stage_new (NULL);
  for (guint point = 1;; point += tap_number (coarse, 1))
    {
      g_autofree char *why = NULL;

      stage_reset (stage, script);
      if (!fault_one (stage, script, point, for_ever, &why))
        break;
      n_points++;
      if (why != NULL && n_wrong++ < 3)
        tap_fail (G_STRLOC, "%s, point %u: %s", name, point, why);
    }
  printf ("# faults in %s, %s: %u points, each fired, %u violations\n", name,
          for_ever ? "from then on" : "once", n_points, n_wrong);
  fflush (stdout);
  if (n_points == 0)
    tap_fail (G_STRLOC, "%s: no fault fired", name);
}

#define SWEEP(function, name, script, how, coarse)                                                 \
  static void function (void)                                                                      \
  {                                                                                                \
    sweep (name, script, how, FALSE, coarse);                                                      \
  }                                                                                                \
  static void function##_ever (void)                                                               \
  {                                                                                                \
    sweep (name, script, how, TRUE, coarse);                                                       \
  }

SWEEP (arming, "arming", "arm", fault_in_life, 5)
SWEEP (changing, "changing", "change", fault_in_life, 7)
SWEEP (disarming, "a clean end", "disarm", fault_in_life, 11)
SWEEP (settling, "settling", "arm", fault_in_settling, 11)

static const TapCase cases[] = {
  { "W04a", "a call fails while clauses are added", arming },
  { "W04b", "likewise from then on", arming_ever },
  { "W04c", "a call fails while they change", changing },
  { "W04d", "likewise from then on", changing_ever },
  { "W04e", "a call fails in a clean end", disarming },
  { "W04f", "likewise from then on", disarming_ever },
  { "W04g", "a call fails while psctl settles", settling },
  { "W04h", "likewise from then on", settling_ever },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
