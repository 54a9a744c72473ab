/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sequence.h"

#include "fuzz-child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A sequence takes milliseconds; one that hangs has to be told from a machine that is busy. */
#define PATIENCE_MS 60000

static pid_t
start (const Sequence *sequence, int *trace_fd)
{
  int fds[2];
  pid_t pid;

  g_assert_no_errno (pipe2 (fds, O_CLOEXEC));
  pid = fork ();
  g_assert_no_errno (pid);
  if (pid == 0)
    {
      fuzz_child_become_fresh ();
      close (fds[0]);
      exit (sequence_child_main (sequence, fds[1]));
    }
  close (fds[1]);
  *trace_fd = fds[0];
  return pid;
}

/* All that the child writes until it ends. FALSE: it does not. */
static gboolean
read_trace (int fd, GString *trace)
{
  struct pollfd ready = { .fd = fd, .events = POLLIN };
  char buffer[4096];

  for (;;)
    {
      ssize_t n;

      if (poll (&ready, 1, PATIENCE_MS) <= 0)
        return FALSE;
      n = read (fd, buffer, sizeof buffer);
      if (n <= 0)
        return TRUE;
      g_string_append_len (trace, buffer, n);
    }
}

static char *
judge (const Sequence *sequence, const char *trace, gboolean ended, int wait_status)
{
  g_auto (GStrv) lines = g_strsplit (trace, "\n", -1);
  Model *model = model_new (sequence);
  char *complaint = NULL;
  guint i = 0;

  while (lines[i] != NULL && lines[i][0] != '\0' && model_take (model, lines[i]))
    i++;
  if (model_get_complaint (model) != NULL)
    complaint =
        g_strdup_printf ("line %u, \"%s\": %s", i + 1, lines[i], model_get_complaint (model));
  else if (!ended)
    complaint = g_strdup_printf ("it hangs after line %u", i);
  else if (!model_end (model, wait_status))
    complaint = g_strdup_printf ("at the end: %s", model_get_complaint (model));
  model_free (model);
  return complaint;
}

char *
sequence_run (const Sequence *sequence, GString *trace)
{
  int fd, status = 0;
  pid_t pid = start (sequence, &fd);
  gboolean ended = read_trace (fd, trace);

  if (!ended)
    kill (pid, SIGKILL);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  close (fd);
  return judge (sequence, trace->str, ended, status);
}
