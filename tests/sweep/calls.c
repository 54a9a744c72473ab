/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A system call fails, or is interrupted, once and from then on, between what causes an exit and
 * its end. A point is a call and one of its errors. */

#include "errors.h"
#include "ps-tap.h"
#include "sweep-run.h"

#include <errno.h>

typedef struct
{
  guint point;
  guint seen; /* of such points in this trial */
  long unknown;
} State;

static State state;

static guint
count (const int *errors)
{
  guint n = 0;

  while (errors[n] != 0)
    n++;
  return n;
}

static SweepFate
fail (const SweepCall *call, int error, guint *fired)
{
  (*fired)++;
  return (SweepFate){ error, sweep_is_made_anyway (call) };
}

static SweepFate
interrupt_from (const SweepCall *call, gboolean once, guint *fired)
{
  if (!sweep_can_be_interrupted (call))
    return (SweepFate){ 0, FALSE };
  state.seen++;
  if (once ? state.seen == state.point : state.seen >= state.point)
    return fail (call, EINTR, fired);
  return (SweepFate){ 0, FALSE };
}

static SweepFate
interrupt_once (const SweepCall *call, gpointer data, guint *fired)
{
  return interrupt_from (call, TRUE, fired);
}

static SweepFate
interrupt_ever (const SweepCall *call, gpointer data, guint *fired)
{
  return interrupt_from (call, FALSE, fired);
}

/* Each call counts for as many points as it has errors; from then on, the first of them. */
static SweepFate
fail_from (const SweepCall *call, gboolean once, guint *fired)
{
  const int *errors = sweep_errors (call);
  guint n;

  if (errors == NULL)
    {
      state.unknown = call->call;
      return (SweepFate){ 0, FALSE };
    }
  n = once ? count (errors) : MIN (count (errors), 1);
  state.seen += n;
  if (n > 0 && once && state.seen >= state.point && state.seen - n < state.point)
    return fail (call, errors[state.point - 1 - (state.seen - n)], fired);
  if (n > 0 && !once && state.seen >= state.point)
    return fail (call, errors[0], fired);
  return (SweepFate){ 0, FALSE };
}

static SweepFate
fail_once (const SweepCall *call, gpointer data, guint *fired)
{
  return fail_from (call, TRUE, fired);
}

static SweepFate
fail_ever (const SweepCall *call, gpointer data, guint *fired)
{
  return fail_from (call, FALSE, fired);
}

static void
set_point (TrialPlan *plan, guint point, const Sweep *sweep)
{
  if (state.unknown != 0)
    tap_fail (G_STRLOC, "system call %ld is not in the table of errors", state.unknown);
  state = (State){ .point = point };
}

#define SWEEP(function, text, what, how, coarsely)                                                 \
  static void function (void)                                                                      \
  {                                                                                                \
    static const Sweep sweep = { .name = "calls, " text ", " what,                                 \
                                 .plan = { .ending = text, .at_call = how },                       \
                                 .set_point = set_point,                                           \
                                 .coarse = coarsely };                                             \
    sweep_run (&sweep);                                                                            \
  }

/* What never works again may leave only the rescue to end it. */
#define SWEEP_EVER(function, text, what, how, coarsely)                                            \
  static void function (void)                                                                      \
  {                                                                                                \
    static const Sweep sweep = {                                                                   \
      .name = "calls, " text ", " what,                                                            \
      .plan = { .ending = text, .at_call = how, .deadline_sec = "0.5" },                           \
      .set_point = set_point,                                                                      \
      .allowed = { .partly = TRUE, .forced = TRUE, .silent = TRUE },                               \
      .coarse = coarsely                                                                           \
    };                                                                                             \
    sweep_run (&sweep);                                                                            \
  }

SWEEP (term_interrupted, "term", "EINTR once", interrupt_once, 8)
SWEEP (quit_interrupted, "quit", "EINTR once", interrupt_once, 16)
SWEEP (exit_interrupted, "exit", "EINTR once", interrupt_once, 16)
SWEEP (reload_interrupted, "reload", "EINTR once", interrupt_once, 16)
SWEEP (term_failing, "term", "error once", fail_once, 16)
SWEEP (quit_failing, "quit", "error once", fail_once, 32)
SWEEP (exit_failing, "exit", "error once", fail_once, 32)
SWEEP (reload_failing, "reload", "error once", fail_once, 32)
SWEEP_EVER (term_interrupted_ever, "term", "EINTR from then on", interrupt_ever, 12)
SWEEP_EVER (quit_interrupted_ever, "quit", "EINTR from then on", interrupt_ever, 24)
SWEEP_EVER (exit_interrupted_ever, "exit", "EINTR from then on", interrupt_ever, 24)
SWEEP_EVER (reload_interrupted_ever, "reload", "EINTR from then on", interrupt_ever, 24)
SWEEP_EVER (term_failing_ever, "term", "errors from then on", fail_ever, 24)
SWEEP_EVER (quit_failing_ever, "quit", "errors from then on", fail_ever, 48)
SWEEP_EVER (exit_failing_ever, "exit", "errors from then on", fail_ever, 48)
SWEEP_EVER (reload_failing_ever, "reload", "errors from then on", fail_ever, 48)

static const TapCase cases[] = {
  { "calls-term-eintr", "a call is interrupted, in an exit by SIGTERM", term_interrupted },
  { "calls-quit-eintr", "likewise, in ps_watcher_quit()", quit_interrupted },
  { "calls-exit-eintr", "likewise, in exit()", exit_interrupted },
  { "calls-reload-eintr", "likewise, in a reload and an exit", reload_interrupted },
  { "calls-term-error", "a call fails, in an exit by SIGTERM", term_failing },
  { "calls-quit-error", "likewise, in ps_watcher_quit()", quit_failing },
  { "calls-exit-error", "likewise, in exit()", exit_failing },
  { "calls-reload-error", "likewise, in a reload and an exit", reload_failing },
  { "calls-term-eintr-ever", "no call comes to its end, in an exit by SIGTERM",
    term_interrupted_ever },
  { "calls-quit-eintr-ever", "likewise, in ps_watcher_quit()", quit_interrupted_ever },
  { "calls-exit-eintr-ever", "likewise, in exit()", exit_interrupted_ever },
  { "calls-reload-eintr-ever", "likewise, in a reload and an exit", reload_interrupted_ever },
  { "calls-term-error-ever", "every call fails, in an exit by SIGTERM", term_failing_ever },
  { "calls-quit-error-ever", "likewise, in ps_watcher_quit()", quit_failing_ever },
  { "calls-exit-error-ever", "likewise, in exit()", exit_failing_ever },
  { "calls-reload-error-ever", "likewise, in a reload and an exit", reload_failing_ever },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
