/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who sends a signal is often gone a moment later (`kill`), so it is looked up in the handler, not
 * in the loop: only system calls, buffers of a fixed size, and an end to reading.
 *
 * Of /proc/PID/cgroup only the hierarchies by which systemd tells units are of interest. Where
 * version 1 is mounted they are two lines among a dozen, in any place, each as long as a path may
 * be. So the file is read to its end in small pieces, and only those lines are kept.
 */

#include "ps-sender.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 512

/* A dozen hierarchies with paths of 4096 bytes fit; a kernel that goes on for ever is left. */
#define CHUNKS_MAX 128

/* Async-signal-safe. */
static int
open_proc (pid_t pid, const char *name)
{
  char path[64] = "/proc/", digits[16];
  size_t n = strlen (path), n_digits = 0;

  for (; pid > 0; pid /= 10)
    digits[n_digits++] = (char) ('0' + pid % 10);
  while (n_digits > 0)
    path[n++] = digits[--n_digits];
  path[n++] = '/';
  memcpy (path + n, name, strlen (name) + 1);
  return open (path, O_RDONLY | O_CLOEXEC);
}

/* The command's name, without the line's end. Async-signal-safe. */
void
ps_sender_read_comm (pid_t pid, char *comm, size_t size)
{
  int fd = open_proc (pid, "comm");
  ssize_t got = 0;

  if (fd >= 0)
    {
      got = read (fd, comm, size - 1);
      close (fd);
    }
  if (got < 0)
    got = 0;
  while (got > 0 && comm[got - 1] == '\n')
    got--;
  comm[got] = '\0';
}

/* --- The cgroup ------------------------------------------------------------------------------ */

typedef struct
{
  char *text;
  size_t size;
  size_t length;
  size_t begin;    /* of the line that is being read */
  unsigned colons; /* in it */
  int unwanted;    /* it is not one of ours */
  int cut;         /* it found no room to its end */
} Picker;

/* head: a line up to its second colon, "ID:CONTROLLERS:". */
static int
is_wanted (const char *head, size_t n)
{
  static const char unified[] = "0::", named[] = ":name=systemd:";
  size_t n_named = strlen (named);

  return (n == strlen (unified) && memcmp (head, unified, n) == 0)
         || (n > n_named && memcmp (head + n - n_named, named, n_named) == 0);
}

/* What is cut within a component would name another one. */
static void
end_line (Picker *picker)
{
  if (picker->unwanted || picker->colons < 2)
    picker->length = picker->begin;
  if (picker->cut)
    while (picker->length > picker->begin && picker->text[picker->length - 1] != '/')
      picker->length--;
  if (picker->length > picker->begin)
    picker->text[picker->length++] = '\n';
  picker->begin = picker->length;
  picker->colons = 0;
  picker->unwanted = 0;
  picker->cut = 0;
}

static void
add_byte (Picker *picker, char byte)
{
  if (picker->unwanted)
    return;
  /* Room is kept for the line's end and the text's. */
  if (picker->length + 2 >= picker->size)
    {
      picker->cut = 1;
      return;
    }
  picker->text[picker->length++] = byte;
  if (byte == ':' && picker->colons < 2 && ++picker->colons == 2)
    picker->unwanted = !is_wanted (picker->text + picker->begin, picker->length - picker->begin);
}

/* Of a file like /proc/PID/cgroup the lines that tell the unit, each with its end. One that is too
 * long ends behind a slash. Async-signal-safe. */
void
ps_sender_pick_cgroup (int fd, char *cgroup, size_t size)
{
  Picker picker = { .text = cgroup, .size = size };
  char chunk[CHUNK];
  ssize_t got = sizeof chunk;

  /* The kernel fills what it is given, until its text ends. */
  for (int i = 0; i < CHUNKS_MAX && got == (ssize_t) sizeof chunk; i++)
    {
      got = read (fd, chunk, sizeof chunk);
      for (ssize_t at = 0; at < got; at++)
        if (chunk[at] == '\n')
          end_line (&picker);
        else
          add_byte (&picker, chunk[at]);
    }
  picker.length = picker.begin; /* a line without an end is none */
  cgroup[picker.length] = '\0';
}

/* Async-signal-safe. */
void
ps_sender_read_cgroup (pid_t pid, char *cgroup, size_t size)
{
  int fd = open_proc (pid, "cgroup");

  cgroup[0] = '\0';
  if (fd < 0)
    return;
  ps_sender_pick_cgroup (fd, cgroup, size);
  close (fd);
}
