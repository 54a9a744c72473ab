/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The table has one cell for each state and input, and few cells need a test of their own: what
 * matters are rules that hold for all of them. Each rule here is proven over every cell, or over
 * every path through them.
 */

#include "ps-machine.h"

#include <string.h>

typedef void (*CellFunc) (PsState state, PsInput input, PsTransition to);

static void
for_each_cell (CellFunc func)
{
  for (PsState state = 0; state < PS_N_STATES; state++)
    for (PsInput input = 0; input < PS_N_INPUTS; input++)
      {
        g_test_message ("%s, %s", ps_machine_state_name (state), ps_machine_input_name (input));
        func (state, input, ps_machine_next (state, input));
      }
}

/* How far on the way to the end a state is. */
static int
rank (PsState state)
{
  switch (state)
    {
    case PS_STATE_RUNNING:
    case PS_STATE_RELOADING:
    case PS_STATE_QUERYING:
    case PS_STATE_RESUMING:
      return 0;
    case PS_STATE_TERMINATING:
      return 1;
    case PS_STATE_FINISHING:
      return 2;
    case PS_STATE_EXITED:
      return 3;
    case PS_STATE_FORKED:
      return 4;
    case PS_N_STATES:
      break;
    }
  g_assert_not_reached ();
}

static void
check_filled (PsState state, PsInput input, PsTransition to)
{
  g_assert_cmpint (to.action, >, PS_ACTION_UNSET);
  g_assert_cmpint (to.action, <=, PS_ACTION_FORGET);
  g_assert_cmpint (to.next, <, PS_N_STATES);
}

static void
test_filled (void)
{
  for_each_cell (check_filled);
}

/* systemd has been told by then. */
static void
check_no_way_back (PsState state, PsInput input, PsTransition to)
{
  if (rank (state) > 0)
    g_assert_cmpint (rank (to.next), >=, rank (state));
  /* One way leads past the point of no return, but for a fork. */
  if (rank (state) == 0 && rank (to.next) > 0)
    {
      if (to.action != PS_ACTION_FORGET)
        {
          g_assert_cmpint (to.action, ==, PS_ACTION_STOP);
          g_assert_cmpint (to.next, ==, PS_STATE_TERMINATING);
        }
    }
  else
    g_assert_cmpint (to.action, !=, PS_ACTION_STOP);
}

static void
test_no_way_back (void)
{
  for_each_cell (check_no_way_back);
}

static void
check_way_out (PsState state, PsInput input, PsTransition to)
{
  if (to.next != PS_STATE_EXITED || state == PS_STATE_EXITED)
    return;
  g_assert_cmpint (state, ==, PS_STATE_FINISHING);
  g_assert_cmpint (to.action, ==, PS_ACTION_CLOSE);
}

static void
test_way_out (void)
{
  for_each_cell (check_way_out);
}

static void
check_fork (PsState state, PsInput input, PsTransition to)
{
  if (state == PS_STATE_FORKED)
    {
      g_assert_cmpint (to.next, ==, PS_STATE_FORKED);
      g_assert_cmpint (to.action, ==, PS_ACTION_NONE);
    }
  else
    {
      g_assert_cmpint (to.next == PS_STATE_FORKED, ==, input == PS_INPUT_FORK);
      g_assert_cmpint (to.action == PS_ACTION_FORGET, ==, input == PS_INPUT_FORK);
    }
}

static void
test_fork (void)
{
  for_each_cell (check_fork);
}

/* An action that begins a state is done when that state is entered, and never otherwise. */
static void
check_actions (PsState state, PsInput input, PsTransition to)
{
  static const PsState begun[] = {
    [PS_ACTION_UNSET] = PS_N_STATES,         [PS_ACTION_NONE] = PS_N_STATES,
    [PS_ACTION_NOTE] = PS_N_STATES,          [PS_ACTION_KEEP] = PS_N_STATES,
    [PS_ACTION_LATER] = PS_N_STATES,         [PS_ACTION_RELOAD] = PS_STATE_RELOADING,
    [PS_ACTION_READY] = PS_STATE_RUNNING,    [PS_ACTION_QUERY] = PS_STATE_QUERYING,
    [PS_ACTION_RESUME] = PS_STATE_RESUMING,  [PS_ACTION_RUN] = PS_STATE_RUNNING,
    [PS_ACTION_STOP] = PS_STATE_TERMINATING, [PS_ACTION_FINISH] = PS_STATE_FINISHING,
    [PS_ACTION_HASTEN] = PS_N_STATES,        [PS_ACTION_CLOSE] = PS_STATE_EXITED,
    [PS_ACTION_FORGET] = PS_STATE_FORKED,
  };

  if (begun[to.action] == PS_N_STATES)
    g_assert_cmpint (to.next, ==, state);
  else
    {
      g_assert_cmpint (to.next, ==, begun[to.action]);
      g_assert_cmpint (to.next, !=, state);
    }
}

static void
test_actions (void)
{
  for_each_cell (check_actions);
}

/* Until the process has ended, nobody asks in vain. */
static void
check_nothing_lost (PsState state, PsInput input, PsTransition to)
{
  if (rank (state) >= rank (PS_STATE_EXITED))
    return;
  if (input == PS_INPUT_REQUEST || input == PS_INPUT_QUEUED || input == PS_INPUT_EXIT
      || input == PS_INPUT_HURRY)
    g_assert_cmpint (to.action, !=, PS_ACTION_NONE);
  /* After the point of no return a reload has no meaning; before, it is done or remembered. */
  if (input == PS_INPUT_RELOAD && rank (state) == 0)
    g_assert_true (to.action == PS_ACTION_RELOAD || to.action == PS_ACTION_LATER);
  /* Where callbacks or holds are waited for, the time has an end. */
  if (input == PS_INPUT_DEADLINE && state != PS_STATE_RUNNING)
    g_assert_cmpint (to.action, !=, PS_ACTION_NONE);
}

static void
test_nothing_lost (void)
{
  for_each_cell (check_nothing_lost);
}

/* Which states can be reached from one, going around another. */
static guint
reachable_from (PsState from, PsState around)
{
  guint reached = 1u << from, before;

  do
    {
      before = reached;
      for (PsState state = 0; state < PS_N_STATES; state++)
        for (PsInput input = 0; input < PS_N_INPUTS; input++)
          {
            PsTransition to = ps_machine_next (state, input);

            if ((reached & (1u << state)) && to.next != around)
              reached |= 1u << to.next;
          }
    }
  while (reached != before);
  return reached;
}

static void
test_reachable (void)
{
  guint nearly_all = (1u << PS_N_STATES) - 1;

  g_assert_cmphex (reachable_from (PS_STATE_RUNNING, PS_N_STATES), ==, nearly_all);

  /* Whoever goes around FINISHING does not arrive. */
  nearly_all &= ~(1u << PS_STATE_FINISHING | 1u << PS_STATE_EXITED);
  g_assert_cmphex (reachable_from (PS_STATE_RUNNING, PS_STATE_FINISHING), ==, nearly_all);
}

/* Callbacks that come to an end are enough for every state to come to an end. */
static void
test_no_trap (void)
{
  static const PsInput over[] = { PS_INPUT_DONE, PS_INPUT_VETO };

  for (PsState state = 0; state < PS_STATE_FORKED; state++)
    for (guint i = 0; i < G_N_ELEMENTS (over); i++)
      {
        PsState now = state;

        for (guint n = 0; n < PS_N_STATES; n++)
          now = ps_machine_next (now, over[i]).next;
        g_assert_true (now == PS_STATE_RUNNING || now == PS_STATE_EXITED);
      }
}

static void
test_path_of_an_exit (void)
{
  static const struct
  {
    PsInput input;
    PsState state;
    PsAction action;
  } steps[] = {
    { PS_INPUT_REQUEST, PS_STATE_QUERYING, PS_ACTION_QUERY },
    { PS_INPUT_VETO, PS_STATE_RESUMING, PS_ACTION_RESUME },
    { PS_INPUT_DONE, PS_STATE_RUNNING, PS_ACTION_RUN },
    { PS_INPUT_REQUEST, PS_STATE_QUERYING, PS_ACTION_QUERY },
    { PS_INPUT_REQUEST, PS_STATE_QUERYING, PS_ACTION_NOTE },
    { PS_INPUT_DONE, PS_STATE_TERMINATING, PS_ACTION_STOP },
    { PS_INPUT_REQUEST, PS_STATE_TERMINATING, PS_ACTION_NOTE },
    { PS_INPUT_DONE, PS_STATE_FINISHING, PS_ACTION_FINISH },
    { PS_INPUT_DEADLINE, PS_STATE_FINISHING, PS_ACTION_HASTEN },
    { PS_INPUT_DONE, PS_STATE_EXITED, PS_ACTION_CLOSE },
    { PS_INPUT_REQUEST, PS_STATE_EXITED, PS_ACTION_NONE },
  };
  PsState state = PS_STATE_RUNNING;

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      PsTransition to = ps_machine_next (state, steps[i].input);

      g_assert_cmpint (to.next, ==, steps[i].state);
      g_assert_cmpint (to.action, ==, steps[i].action);
      state = to.next;
    }
}

/* Where one wish is being decided on the next waits for it, in whatever state that comes; and none
 * is kept where nobody would ever take it up. */
static void
check_kept (PsState state, PsInput input, PsTransition to)
{
  gboolean undecided = state == PS_STATE_QUERYING || state == PS_STATE_RESUMING;

  g_assert_cmpint (to.action == PS_ACTION_KEEP, ==, undecided && input == PS_INPUT_QUEUED);
}

static void
test_kept (void)
{
  for_each_cell (check_kept);
}

static void
test_outside_the_table (void)
{
  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*state < PS_N_STATES*");
  g_assert_cmpint (ps_machine_next (PS_N_STATES, PS_INPUT_DONE).action, ==, PS_ACTION_NONE);
  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*input < PS_N_INPUTS*");
  g_assert_cmpint (ps_machine_next (PS_STATE_RUNNING, PS_N_INPUTS).next, ==, PS_STATE_EXITED);
  g_test_assert_expected_messages ();
}

static void
take_name (GHashTable *names, const char *name)
{
  g_assert_nonnull (name);
  g_assert_cmpuint (strspn (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), ==, strlen (name));
  g_assert_true (g_hash_table_add (names, (gpointer) name));
}

static void
test_names (void)
{
  g_autoptr (GHashTable) states = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) inputs = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) actions = g_hash_table_new (g_str_hash, g_str_equal);

  for (PsState state = 0; state < PS_N_STATES; state++)
    take_name (states, ps_machine_state_name (state));
  for (PsInput input = 0; input < PS_N_INPUTS; input++)
    take_name (inputs, ps_machine_input_name (input));
  for (PsAction action = 0; action <= PS_ACTION_FORGET; action++)
    take_name (actions, ps_machine_action_name (action));

  g_assert_cmpstr (ps_machine_state_name (PS_STATE_TERMINATING), ==, "TERMINATING");
  g_assert_cmpstr (ps_machine_input_name (PS_INPUT_DEADLINE), ==, "DEADLINE");
  g_assert_cmpstr (ps_machine_action_name (PS_ACTION_FORGET), ==, "FORGET");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/machine/every-cell-is-filled", test_filled);
  g_test_add_func ("/machine/no-way-back-past-stop", test_no_way_back);
  g_test_add_func ("/machine/finishing-is-on-every-way-out", test_way_out);
  g_test_add_func ("/machine/a-fork-ends-everything", test_fork);
  g_test_add_func ("/machine/actions-belong-to-their-states", test_actions);
  g_test_add_func ("/machine/nobody-asks-in-vain", test_nothing_lost);
  g_test_add_func ("/machine/every-state-is-reached", test_reachable);
  g_test_add_func ("/machine/no-state-is-a-trap", test_no_trap);
  g_test_add_func ("/machine/the-path-of-an-exit", test_path_of_an_exit);
  g_test_add_func ("/machine/wishes-are-kept", test_kept);
  g_test_add_func ("/machine/outside-the-table", test_outside_the_table);
  g_test_add_func ("/machine/names", test_names);
  return g_test_run ();
}
