/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe.h"

#include <signal.h>
#include <string.h>

/* A test looks for the name of this function in the journal. */
static void __attribute__ ((noinline)) write_where_nothing_is (void)
{
  *(volatile int *) 0x1230 = 1;
}

static gpointer
in_thread (gpointer unused)
{
  ps_thread_prepare ();
  write_where_nothing_is ();
  return NULL;
}

static void
say_crash (const PsCrash *crash, void *unused)
{
  trace_now ("crash callback\n");
}

static void
say_finish (PsContext *context, gpointer unused)
{
  trace_now ("safe finish callback\n");
}

static void
crash_again (const PsCrash *crash, void *unused)
{
  write_where_nothing_is ();
}

void
crash_register_twice (void)
{
  ps_watcher_on_crash (the_watcher, crash_again, NULL);
}

void
crash_register (void)
{
  ps_watcher_on_crash (the_watcher, say_crash, NULL);
  ps_watcher_add (the_watcher, PS_EVENT_FINISH | PS_ASYNC_SIGNAL_SAFE, "safe", 100, 0, say_finish,
                  NULL, NULL);
}

void
act_segv (Act *act, PsContext *context)
{
  write_where_nothing_is ();
  trace ("not reached"); /* the call is no jump */
}

void
act_thread_segv (Act *act, PsContext *context)
{
  g_thread_join (g_thread_new ("culprit", in_thread, NULL));
}

void
act_blocked_segv (Act *act, PsContext *context)
{
  sigset_t set;

  sigfillset (&set);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
  write_where_nothing_is ();
}

void
act_assert (Act *act, PsContext *context)
{
  g_assertion_message_expr (NULL, "file.c", 12, "function", act->argument);
}
