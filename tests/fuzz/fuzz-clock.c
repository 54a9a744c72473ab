/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz-clock.h"

#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define AHEAD_SEC 3600

static struct timespec begun;
static _Atomic int64_t passed_us;
static atomic_int stopped;

/* Of this name, so that it is found before libc's. */
int
clock_gettime (clockid_t clock, struct timespec *time)
{
  int64_t us = atomic_load (&passed_us);

  if ((clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE) || !atomic_load (&stopped))
    return (int) syscall (SYS_clock_gettime, clock, time);
  time->tv_sec = begun.tv_sec + us / 1000000;
  time->tv_nsec = us % 1000000 * 1000;
  return 0;
}

void
fuzz_clock_stop (void)
{
  syscall (SYS_clock_gettime, CLOCK_MONOTONIC, &begun);
  begun.tv_sec += AHEAD_SEC;
  begun.tv_nsec = 0;
  atomic_store (&passed_us, 0);
  atomic_store (&stopped, 1);
}

void
fuzz_clock_advance_us (int64_t us)
{
  atomic_fetch_add (&passed_us, us);
}

int64_t
fuzz_clock_us (void)
{
  return atomic_load (&passed_us);
}
