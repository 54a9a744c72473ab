/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A process ID alone says nothing: it is given again, after a reboot at the latest. A boot has an
 * ID, and within it no two processes have both the same process ID and the same start time. A
 * process may execute itself anew and keep both; so each life has a number of its own besides.
 *
 * Where /proc is not mounted, start time and boot are not known; then the lock on the file is what
 * tells that its owner lives.
 */

#include "ps-owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* The beginning of a file of the kernel's, as a string. */
static int
read_file (const char *path, char *buffer, size_t size)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  ssize_t n;

  if (fd < 0)
    return -1;
  n = read (fd, buffer, size - 1);
  close (fd);
  if (n < 0)
    return -1;
  buffer[n] = '\0';
  return 0;
}

static int
read_boot (char boot[PS_OWNER_ID])
{
  char text[64];
  size_t n = 0;

  boot[0] = '\0';
  if (read_file ("/proc/sys/kernel/random/boot_id", text, sizeof text) < 0)
    return -1;
  for (const char *at = text; *at != '\0' && n < PS_OWNER_ID - 1; at++)
    if ((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f'))
      boot[n++] = *at;
  boot[n] = '\0';
  return 0;
}

/* When it began; 0: there is no such process any more, or it is not to be seen. The name in the
 * second field may have any character, so what counts is the last parenthesis. */
static int64_t
read_start (int64_t pid)
{
  char path[64], text[1024], *at, *rest;

  snprintf (path, sizeof path, "/proc/%lld/stat", (long long) pid);
  if (read_file (path, text, sizeof text) < 0)
    return 0;
  at = strrchr (text, ')');
  if (at == NULL || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
    return 0;
  at = strtok_r (at + 1, " ", &rest);
  for (int field = 3; at != NULL && field < 22; field++)
    at = strtok_r (NULL, " ", &rest);
  return at != NULL ? strtoll (at, NULL, 10) : 0;
}

/* 0, or -1 where the kernel has no random bits yet. */
int
ps_owner_make_run (char run[PS_OWNER_ID])
{
  unsigned char bytes[(PS_OWNER_ID - 1) / 2];

  if (getrandom (bytes, sizeof bytes, 0) != (ssize_t) sizeof bytes)
    return -1;
  for (size_t i = 0; i < sizeof bytes; i++)
    snprintf (run + 2 * i, 3, "%02x", bytes[i]);
  return 0;
}

/* This process; run: one that it has already, or NULL for a new one. -1 and errno: who it is cannot
 * be told. */
int
ps_owner_init_self (PsOwner *owner, const char *run, const char *invocation)
{
  PsOwner self = { .pid = getpid () };

  if (run != NULL)
    snprintf (self.run, sizeof self.run, "%s", run);
  else if (ps_owner_make_run (self.run) < 0)
    return -1;
  if (invocation != NULL)
    snprintf (self.invocation, sizeof self.invocation, "%s", invocation);
  /* What is there and cannot be read now would be missed by whoever carries the will out: it would
   * take this boot for another one, in which all that was on a tmpfs has gone. */
  errno = 0;
  if (read_boot (self.boot) < 0 && errno != ENOENT)
    return -1;
  errno = 0;
  self.start = read_start (self.pid);
  if (self.start == 0 && errno != 0 && errno != ENOENT)
    return -1;
  *owner = self;
  return 0;
}

/* -1 and errno: it cannot be told now. */
int
ps_owner_is_of_this_boot (const PsOwner *owner)
{
  char boot[PS_OWNER_ID];

  if (read_boot (boot) < 0 && errno != ENOENT)
    return -1;
  return strcmp (boot, owner->boot) == 0;
}

/* Whether that process is there, and is not ourselves: if we have its number and its start time, it
 * has executed what we are now, and that life is over. */
int
ps_owner_is_alive (const PsOwner *owner)
{
  return owner->pid != getpid () && owner->start != 0 && ps_owner_is_of_this_boot (owner) != 0
         && read_start (owner->pid) == owner->start;
}

void
ps_owner_print (const PsOwner *owner, PsLine *line)
{
  ps_line_add (line, "run", owner->run);
  ps_line_add (line, "boot", owner->boot);
  ps_line_add_int (line, "pid", owner->pid);
  ps_line_add_int (line, "start", owner->start);
  if (owner->invocation[0] != '\0')
    ps_line_add (line, "invocation", owner->invocation);
}

int
ps_owner_read (PsOwner *owner, const PsLineRead *line)
{
  PsOwner read = { .pid = 0 };

  if (ps_line_get (line, "run", read.run, sizeof read.run) != PS_OWNER_ID - 1
      || ps_line_get (line, "boot", read.boot, sizeof read.boot) < 0
      || ps_line_get_int (line, "pid", &read.pid) < 0
      || ps_line_get_int (line, "start", &read.start) < 0 || read.pid <= 0 || read.start < 0)
    return -1;
  if (ps_line_get (line, "invocation", read.invocation, sizeof read.invocation) < 0)
    read.invocation[0] = '\0';
  *owner = read;
  return 0;
}
