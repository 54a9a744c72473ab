/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints the table of the machine as docs/states.md shows it. */

#include "ps-machine.h"

static void
print_head (void)
{
  g_print ("| |");
  for (PsInput input = 0; input < PS_N_INPUTS; input++)
    g_print (" %s |", ps_machine_input_name (input));
  g_print ("\n|---|");
  for (PsInput input = 0; input < PS_N_INPUTS; input++)
    g_print ("---|");
  g_print ("\n");
}

int
main (void)
{
  print_head ();
  for (PsState state = 0; state < PS_N_STATES; state++)
    {
      g_print ("| **%s** |", ps_machine_state_name (state));
      for (PsInput input = 0; input < PS_N_INPUTS; input++)
        {
          PsTransition to = ps_machine_next (state, input);

          g_print (" %s %s |", ps_machine_state_name (to.next), ps_machine_action_name (to.action));
        }
      g_print ("\n");
    }
  return 0;
}
