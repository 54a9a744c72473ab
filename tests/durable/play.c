/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * This process is the one that orphans come to, so that the command of a will has ended, too, when
 * play() returns, whoever began it. What hangs is ended by an alarm that it has from the start.
 */

#include "play.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_SEC 60

static void
become (const PlayPlan *plan, int output, gboolean is_traced)
{
  const struct rlimit no_core = { 0, 0 };

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  setrlimit (RLIMIT_CORE, &no_core);
  close_range (STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  dup2 (output, STDOUT_FILENO);
  dup2 (output, STDERR_FILENO);
  alarm (PATIENCE_SEC);
  if (is_traced)
    {
      ptrace (PTRACE_TRACEME, 0, NULL, NULL);
      raise (SIGSTOP);
    }
  execv (plan->arguments[0], (char *const *) plan->arguments);
  _exit (99);
}

static void
follow (const PlayPlan *plan, Tracer *tracer, Play *result)
{
  int status;
  pid_t pid;

  while ((pid = waitpid (-1, &status, __WALL)) > 0 || errno == EINTR)
    {
      int said = -1;

      if (WIFSTOPPED (status))
        said = tracer_take_stop (tracer, pid, status);
      else if (pid == tracer->pid)
        result->wait_status = status;
      if (said >= 0 && plan->at_mark != NULL)
        plan->at_mark (said, tracer, plan->data);
    }
}

static char *
read_all (int fd)
{
  struct stat st;
  char *text;
  ssize_t n;

  if (fstat (fd, &st) < 0)
    return g_strdup ("");
  text = g_malloc0 ((gsize) st.st_size + 1);
  n = pread (fd, text, (gsize) st.st_size, 0);
  text[MAX (n, 0)] = '\0';
  return text;
}

void
play (const PlayPlan *plan, Play *result)
{
  gboolean is_traced = plan->at_call != NULL || plan->at_return != NULL || plan->at_mark != NULL;
  Tracer tracer = {
    .at_call = plan->at_call, .at_return = plan->at_return, .data = plan->data, .armed = plan->armed
  };
  int output = memfd_create ("output", MFD_CLOEXEC);

  *result = (Play){ 0 };
  prctl (PR_SET_CHILD_SUBREAPER, 1);
  tracer.pid = fork ();
  if (tracer.pid == 0)
    become (plan, output, is_traced);
  if (output < 0 || tracer.pid < 0)
    g_error ("No child: %s", g_strerror (errno));
  follow (plan, &tracer, result);
  result->n_calls = tracer.n_calls;
  result->n_fired = tracer.n_fired;
  result->call = tracer.call;
  result->error = tracer.error;
  result->output = read_all (output);
  close (output);
}

void
play_clear (Play *result)
{
  g_clear_pointer (&result->output, g_free);
}

char *
play_describe (const Play *result)
{
  int status = result->wait_status;

  return g_strdup_printf ("%s %d%s%s: %s", WIFEXITED (status) ? "exited with" : "killed by",
                          WIFEXITED (status) ? WEXITSTATUS (status) : WTERMSIG (status),
                          result->error != 0 ? " after " : "",
                          result->error != 0 ? g_strerror (result->error) : "", result->output);
}
