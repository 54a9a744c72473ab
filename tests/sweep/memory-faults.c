/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The dynamic linker looks names up in the program first, so these definitions serve every library
 * of the process, glibc's own strdup() and fopen() included. The memory itself comes from glibc, by
 * the names it has for them besides. Each allocation that is let fail says where it was asked for,
 * when SWEEP_BACKTRACE is set: that is how one finds out whose it is.
 */

#include "memory-faults.h"
#include "sweep.h"

#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc (size_t size);
void *__libc_calloc (size_t n, size_t size);
void *__libc_realloc (void *memory, size_t size);
void *__libc_memalign (size_t alignment, size_t size);

static atomic_int armed;
static SweepCounts *counts;
static unsigned wanted;
static int for_ever, backtraces;
static __thread int paused;

void
memory_faults_arm (void)
{
  const char *where = getenv (SWEEP_ENV_MEMORY);
  void *frames[1];
  char *rest;

  if (where == NULL)
    return;
  wanted = (unsigned) strtoul (where, &rest, 10);
  for_ever = strcmp (rest, " ever") == 0;
  counts = mmap (NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, SWEEP_COUNTS_FD, 0);
  if (counts == MAP_FAILED)
    _exit (99);
  backtraces = getenv ("SWEEP_BACKTRACE") != NULL;
  if (backtraces)
    backtrace (frames, 1); /* loads what it needs */
  atomic_store (&armed, 1);
}

void
memory_faults_pause (void)
{
  paused++;
}

void
memory_faults_resume (void)
{
  paused--;
}

static void
say_where (void)
{
  static const char heading[] = "no memory for:\n";
  void *frames[64];
  int n;

  paused++;
  n = backtrace (frames, 64);
  if (write (STDERR_FILENO, heading, sizeof heading - 1) > 0)
    backtrace_symbols_fd (frames, n, STDERR_FILENO);
  paused--;
}

/* Whether this one is to fail. */
static int
fails (void)
{
  unsigned number;

  if (!atomic_load (&armed) || paused > 0)
    return 0;
  number = atomic_fetch_add (&counts->allocations, 1) + 1;
  if (wanted == 0 || (for_ever ? number < wanted : number != wanted))
    return 0;
  atomic_fetch_add (&counts->failed, 1);
  if (backtraces)
    say_where ();
  errno = ENOMEM;
  return 1;
}

void *
malloc (size_t size)
{
  return fails () ? NULL : __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  return fails () ? NULL : __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  return fails () ? NULL : __libc_realloc (memory, size);
}

void *
reallocarray (void *memory, size_t n, size_t size)
{
  size_t whole;

  if (__builtin_mul_overflow (n, size, &whole))
    {
      errno = ENOMEM;
      return NULL;
    }
  return realloc (memory, whole);
}

void *
memalign (size_t alignment, size_t size)
{
  return fails () ? NULL : __libc_memalign (alignment, size);
}

void *
aligned_alloc (size_t alignment, size_t size)
{
  return memalign (alignment, size);
}

int
posix_memalign (void **memory, size_t alignment, size_t size)
{
  void *got = memalign (alignment, size);

  if (got == NULL)
    return ENOMEM;
  *memory = got;
  return 0;
}
