/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* F07: the library in CPython, and the children that it makes. */
#include "common.h"

#include <unistd.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define HAS_SANITIZER TRUE
#else
#define HAS_SANITIZER FALSE
#endif

static int
python_child (gconstpointer unused)
{
  g_setenv ("PYTHONDONTWRITEBYTECODE", "1", TRUE);
  execl ("/usr/bin/python3", "python3", PS_TEST_PYTHON, PS_TEST_LIBRARY, NULL);
  return 1;
}

static void
f07 (void)
{
  Proc *child;

  if (HAS_SANITIZER)
    {
      tap_skip ("the interpreter has no sanitizer, and the library cannot be loaded with one");
      return;
    }
  child = proc_start (python_child, NULL);
  proc_expect_lines (child, "os.fork, exit: 5", "os.fork, _exit: 5", "os.fork, by_signal: -15",
                     "fork: 6", "fork, terminated: -15", "fork, pool: [1, 2, 3]", "spawn: 6",
                     "spawn, terminated: -15", "spawn, pool: [1, 2, 3]", "forkserver: 6",
                     "forkserver, terminated: -15", "forkserver, pool: [1, 2, 3]");
  expect_stop (child, SIGTERM, 143, "terminate", "finish");
}

static const TapCase cases[] = {
  { "F07", "of a daemon in CPython and its children only the daemon finishes", f07 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
