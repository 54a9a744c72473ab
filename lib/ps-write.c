/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Standard error may be a pipe whose reader has gone, or a file that has reached RLIMIT_FSIZE. The
 * kernel then sends SIGPIPE or SIGXFSZ to the thread that writes, and by default that is the end of
 * the process: no way for an exit to end that only wanted to say how it goes. So both are blocked
 * here while we write, and the one that our write has caused is taken back.
 */

#include "ps-write.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static void
take_back (int signum)
{
  static const struct timespec at_once = { 0, 0 };
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, signum);
  while (sigtimedwait (&set, NULL, &at_once) < 0 && errno == EINTR)
    ;
}

/* As write(2), but that no signal comes of it. */
ssize_t
ps_write (int fd, const void *bytes, size_t length)
{
  sigset_t ours, old, before;
  ssize_t written;
  int error;

  sigemptyset (&ours);
  sigaddset (&ours, SIGPIPE);
  sigaddset (&ours, SIGXFSZ);
  pthread_sigmask (SIG_BLOCK, &ours, &old);
  /* One that was not blocked was not pending for this thread. */
  sigemptyset (&before);
  if (sigismember (&old, SIGPIPE) == 1 || sigismember (&old, SIGXFSZ) == 1)
    sigpending (&before);
  written = write (fd, bytes, length);
  error = errno;
  if (written < 0 && error == EPIPE && sigismember (&before, SIGPIPE) == 0)
    take_back (SIGPIPE);
  if (written < 0 && error == EFBIG && sigismember (&before, SIGXFSZ) == 0)
    take_back (SIGXFSZ);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
  errno = error;
  return written;
}
