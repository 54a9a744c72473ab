/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * SIGKILL at each system call of a life with a will, of its clean end, and of settling. The call is
 * not made. What was done last says what the will must be: as before the step that was cut off, or
 * as after it, and carried out whole by whoever settles it next.
 */

#include "aftermath.h"
#include "ps-tap.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

typedef struct
{
  guint point;
  guint n_done;   /* steps, before the kill */
  guint begun;    /* the last, + 1 */
  gboolean meets; /* what is swept has begun: of settling, the first look at the record */
  guint before;   /* so many calls had been made by then */
  guint first;    /* step that is swept */
  const Stage *stage;
} Cut;

static gboolean
names_the_stage (const Stage *stage, const SweepCall *call)
{
  char path[256] = "";
  const struct iovec here = { path, strlen (stage->base) };

  for (guint i = 0; i < 2; i++)
    {
      const struct iovec there = { GSIZE_TO_POINTER (call->arguments[i]), here.iov_len };

      if (process_vm_readv (call->pid, &here, 1, &there, 1, 0) == (ssize_t) here.iov_len
          && g_str_equal (path, stage->base))
        return TRUE;
    }
  return FALSE;
}

static guint n_replaced; /* files, by a life that was killed later */

static SweepFate
kill_at (const SweepCall *call, gpointer data, guint *fired)
{
  Cut *cut = data;

  n_replaced +=
      call->call == SYS_renameat || call->call == SYS_renameat2 || call->call == SYS_rename;
  if (!cut->meets)
    {
      cut->meets = names_the_stage (cut->stage, call);
      cut->before = call->number - 1;
    }
  if (cut->meets && call->number - cut->before == cut->point)
    {
      (*fired)++;
      kill (call->pid, SIGKILL);
    }
  return (SweepFate){ 0, FALSE };
}

static void
take_mark (int said, Tracer *tracer, gpointer data)
{
  Cut *cut = data;

  tracer->armed = said >= SCRIPT_BEGIN && said < SCRIPT_DONE;
  tracer->armed &= said - SCRIPT_BEGIN >= (int) cut->first;
  if (said < SCRIPT_DONE)
    cut->begun = (guint) (said - SCRIPT_BEGIN) + 1;
  else
    cut->n_done++;
}

static gboolean
ends_in (const Script *script, guint begun)
{
  return begun > 0 && script->steps[begun - 1].kind == STEP_END;
}

/* FALSE: the life was over before the point was met. */
static gboolean
kill_life (const Stage *stage, const Script *script, guint point, char **why)
{
  Cut cut = { .point = point, .meets = TRUE, .stage = stage, .first = script->first_swept };
  const PlayPlan plan = { .at_call = kill_at, .at_mark = take_mark, .data = &cut };
  g_auto (Play) result = { 0 };
  Aftermath expected;

  life_play (stage, script, &plan, &result);
  if (result.n_fired == 0)
    return FALSE;
  expected = (Aftermath){ .before = script_will_after (script, cut.n_done),
                          .after = script_will_after (script, cut.n_done + 1),
                          .most = ends_in (script, cut.begun) ? 2 : 1,
                          .may_be_clean = ends_in (script, cut.begun) };
  if (!WIFSIGNALED (result.wait_status) || WTERMSIG (result.wait_status) != SIGKILL)
    *why = play_describe (&result);
  else
    *why = aftermath_judge (stage, script, &expected);
  return TRUE;
}

static gboolean
kill_settling (const Stage *stage, const Script *script, guint point, char **why)
{
  Cut cut = { .point = point, .stage = stage };
  const PlayPlan plan = { .at_call = kill_at, .armed = TRUE, .data = &cut };
  guint64 will = script_will_after (script, script->n_steps);
  const Aftermath expected = { .before = will, .after = will, .most = 2 };
  g_auto (Play) life = { 0 }, result = { 0 };

  life_play (stage, script, NULL, &life);
  life_settle (stage, FALSE, &plan, &result);
  if (result.n_fired == 0)
    return FALSE;
  *why = aftermath_judge (stage, script, &expected);
  return TRUE;
}

typedef gboolean (*KillFunc) (const Stage *stage, const Script *script, guint point, char **why);

static guint
sweep (const char *name, const char *script_name, KillFunc kill_one, guint coarse)
{
  const Script *script = script_find (script_name);
  guint n_points = 0, n_wrong = 0;
  g_autoptr (Stage) stage = NULL;

  if (!stage_own_machine ())
    {
      tap_skip ("namespaces are not to be had here");
      return 0;
    }
  stage = stage_new (NULL);
  for (guint point = 1;; point += tap_number (coarse, 1))
    {
      g_autofree char *why = NULL;

      stage_reset (stage, script);
      if (!kill_one (stage, script, point, &why))
        break;
      n_points++;
      if (why != NULL && n_wrong++ < 3 && name != NULL)
        tap_fail (G_STRLOC, "%s, at call %u: %s", name, point, why);
    }
  if (name != NULL)
    printf ("# killed in %s: %u points, %u violations\n", name, n_points, n_wrong);
  fflush (stdout);
  if (n_points == 0)
    tap_fail (G_STRLOC, "%s: there was nothing to be killed", script_name);
  return n_wrong;
}

static void
arming (void)
{
  sweep ("arming", "arm", kill_life, 3);
}

static void
changing (void)
{
  sweep ("changing", "change", kill_life, 5);
}

static void
compacting (void)
{
  n_replaced = 0;
  sweep ("writing it anew", "many", kill_life, 29);
  tap_check_int (n_replaced, >, 0);
}

static void
disarming (void)
{
  sweep ("a clean end", "disarm", kill_life, 7);
}

static void
settling (void)
{
  sweep ("settling", "arm", kill_settling, 3);
}

/* The sweep itself: nothing is wrong with a stand-in that does it right, and something is when it
 * writes a line in two parts, or marks before it does. */
static void
standing_in (void)
{
  life_use_standin ("");
  tap_check_int (sweep (NULL, "arm", kill_life, 1), ==, 0);
  tap_check_int (sweep (NULL, "disarm", kill_life, 1), ==, 0);
  tap_check_int (sweep (NULL, "arm", kill_settling, 1), ==, 0);
  life_use_standin ("mark-first");
  tap_check_int (sweep (NULL, "arm", kill_settling, 1), >, 0);
  life_use_standin ("truncate");
  tap_check_int (sweep (NULL, "arm", kill_life, 1), >, 0);
  life_use_standin (NULL);
}

static const TapCase cases[] = {
  { "kills-standin", "the sweep finds what is wrong with a stand-in", standing_in },
  { "W01a", "killed at each call while clauses are added", arming },
  { "W01b", "likewise while they change", changing },
  { "W01c", "likewise while the file is written anew", compacting },
  { "W01d", "likewise in a clean end, which carries them out", disarming },
  { "W01e", "likewise while psctl settles it", settling },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
