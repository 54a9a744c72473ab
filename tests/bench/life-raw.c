/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bare minimum: sigaction() and pause(). One argument "stay" answers each signal and goes on.
 */
#include "bench.h"

#include <signal.h>

static volatile sig_atomic_t ended;
static int stays;

static void
handle (int signum)
{
  bench_say_now ();
  ended = !stays;
}

int
main (int argc, char **argv)
{
  struct sigaction action = { .sa_handler = handle };
  sigset_t terminate, before;

  stays = argc > 1 && strcmp (argv[1], "stay") == 0;
  sigemptyset (&terminate);
  sigaddset (&terminate, SIGTERM);
  sigprocmask (SIG_BLOCK, &terminate, &before);
  sigaction (SIGTERM, &action, NULL);
  bench_say_ready ();
  while (!ended)
    sigsuspend (&before);
  return 0;
}
