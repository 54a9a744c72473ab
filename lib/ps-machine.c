/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every (state, input) pair has a cell, also those that cannot come about: a process that is
 * asked to end again and again, from several sides at once, meets pairs nobody thought of, and
 * must know what to do.
 *
 * Three rules can be read off the columns: a state never goes back past STOP (systemd has been
 * told by then); FINISHING is entered on every way out; a fork ends everything. A third signal by
 * hand, which ends the process on the spot, is none of it: the signal handler does that.
 */

#include "ps-machine.h"
#include "ps-clock.h"

#define CELL(next_, action_)                                                                       \
  {                                                                                                \
    .next = PS_STATE_##next_, .action = PS_ACTION_##action_                                        \
  }

static const PsTransition table[PS_N_STATES][PS_N_INPUTS] = {
  [PS_STATE_RUNNING] = {
    [PS_INPUT_RELOAD] = CELL (RELOADING, RELOAD),
    [PS_INPUT_REQUEST] = CELL (QUERYING, QUERY),
    [PS_INPUT_QUEUED] = CELL (QUERYING, QUERY),
    [PS_INPUT_EXIT] = CELL (TERMINATING, STOP),
    [PS_INPUT_VETO] = CELL (RUNNING, NONE),
    [PS_INPUT_DONE] = CELL (RUNNING, NONE),
    [PS_INPUT_HURRY] = CELL (QUERYING, QUERY),
    [PS_INPUT_DEADLINE] = CELL (RUNNING, NONE),
    [PS_INPUT_FORK] = CELL (FORKED, FORGET),
  },
  [PS_STATE_RELOADING] = {
    [PS_INPUT_RELOAD] = CELL (RELOADING, LATER),
    [PS_INPUT_REQUEST] = CELL (QUERYING, QUERY),
    [PS_INPUT_QUEUED] = CELL (QUERYING, QUERY),
    [PS_INPUT_EXIT] = CELL (TERMINATING, STOP),
    [PS_INPUT_VETO] = CELL (RUNNING, READY),
    [PS_INPUT_DONE] = CELL (RUNNING, READY),
    [PS_INPUT_HURRY] = CELL (QUERYING, QUERY),
    [PS_INPUT_DEADLINE] = CELL (RUNNING, READY),
    [PS_INPUT_FORK] = CELL (FORKED, FORGET),
  },
  [PS_STATE_QUERYING] = {
    [PS_INPUT_RELOAD] = CELL (QUERYING, LATER),
    [PS_INPUT_REQUEST] = CELL (QUERYING, NOTE),
    [PS_INPUT_QUEUED] = CELL (QUERYING, KEEP),
    [PS_INPUT_EXIT] = CELL (TERMINATING, STOP),
    [PS_INPUT_VETO] = CELL (RESUMING, RESUME),
    [PS_INPUT_DONE] = CELL (TERMINATING, STOP),
    [PS_INPUT_HURRY] = CELL (TERMINATING, STOP),
    [PS_INPUT_DEADLINE] = CELL (TERMINATING, STOP),
    [PS_INPUT_FORK] = CELL (FORKED, FORGET),
  },
  [PS_STATE_RESUMING] = {
    [PS_INPUT_RELOAD] = CELL (RESUMING, LATER),
    [PS_INPUT_REQUEST] = CELL (QUERYING, QUERY),
    [PS_INPUT_QUEUED] = CELL (RESUMING, KEEP),
    [PS_INPUT_EXIT] = CELL (TERMINATING, STOP),
    [PS_INPUT_VETO] = CELL (RUNNING, RUN),
    [PS_INPUT_DONE] = CELL (RUNNING, RUN),
    [PS_INPUT_HURRY] = CELL (QUERYING, QUERY),
    [PS_INPUT_DEADLINE] = CELL (RUNNING, RUN),
    [PS_INPUT_FORK] = CELL (FORKED, FORGET),
  },
  [PS_STATE_TERMINATING] = {
    [PS_INPUT_RELOAD] = CELL (TERMINATING, NONE),
    [PS_INPUT_REQUEST] = CELL (TERMINATING, NOTE),
    [PS_INPUT_QUEUED] = CELL (TERMINATING, NOTE),
    [PS_INPUT_EXIT] = CELL (TERMINATING, NOTE),
    [PS_INPUT_VETO] = CELL (FINISHING, FINISH),
    [PS_INPUT_DONE] = CELL (FINISHING, FINISH),
    [PS_INPUT_HURRY] = CELL (FINISHING, FINISH),
    [PS_INPUT_DEADLINE] = CELL (FINISHING, FINISH),
    [PS_INPUT_FORK] = CELL (FORKED, FORGET),
  },
  [PS_STATE_FINISHING] = {
    [PS_INPUT_RELOAD] = CELL (FINISHING, NONE),
    [PS_INPUT_REQUEST] = CELL (FINISHING, NOTE),
    [PS_INPUT_QUEUED] = CELL (FINISHING, NOTE),
    [PS_INPUT_EXIT] = CELL (FINISHING, NOTE),
    [PS_INPUT_VETO] = CELL (EXITED, CLOSE),
    [PS_INPUT_DONE] = CELL (EXITED, CLOSE),
    [PS_INPUT_HURRY] = CELL (FINISHING, HASTEN),
    [PS_INPUT_DEADLINE] = CELL (FINISHING, HASTEN),
    [PS_INPUT_FORK] = CELL (FORKED, FORGET),
  },
  [PS_STATE_EXITED] = {
    [PS_INPUT_RELOAD] = CELL (EXITED, NONE),
    [PS_INPUT_REQUEST] = CELL (EXITED, NONE),
    [PS_INPUT_QUEUED] = CELL (EXITED, NONE),
    [PS_INPUT_EXIT] = CELL (EXITED, NONE),
    [PS_INPUT_VETO] = CELL (EXITED, NONE),
    [PS_INPUT_DONE] = CELL (EXITED, NONE),
    [PS_INPUT_HURRY] = CELL (EXITED, NONE),
    [PS_INPUT_DEADLINE] = CELL (EXITED, NONE),
    [PS_INPUT_FORK] = CELL (FORKED, FORGET),
  },
  [PS_STATE_FORKED] = {
    [PS_INPUT_RELOAD] = CELL (FORKED, NONE),
    [PS_INPUT_REQUEST] = CELL (FORKED, NONE),
    [PS_INPUT_QUEUED] = CELL (FORKED, NONE),
    [PS_INPUT_EXIT] = CELL (FORKED, NONE),
    [PS_INPUT_VETO] = CELL (FORKED, NONE),
    [PS_INPUT_DONE] = CELL (FORKED, NONE),
    [PS_INPUT_HURRY] = CELL (FORKED, NONE),
    [PS_INPUT_DEADLINE] = CELL (FORKED, NONE),
    [PS_INPUT_FORK] = CELL (FORKED, NONE),
  },
};

PsTransition
ps_machine_next (PsState state, PsInput input)
{
  g_return_val_if_fail (state < PS_N_STATES && input < PS_N_INPUTS,
                        ((PsTransition) CELL (EXITED, NONE)));

  return table[state][input];
}

/* A terminal and a parent that forwards deliver one wish as two signals within milliseconds. */
#define DEBOUNCE_US (200 * PS_US_PER_MS)

static gboolean
counts (const PsPressure *pressure, PsEscalation escalation, int signum)
{
  if (pressure->count == 0)
    return TRUE;
  switch (escalation)
    {
    case PS_ESCALATION_INTERACTIVE:
      return signum == SIGINT || signum == SIGQUIT;
    case PS_ESCALATION_ANY:
      return TRUE;
    case PS_ESCALATION_NONE:
      break;
    }
  return FALSE;
}

/* What a termination signal that comes now amounts to. The first of an exit always counts,
 * whatever it is; of the later ones those that the escalation names. */
PsPress
ps_machine_press (PsPressure *pressure, PsEscalation escalation, int signum, gint64 now_us)
{
  pressure->newest_us = now_us;
  if (!counts (pressure, escalation, signum)
      || (pressure->count > 0 && now_us - pressure->last_us < DEBOUNCE_US))
    return PS_PRESS_ASKS;

  pressure->count++;
  pressure->last_us = now_us;
  switch (pressure->count)
    {
    case 1:
      return PS_PRESS_ASKS;
    case 2:
      return PS_PRESS_HURRIES;
    default:
      return PS_PRESS_FORCES;
    }
}

/* Life goes on, and the next is a first one again. What came later than that has not been looked at
 * yet: it is the first. */
void
ps_machine_relax (PsPressure *pressure, gint64 since_us)
{
  gboolean is_next = pressure->count > 0 && pressure->newest_us > since_us;

  pressure->count = is_next ? 1 : 0;
  pressure->last_us = pressure->newest_us;
}

#define NAME(prefix, name) [prefix##name] = #name

const char *
ps_machine_state_name (PsState state)
{
  static const char *const names[PS_N_STATES] = {
    NAME (PS_STATE_, RUNNING),  NAME (PS_STATE_, RELOADING),   NAME (PS_STATE_, QUERYING),
    NAME (PS_STATE_, RESUMING), NAME (PS_STATE_, TERMINATING), NAME (PS_STATE_, FINISHING),
    NAME (PS_STATE_, EXITED),   NAME (PS_STATE_, FORKED),
  };

  return names[state];
}

const char *
ps_machine_input_name (PsInput input)
{
  static const char *const names[PS_N_INPUTS] = {
    NAME (PS_INPUT_, RELOAD), NAME (PS_INPUT_, REQUEST),  NAME (PS_INPUT_, QUEUED),
    NAME (PS_INPUT_, EXIT),   NAME (PS_INPUT_, VETO),     NAME (PS_INPUT_, DONE),
    NAME (PS_INPUT_, HURRY),  NAME (PS_INPUT_, DEADLINE), NAME (PS_INPUT_, FORK),
  };

  return names[input];
}

const char *
ps_machine_action_name (PsAction action)
{
  static const char *const names[] = {
    NAME (PS_ACTION_, UNSET),  NAME (PS_ACTION_, NONE),  NAME (PS_ACTION_, NOTE),
    NAME (PS_ACTION_, KEEP),   NAME (PS_ACTION_, LATER), NAME (PS_ACTION_, RELOAD),
    NAME (PS_ACTION_, READY),  NAME (PS_ACTION_, QUERY), NAME (PS_ACTION_, RESUME),
    NAME (PS_ACTION_, RUN),    NAME (PS_ACTION_, STOP),  NAME (PS_ACTION_, FINISH),
    NAME (PS_ACTION_, HASTEN), NAME (PS_ACTION_, CLOSE), NAME (PS_ACTION_, FORGET),
  };

  return names[action];
}
