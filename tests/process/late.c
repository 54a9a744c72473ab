/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* L12: C++ destructors that use the library, before and after its finish. */
#include "common.h"

#include <unistd.h>

static int
late_child (gconstpointer how)
{
  execl (PS_TEST_LATEHOST, "latehost", how, NULL);
  return 1;
}

static void
expect_after_finish (Proc *child, int status)
{
  proc_expect_lines (
      child, "made before: too late, default the same", "of a thread: too late, default the same",
      "made before, detached: too late, default another", "the program: too late, default another");
  proc_expect_exit (child, status);
  proc_expect_output (child, "WARNING");
  proc_expect_output (child, "it is too late");
}

static void
l12 (void)
{
  Proc *child = proc_start (late_child, "run");

  proc_expect_lines (child, "quit: q", "finish: scope", "finish: f");
  expect_after_finish (child, 4);
}

/* What is destroyed before the library's turn comes may still register. */
static void
l12_before (void)
{
  Proc *child = proc_start (late_child, "exit");

  proc_expect_lines (child, "made after: added, default the same", "quit: q", "finish: made after",
                     "finish: scope", "finish: f");
  expect_after_finish (child, 5);
}

static const TapCase cases[] = {
  { "L12", "destructors that use the library after finish are told that it is too late", l12 },
  { "L12b", "those that come before are heard", l12_before },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
