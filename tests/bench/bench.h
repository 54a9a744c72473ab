/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the measured programs share. One that lives and is ended says "ready" and, when its first
 * callback for a signal runs, the time: a line each on its standard output. libc only, so that a
 * peer is linked to nothing that it does not need. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Of those that leave something to be cleaned up; lives has a /run of its own. */
#define BENCH_DIRECTORY "/run/bench"
#define BENCH_FILES 3

static inline int64_t
bench_read_ns (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t
bench_now_ns (void)
{
  return bench_read_ns (CLOCK_MONOTONIC);
}

/* For what only computes: what this thread has spent, whatever else the machine does. */
static inline int64_t
bench_cpu_ns (void)
{
  return bench_read_ns (CLOCK_THREAD_CPUTIME_ID);
}

static inline void
bench_say (const char *line, size_t length)
{
  if (write (STDOUT_FILENO, line, length) != (ssize_t) length)
    _exit (99);
}

static inline void
bench_say_ready (void)
{
  bench_say ("ready\n", 6);
}

/* Async-signal-safe: the bare minimum says it from its handler. */
static inline void
bench_say_now (void)
{
  int64_t now = bench_now_ns ();
  char line[24];
  int at = sizeof line;

  line[--at] = '\n';
  do
    line[--at] = (char) ('0' + now % 10);
  while ((now /= 10) != 0);
  bench_say (line + at, sizeof line - (size_t) at);
}

static inline int
bench_number (int argc, char **argv, int at, int otherwise)
{
  return argc > at ? atoi (argv[at]) : otherwise;
}
