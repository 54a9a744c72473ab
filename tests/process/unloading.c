/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library loaded twice (O03), and unloaded (F10). */
#include "common.h"

#include <unistd.h>

/* A program that is not linked to the library, and closes it with everything armed. */
static int
dlclose_child (gconstpointer how)
{
  execl (PS_TEST_DLHOST, "dlhost", PS_TEST_LIBRARY, how, NULL);
  return 1;
}

static void
f10 (void)
{
  Proc *child = proc_start (dlclose_child, "exit");

  proc_expect (child, "closed");
  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 7);

  child = proc_start (dlclose_child, "signal");
  proc_expect_lines (child, "closed", "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static void
o03 (void)
{
  Proc *child = proc_start (dlclose_child, "twice");

  proc_expect_lines (child, "same library: 1, same watcher: 1", "quit: q", "finish: f");
  proc_expect_exit (child, 0);
}

static const TapCase cases[] = {
  { "O03", "the library is loaded twice: one watcher", o03 },
  { "F10", "the library is closed with everything armed", f10 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
