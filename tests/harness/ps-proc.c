/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One child of a case.
 *
 * The child says what happens, line by line, over a pipe (child_say()); that is the trace, and it
 * is compared exactly and in order. The pipe also tells when the child and everything it forked
 * are gone: only then does it reach its end. So "has said nothing more" is a fact and not the
 * result of waiting a little.
 *
 * Standard output and error go to a memory file, which never blocks the child and can be read
 * at any time.
 *
 * A child that takes too long is killed with its group, by SIGKILL: a GLib loop may swallow any
 * other signal. What it had said and written is reported with the failure.
 */
#include "ps-proc.h"
#include "ps-child-private.h"
#include "ps-orphans.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 60000

struct _Proc
{
  pid_t pid;
  int pid_fd;
  int trace_fd;
  int tell_fd;
  int output_fd;
  int patience_ms;
  GString *unread; /* bytes of the trace that are not taken yet */
  GString *trace;  /* the lines that were, for the report */
  char *line;
  char *output;
  gboolean ended;
  gboolean fine;   /* it ended, and as it was meant to */
  gboolean silent; /* nothing that descends from it holds the trace any more */
  int status;
};

static guint n_procs;

/* Everything that descends from the child is in its group, or has become ours as an orphan. */
static void
proc_kill_all (Proc *self)
{
  if (!self->ended || !self->silent)
    kill (-self->pid, SIGKILL);
  if (!self->ended)
    waitpid (self->pid, &self->status, 0);
  self->ended = TRUE;
  if (--n_procs == 0)
    orphans_kill ();
}

static void
proc_free (gpointer data)
{
  Proc *self = data;

  if (!self->ended && !tap_failed ())
    tap_fail (G_STRLOC, "the case is over, and nobody waited for its child");
  proc_kill_all (self);
  if (tap_failed () && !self->fine)
    {
      g_autofree char *how = proc_describe (self->status);

      tap_note ("the child's end", how);
      tap_note ("it said", self->trace->str);
      tap_note ("and not yet read", self->unread->str);
      tap_note ("it wrote", proc_output (self));
    }
  close (self->pid_fd);
  close (self->trace_fd);
  close (self->tell_fd);
  close (self->output_fd);
  g_string_free (self->unread, TRUE);
  g_string_free (self->trace, TRUE);
  g_free (self->line);
  g_free (self->output);
  g_free (self);
}

Proc *
proc_start_with (ProcMain child_main, gconstpointer data, int input)
{
  Proc *self = g_new0 (Proc, 1);
  int trace[2], tell[2];

  if (pipe2 (trace, O_CLOEXEC) < 0 || pipe2 (tell, O_CLOEXEC) < 0)
    g_error ("No pipe for the child: %s", g_strerror (errno));
  self->output_fd = memfd_create ("output", MFD_CLOEXEC);
  self->unread = g_string_new (NULL);
  self->trace = g_string_new (NULL);
  self->patience_ms = PATIENCE_MS * tap_slowness ();

  fflush (NULL);
  self->pid = fork ();
  if (self->pid < 0)
    g_error ("No child: %s", g_strerror (errno));
  if (self->pid == 0)
    {
      const ChildFds fds = { input, trace[1], tell[0], self->output_fd };

      n_procs = 0;
      child_begin (&fds);
      exit (child_main (data));
    }

  setpgid (self->pid, self->pid);
  self->pid_fd = (int) syscall (SYS_pidfd_open, self->pid, 0);
  close (trace[1]);
  close (tell[0]);
  self->trace_fd = trace[0];
  self->tell_fd = tell[1];
  n_procs++;
  tap_defer (proc_free, self);
  return self;
}

Proc *
proc_start (ProcMain child_main, gconstpointer data)
{
  return proc_start_with (child_main, data, -1);
}

pid_t
proc_pid (Proc *self)
{
  return self->pid;
}

void
proc_kill (Proc *self, int signum)
{
  if (!tap_failed () && !self->ended)
    kill (self->pid, signum);
}

void
proc_kill_group (Proc *self, int signum)
{
  if (!tap_failed () && !self->ended)
    kill (-self->pid, signum);
}

void
proc_stand_still (Proc *self, int ms)
{
  proc_kill (self, SIGSTOP);
  if (!tap_failed ())
    g_usleep ((gulong) ms * 1000);
  proc_kill (self, SIGCONT);
}

void
proc_set_patience (Proc *self, int ms)
{
  self->patience_ms = ms;
}

void
proc_tell (Proc *self, const char *line)
{
  g_autofree char *whole = g_strconcat (line, "\n", NULL);

  /* A child that is gone is seen by whatever is expected next. */
  if (!tap_failed () && write (self->tell_fd, whole, strlen (whole)) < 0 && errno != EPIPE)
    tap_fail (G_STRLOC, "cannot tell the child: %s", g_strerror (errno));
}

/* TRUE when fd has something or is at its end; FALSE when the time is up. */
static gboolean
wait_readable (int fd, gint64 until_us)
{
  for (;;)
    {
      struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
      gint64 left_us = until_us - g_get_monotonic_time ();
      int n = poll (&poll_fd, 1, tap_time_left_ms ((int) MAX (0, (left_us + 999) / 1000)));

      if (n > 0)
        return TRUE;
      if (n == 0)
        return FALSE;
    }
}

static gint64
proc_until_us (Proc *self)
{
  return g_get_monotonic_time () + (gint64) self->patience_ms * 1000;
}

/* Takes a line of what was read; NULL when there is no whole one. */
static const char *
take_line (Proc *self)
{
  char *end = strchr (self->unread->str, '\n');

  if (end == NULL)
    return NULL;
  g_free (self->line);
  self->line = g_strndup (self->unread->str, (gsize) (end - self->unread->str));
  g_string_append_printf (self->trace, "%s\n", self->line);
  g_string_erase (self->unread, 0, end - self->unread->str + 1);
  return self->line;
}

typedef enum
{
  READ_SOMETHING,
  READ_END,
  READ_TIMEOUT,
} Read;

static Read
read_trace (Proc *self, gint64 until_us)
{
  char buffer[4096];
  ssize_t n;

  if (!wait_readable (self->trace_fd, until_us))
    return READ_TIMEOUT;
  n = read (self->trace_fd, buffer, sizeof buffer);
  if (n <= 0)
    return READ_END;
  g_string_append_len (self->unread, buffer, n);
  return READ_SOMETHING;
}

/* The next line, or NULL with the reason. */
static const char *
read_line (Proc *self, Read *reason)
{
  gint64 until_us = proc_until_us (self);
  const char *line;

  while ((line = take_line (self)) == NULL)
    {
      *reason = read_trace (self, until_us);
      if (*reason != READ_SOMETHING)
        return NULL;
    }
  return line;
}

static void
fail_for (const char *where, Proc *self, Read reason, const char *wanted)
{
  if (reason == READ_END)
    tap_fail (where, "the child ended before it said %s", wanted);
  else
    tap_fail (where, "the child hung: within %d ms it did not say %s; killed", self->patience_ms,
              wanted);
}

void
proc_expect_at (const char *where, Proc *self, const char *wanted)
{
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", wanted);
  const char *line;
  Read reason;

  if (tap_failed ())
    return;
  line = read_line (self, &reason);
  if (line == NULL)
    fail_for (where, self, reason, quoted);
  else if (!g_str_equal (line, wanted))
    tap_fail (where, "the child said \"%s\" instead of %s", line, quoted);
}

void
proc_expect_lines_at (const char *where, Proc *self, const char *const *lines)
{
  for (guint i = 0; lines[i] != NULL; i++)
    proc_expect_at (where, self, lines[i]);
}

const char *
proc_next_at (const char *where, Proc *self)
{
  const char *line;
  Read reason;

  if (tap_failed ())
    return "";
  line = read_line (self, &reason);
  if (line == NULL)
    fail_for (where, self, reason, "anything");
  return line != NULL ? line : "";
}

/* After the child's end: the rest of the trace, up to the end of its last descendant. */
static void
expect_silence (const char *where, Proc *self)
{
  gint64 until_us = proc_until_us (self);
  const char *line;
  Read reason;

  do
    reason = read_trace (self, until_us);
  while (reason == READ_SOMETHING);
  self->silent = reason == READ_END;

  line = take_line (self);
  if (line != NULL)
    tap_fail (where, "the child also said \"%s\"", line);
  else if (self->unread->len > 0)
    tap_fail (where, "the child died in the middle of a line: \"%s\"", self->unread->str);
  else if (reason == READ_TIMEOUT)
    tap_fail (where, "the child left a process behind; killed");
}

static gboolean
wait_for_end (const char *where, Proc *self)
{
  if (self->ended)
    return TRUE;
  if (!wait_readable (self->pid_fd, proc_until_us (self)))
    {
      tap_fail (where, "the child hung: it did not end within %d ms; killed", self->patience_ms);
      return FALSE;
    }
  waitpid (self->pid, &self->status, 0);
  self->ended = TRUE;
  return TRUE;
}

static void
expect_end (const char *where, Proc *self, gboolean as_wanted, const char *wanted)
{
  g_autofree char *how = proc_describe (self->status);

  if (!as_wanted)
    tap_fail (where, "the child ended with %s instead of %s", how, wanted);
  expect_silence (where, self);
  self->fine = !tap_failed ();
}

void
proc_expect_exit_at (const char *where, Proc *self, int code)
{
  g_autofree char *wanted = g_strdup_printf ("exit status %d", code);

  if (!tap_failed () && wait_for_end (where, self))
    expect_end (where, self, WIFEXITED (self->status) && WEXITSTATUS (self->status) == code,
                wanted);
}

void
proc_expect_signal_at (const char *where, Proc *self, int signum)
{
  g_autofree char *wanted = proc_describe (signum);

  if (!tap_failed () && wait_for_end (where, self))
    expect_end (where, self, WIFSIGNALED (self->status) && WTERMSIG (self->status) == signum,
                wanted);
}

int
proc_wait_at (const char *where, Proc *self)
{
  if (!tap_failed () && wait_for_end (where, self))
    expect_silence (where, self);
  return self->status;
}

void
proc_expect_stopped_at (const char *where, Proc *self)
{
  gint64 until_us = proc_until_us (self);
  siginfo_t info = { 0 };

  /* There is nothing to poll for a stop. */
  while (!tap_failed () && info.si_pid == 0)
    {
      if (waitid (P_PID, (id_t) self->pid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) < 0
          || (info.si_pid != 0 && info.si_code != CLD_STOPPED))
        tap_fail (where, "the child ended instead of stopping");
      else if (g_get_monotonic_time () > until_us)
        tap_fail (where, "the child did not stop within %d ms; killed", self->patience_ms);
      else if (info.si_pid == 0)
        g_usleep (1000);
    }
}

const char *
proc_output (Proc *self)
{
  struct stat info;
  ssize_t n;

  g_free (self->output);
  if (fstat (self->output_fd, &info) < 0)
    g_error ("Cannot look at the output: %s", g_strerror (errno));
  self->output = g_malloc0 ((gsize) info.st_size + 1);
  n = pread (self->output_fd, self->output, (size_t) info.st_size, 0);
  self->output[MAX (n, 0)] = '\0';
  return self->output;
}

static void
expect_output (const char *where, Proc *self, const char *part, gboolean wanted)
{
  if (tap_failed () || (strstr (proc_output (self), part) != NULL) == wanted)
    return;
  self->fine = FALSE;
  tap_fail (where, "the child's output has %s\"%s\"", wanted ? "no " : "", part);
}

void
proc_expect_output_at (const char *where, Proc *self, const char *part)
{
  expect_output (where, self, part, TRUE);
}

void
proc_expect_no_output_at (const char *where, Proc *self, const char *part)
{
  expect_output (where, self, part, FALSE);
}

char *
proc_describe (int wait_status)
{
  if (WIFEXITED (wait_status))
    return g_strdup_printf ("exit status %d", WEXITSTATUS (wait_status));
  return g_strdup_printf ("signal %d (%s)", WTERMSIG (wait_status),
                          strsignal (WTERMSIG (wait_status)));
}
