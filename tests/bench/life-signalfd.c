/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * signalfd and epoll. One argument "stay" answers each signal and goes on.
 */
#include "bench.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

int
main (int argc, char **argv)
{
  int stays = argc > 1 && strcmp (argv[1], "stay") == 0;
  struct epoll_event event = { .events = EPOLLIN };
  struct signalfd_siginfo info;
  sigset_t terminate;
  int fd, epoll;

  sigemptyset (&terminate);
  sigaddset (&terminate, SIGTERM);
  sigprocmask (SIG_BLOCK, &terminate, NULL);
  fd = signalfd (-1, &terminate, SFD_CLOEXEC | SFD_NONBLOCK);
  epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (fd < 0 || epoll < 0 || epoll_ctl (epoll, EPOLL_CTL_ADD, fd, &event) < 0)
    return 99;
  bench_say_ready ();
  do
    {
      if (epoll_wait (epoll, &event, 1, -1) != 1 || read (fd, &info, sizeof info) < 0)
        return 99;
      bench_say_now ();
    }
  while (stays);
  return 0;
}
