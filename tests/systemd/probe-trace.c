/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int trace_fd = -1;

void
trace_open (const char *path)
{
  trace_fd = open (path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
  if (trace_fd < 0)
    {
      fprintf (stderr, "ps-probed: cannot open %s: %s; is it a fifo that somebody reads?\n", path,
               g_strerror (errno));
      exit (66);
    }
}

/* One line, at once, in one write: lines of several processes do not mix. */
void
trace (const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  va_list args;

  if (trace_fd < 0)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  line = g_strconcat (text, "\n", NULL);
  if (write (trace_fd, line, strlen (line)) < 0)
    abort (); /* a test would wait for the line in vain */
}

void
trace_now (const char *line)
{
  if (trace_fd >= 0 && write (trace_fd, line, strlen (line)) < 0)
    _exit (1);
}
