/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The last line of a life is written when there may be no memory, no descriptor to be had and no
 * lock that can be taken: so the file is open from the beginning, and a line is composed on the
 * stack and appended by one write(). Two threads, or a thread and a handler within it, may write at
 * the same time; the kernel puts their lines one after the other.
 *
 * As with the journal's socket the descriptor is not trusted later: a program that closes those it
 * does not know may have given the number to a file of its own. Then this life ends without a word,
 * as one that was killed does.
 *
 * POSIX locks are gone when a process closes any descriptor of the file, and are not handed on to a
 * child. They say no more than that somebody lives, and are not the only witness of it.
 */

#include "ps-run-log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* floor 0 */
#include "ps-self.h"
#include "ps-write.h"
/* floor 1 */
#include "ps-run-text.h"

/* In a handler, whose stack may be small: a callback's name has 127 bytes at most. */
#define SHORT_LINE 1280

/* A daemon that reloads every minute for years is not to fill its record: after so many changes
 * only those of an exit are noted. */
#define STATES_MAX 64

static struct
{
  atomic_int fd; /* -1: there is none */
  dev_t dev;
  ino_t ino;
  int sync;
  PsRunLifeWho who;
  int end_status;
  int has_end;
  unsigned n_states;
  atomic_int has_lock;
  atomic_int is_torn; /* the last line was not written to its end */
} well = { .fd = -1 };

static int
is_ours (int fd)
{
  struct stat st;

  return fd >= 0 && fstat (fd, &st) == 0 && st.st_dev == well.dev && st.st_ino == well.ino;
}

static int64_t
read_clock (clockid_t clock)
{
  struct timespec now = { 0 };

  clock_gettime (clock, &now);
  return now.tv_sec * INT64_C (1000000) + now.tv_nsec / 1000;
}

/* Async-signal-safe, as what follows. */
void
ps_run_log_now (PsRunLifeTime *time)
{
  time->boot_us = read_clock (CLOCK_BOOTTIME);
  time->real_us = read_clock (CLOCK_REALTIME);
}

/* A child that goes on gets the lock when its parent has gone. */
static void
lock (int fd)
{
  struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

  if (!atomic_load (&well.has_lock) && fcntl (fd, F_SETLK, &whole) == 0)
    atomic_store (&well.has_lock, 1);
}

/* text: a line, with room for one byte before it. */
static void
append (char *text, size_t length)
{
  int fd = atomic_load (&well.fd);
  ssize_t written;

  if (length == 0 || !ps_self_is_watched () || !is_ours (fd))
    return;
  lock (fd);
  if (atomic_exchange (&well.is_torn, 0))
    {
      *--text = '\n';
      length++;
    }
  written = ps_write (fd, text, length);
  if (written > 0 && (size_t) written < length)
    atomic_store (&well.is_torn, 1);
}

#define APPEND(size, what, ...)                                                                    \
  do                                                                                               \
    {                                                                                              \
      char buffer_[1 + (size)];                                                                    \
      PsRunLifeTime time_;                                                                         \
                                                                                                   \
      if (atomic_load (&well.fd) < 0)                                                              \
        return;                                                                                    \
      ps_run_log_now (&time_);                                                                     \
      append (buffer_ + 1, ps_run_text_put_##what (buffer_ + 1, (size), __VA_ARGS__));             \
    }                                                                                              \
  while (0)

/* --- Beginning and end ----------------------------------------------------------------------- */

/* fd: appends to the record, which has the lock; it is this well's from now on. Writes the first
 * line. Returns 0, or -1 with errno, and then the descriptor is the caller's still. */
int
ps_run_log_open (int fd, const PsRunLifeWho *who, int sync)
{
  char line[PS_RUN_TEXT_LINE];
  PsRunLifeTime now;
  struct stat st;
  size_t length;

  ps_run_log_now (&now);
  length = ps_run_text_put_begin (line, sizeof line, who, &now);
  if (fstat (fd, &st) < 0)
    return -1;
  errno = ENOSPC;
  if (length == 0 || ps_write (fd, line, length) != (ssize_t) length
      || (sync && fdatasync (fd) < 0))
    return -1;
  well.dev = st.st_dev;
  well.ino = st.st_ino;
  well.who = *who;
  well.sync = sync;
  well.has_end = 0;
  well.n_states = 0;
  atomic_store (&well.has_lock, 1);
  atomic_store (&well.is_torn, 0);
  atomic_store (&well.fd, fd);
  return 0;
}

void
ps_run_log_close (void)
{
  int fd = atomic_exchange (&well.fd, -1);

  if (is_ours (fd))
    close (fd);
}

int
ps_run_log_is_open (void)
{
  return atomic_load (&well.fd) >= 0;
}

/* --- Lines ----------------------------------------------------------------------------------- */

static void
append_state (const char *state)
{
  APPEND (SHORT_LINE, state, well.who.id, &time_, state);
}

void
ps_run_log_state (const char *state)
{
  if (well.n_states++ < STATES_MAX || strcmp (state, "terminating") == 0
      || strcmp (state, "finishing") == 0)
    append_state (state);
}

void
ps_run_log_cause (const PsRunLifeCause *cause)
{
  APPEND (PS_RUN_TEXT_LINE, cause, well.who.id, &time_, cause);
}

static void
append_end (int status)
{
  APPEND (SHORT_LINE, end, well.who.id, &time_, status);
}

/* Once more only where the status is another one. */
void
ps_run_log_end (int status)
{
  if (well.has_end && well.end_status == status)
    return;
  well.has_end = 1;
  well.end_status = status;
  append_end (status);
  if (well.sync && ps_self_is_watched () && is_ours (atomic_load (&well.fd)))
    (void) fdatasync (atomic_load (&well.fd));
}

void
ps_run_log_detached (void)
{
  APPEND (SHORT_LINE, detached, well.who.id, &time_);
}

/* This process goes on with the life of the one that forked it. */
void
ps_run_log_carried (int64_t pid, int64_t start, uint64_t pid_namespace)
{
  atomic_store (&well.has_lock, 0);
  well.who.pid = pid;
  well.who.start = start;
  well.who.pid_namespace = pid_namespace;
  APPEND (SHORT_LINE, carried, &well.who, &time_);
}

/* --- In handlers ----------------------------------------------------------------------------- */

static void
copy (char *to, size_t size, const char *from)
{
  size_t n = from != NULL ? strnlen (from, size - 1) : 0;

  if (n > 0)
    memcpy (to, from, n);
  to[n] = '\0';
}

static void
set_break (PsRunLifeBreak *what, const char *event, const char *step)
{
  memset (what, 0, sizeof *what);
  copy (what->event, sizeof what->event, event);
  copy (what->step, sizeof what->step, step);
}

/* event, step: NULL where no callback was running. */
void
ps_run_log_crash (int signum, int is_watchdog, const char *event, const char *step)
{
  PsRunLifeBreak crash;

  set_break (&crash, event, step);
  crash.signum = signum;
  crash.is_watchdog = is_watchdog;
  APPEND (SHORT_LINE, crash, well.who.id, &time_, &crash);
}

void
ps_run_log_forced (int status, const char *reason, const char *event, const char *step)
{
  PsRunLifeBreak forced;

  set_break (&forced, event, step);
  copy (forced.reason, sizeof forced.reason, reason);
  forced.status = status;
  APPEND (SHORT_LINE, forced, well.who.id, &time_, &forced);
}
