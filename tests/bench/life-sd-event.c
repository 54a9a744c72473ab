/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsystemd's own loop: a signal source, ten exit sources, the watchdog if one is asked for.
 *
 *     life-sd-event [stay]           answers each signal and goes on
 */
#include "bench.h"

#include <signal.h>
#include <stdbool.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#define STEPS 10

static bool stays;

static int
handle (sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
  if (stays)
    {
      bench_say_now ();
      return 0;
    }
  sd_notify (0, "STOPPING=1");
  return sd_event_exit (sd_event_source_get_event (source), 128 + SIGTERM);
}

static int
step (sd_event_source *source, void *data)
{
  if (data == NULL)
    bench_say_now ();
  return 0;
}

int
main (int argc, char **argv)
{
  static char other;
  sd_event *event = NULL;
  sigset_t terminate;
  int status;

  stays = argc > 1 && strcmp (argv[1], "stay") == 0;
  sigemptyset (&terminate);
  sigaddset (&terminate, SIGTERM);
  sigprocmask (SIG_BLOCK, &terminate, NULL);
  if (sd_event_default (&event) < 0 || sd_event_add_signal (event, NULL, SIGTERM, handle, NULL) < 0
      || sd_event_set_watchdog (event, 1) < 0)
    return 99;
  for (int i = 0; i < STEPS; i++)
    {
      sd_event_source *source = NULL;

      if (sd_event_add_exit (event, &source, step, i == 0 ? NULL : &other) < 0
          || sd_event_source_set_priority (source, i) < 0)
        return 99;
    }
  sd_notify (0, "READY=1\nSTATUS=Serving");
  bench_say_ready ();
  status = sd_event_loop (event);
  sd_event_unref (event);
  return status;
}
