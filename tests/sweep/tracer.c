/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A call is failed by making it another one, that no kernel has, when it is entered, and by putting
 * the error in place of its result when it is left: so it has no effect at all. What the subject
 * brackets as its own business is let through and not counted.
 */

#include "tracer.h"
#include "sweep.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

static TracedThread *
find (Tracer *self, pid_t thread, gboolean *is_new)
{
  *is_new = FALSE;
  for (guint i = 0; i < self->n_threads; i++)
    if (self->threads[i].thread == thread)
      return &self->threads[i];
  *is_new = TRUE;
  g_assert (self->n_threads < G_N_ELEMENTS (self->threads));
  self->threads[self->n_threads].thread = thread;
  return &self->threads[self->n_threads++];
}

static void
set_register (pid_t thread, size_t offset, long value)
{
  ptrace (PTRACE_POKEUSER, thread, offset, value);
}

static void
enter (Tracer *self, TracedThread *thread, long call)
{
  thread->call = (SweepCall){ 0 };
  if (!self->armed || thread->is_own)
    return;
  thread->call = (SweepCall){ .number = ++self->n_calls,
                              .call = call,
                              .arguments = thread->arguments,
                              .pid = self->pid,
                              .thread = thread->thread };
  if (self->at_call != NULL)
    thread->fate = self->at_call (&thread->call, self->data, &self->n_fired);
  if (thread->fate.error != 0 && self->error == 0)
    {
      self->call = call;
      self->error = thread->fate.error;
    }
  if (thread->fate.error != 0 && !thread->fate.is_made)
    set_register (thread->thread, offsetof (struct user, regs.orig_rax), -1);
}

static void
leave (Tracer *self, TracedThread *thread, gint64 result)
{
  if (thread->fate.error != 0)
    set_register (thread->thread, offsetof (struct user, regs.rax), -thread->fate.error);
  else if (thread->call.number != 0 && self->at_return != NULL)
    self->at_return (&thread->call, result, self->data);
  thread->call.number = 0;
  thread->fate = (SweepFate){ 0, FALSE };
}

static int
at_syscall (Tracer *self, TracedThread *thread)
{
  struct __ptrace_syscall_info info;

  if (ptrace (PTRACE_GET_SYSCALL_INFO, thread->thread, sizeof info, &info) < 0)
    return -1;
  if (info.op == PTRACE_SYSCALL_INFO_EXIT)
    leave (self, thread, info.exit.rval);
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
    return -1;
  if (info.entry.nr != SYS_prctl || info.entry.args[0] != SWEEP_PRCTL)
    {
      for (guint i = 0; i < G_N_ELEMENTS (thread->arguments); i++)
        thread->arguments[i] = info.entry.args[i];
      enter (self, thread, (long) info.entry.nr);
      return -1;
    }
  if (info.entry.args[1] == SWEEP_OWN_BEGIN)
    thread->is_own = TRUE;
  if (info.entry.args[1] == SWEEP_OWN_END)
    thread->is_own = FALSE;
  return (int) info.entry.args[1];
}

int
tracer_take_stop (Tracer *self, pid_t thread, int status)
{
  gboolean is_new, is_event = status >> 16 != 0;
  TracedThread *traced = find (self, thread, &is_new);
  int said = -1, signum = WSTOPSIG (status);

  if (signum == (SIGTRAP | 0x80))
    {
      said = at_syscall (self, traced);
      signum = 0;
    }
  else if (is_event)
    signum = 0;
  else if (is_new && signum == SIGSTOP)
    {
      ptrace (PTRACE_SETOPTIONS, thread, NULL,
              PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
      signum = 0;
    }
  ptrace (PTRACE_SYSCALL, thread, NULL, (long) signum);
  return said;
}
