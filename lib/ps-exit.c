/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * on_exit(3) tells the status that exit() or main() gave; the hook runs in the thread that called
 * exit(). Three traps are dealt with here:
 *
 * A forked child that calls exit() runs its parent's hooks, too: ps-self tells the two apart.
 *
 * exit() in a second thread overtakes a hook that is still running, and ends the process under it
 * (glibc runs each hook once, whoever comes first; since 2.41 it makes the second thread wait).
 * So a guard is registered just before the hook and, as hooks run last registered first, is what
 * the second thread meets next: it registers itself again, for a third thread, and stays there.
 * Between being met and being registered again it is missing, so there are some of them: as many
 * threads would have to be in that moment at once, before the hook has begun, to get through. The
 * guard is also how a callback is noticed that calls exit() while the hook runs it: there it is met
 * in the hook's own thread, and the hook goes on from there.
 *
 * What must come after everything, dying of a signal, is done by a destructor of this library.
 *
 * Hooks cannot be taken back: they are registered once and outlive a dlclose(), for which the
 * library is linked with -z nodelete.
 */

#include "ps-exit.h"
#include "ps-self.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define N_GUARDS 16

enum
{
  HOOK_IDLE,
  HOOK_RUNNING,
  HOOK_DONE,
};

static struct
{
  PsExitFunc func;
  void *_Atomic data; /* NULL: nobody wants to be called */
  atomic_int state;
  atomic_int registered;
  void (*last) (int);
  int argument;
  _Atomic pthread_t thread;
} well;

static void guard (int status, void *unused);

static void
run (int status)
{
  void *data = atomic_load (&well.data);
  int final;

  if (data == NULL) /* by now */
    return;
  on_exit (guard, NULL);
  final = well.func (status, data);
  atomic_store (&well.state, HOOK_DONE);
  /* An exit() within an exit function: glibc runs the remaining ones with the new status. Of one
   * that is too large the kernel keeps the low byte by itself. */
  if (status != PS_EXIT_STATUS_UNKNOWN && final != (status & 0xff))
    exit (final);
}

static void
guard (int status, void *unused)
{
  if (atomic_load (&well.state) == HOOK_DONE || ps_exit_get_data () == NULL)
    return;
  if (pthread_equal (pthread_self (), atomic_load (&well.thread)))
    {
      run (status);
      return;
    }
  on_exit (guard, NULL);
  for (;;)
    pause ();
}

/* Whether it is this call that begins the end. */
static int
begin (void)
{
  int idle = HOOK_IDLE;

  if (!atomic_compare_exchange_strong (&well.state, &idle, HOOK_RUNNING))
    return 0;
  atomic_store (&well.thread, pthread_self ());
  return 1;
}

static void
on_exit_hook (int status, void *unused)
{
  if (ps_exit_get_data () != NULL && begin ())
    run (status);
}

/* Hook and guard in one: quick_exit() has a list of its own, and tells nobody its status. */
static void
on_quick_exit_hook (void)
{
  if (atomic_load (&well.state) == HOOK_DONE || ps_exit_get_data () == NULL)
    return;
  at_quick_exit (on_quick_exit_hook);
  if (begin () || pthread_equal (pthread_self (), atomic_load (&well.thread)))
    {
      run (PS_EXIT_STATUS_UNKNOWN);
      return;
    }
  for (;;)
    pause ();
}

/* After ps_self_claim(). In a forked child that attaches anew, the hooks that were copied with it
 * serve again. */
void
ps_exit_install (PsExitFunc func, void *data)
{
  well.func = func;
  atomic_store (&well.data, data);
  atomic_store (&well.state, HOOK_IDLE);
  if (atomic_exchange (&well.registered, 1))
    return;
  pthread_atfork (NULL, NULL, ps_exit_uninstall);
  for (int i = 0; i < N_GUARDS; i++)
    {
      on_exit (guard, NULL);
      at_quick_exit (on_quick_exit_hook);
    }
  on_exit (on_exit_hook, NULL);
}

void
ps_exit_uninstall (void)
{
  atomic_store (&well.data, NULL);
}

/* The same question, without a system call: a child that shares our memory is not noticed. */
int
ps_exit_has_data (const void *data)
{
  return atomic_load (&well.data) == data && ps_self_is_watched_here ();
}

/* What is to be done after all exit functions, ours and others'. */
void
ps_exit_then (void (*last) (int), int argument)
{
  well.argument = argument;
  well.last = last;
}

/* A destructor of a library runs after the functions that were registered with atexit(). Buffers
 * are flushed after it: if it does not return, that is done here. */
static void __attribute__ ((destructor)) after_all (void)
{
  if (well.last == NULL || !ps_self_is_watched ())
    return;
  fflush (NULL);
  well.last (well.argument);
}

/* What was installed; NULL when nothing is, and in a forked child. */
void *
ps_exit_get_data (void)
{
  void *data = atomic_load (&well.data);

  return data != NULL && ps_self_is_watched () ? data : NULL;
}
