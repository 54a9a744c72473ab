/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libuv: a signal handle that stops the loop. One argument "stay" answers each signal and goes on.
 */
#include "bench.h"

#include <signal.h>
#include <uv.h>

static int stays;

static void
handle (uv_signal_t *handle, int signum)
{
  bench_say_now ();
  if (!stays)
    uv_stop (handle->loop);
}

int
main (int argc, char **argv)
{
  uv_loop_t *loop = uv_default_loop ();
  uv_signal_t terminate;

  stays = argc > 1 && strcmp (argv[1], "stay") == 0;
  if (uv_signal_init (loop, &terminate) != 0 || uv_signal_start (&terminate, handle, SIGTERM) != 0)
    return 99;
  bench_say_ready ();
  uv_run (loop, UV_RUN_DEFAULT);
  return 0;
}
