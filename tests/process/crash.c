/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group C: crashes of every kind, everywhere; who has sent what only looks like one. */
#include "crash-common.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- C01 ------------------------------------------------------------------------------------- */

typedef enum
{
  IN_MAIN,
  IN_THREAD,
  IN_SOURCE,
  IN_EXIT,
} Place;

typedef struct
{
  int signum;
  void (*crash) (int signum);
  Place place;
} Way;

static const Way *the_way;

static void
crash_now (void)
{
  the_way->crash (the_way->signum);
}

static gpointer
crash_in_thread (gpointer unused)
{
  crash_now ();
  return NULL;
}

static gboolean
crash_in_source (gpointer unused)
{
  crash_now ();
  return G_SOURCE_REMOVE;
}

static int
crashing_child (gconstpointer way)
{
  PsWatcher *watcher = watch_crashes ();

  the_way = way;
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  switch (the_way->place)
    {
    case IN_MAIN:
      crash_now ();
      break;
    case IN_THREAD:
      in_culprit (crash_in_thread, NULL);
      break;
    case IN_SOURCE:
      g_idle_add (crash_in_source, NULL);
      break;
    case IN_EXIT:
      atexit (crash_now);
      exit (3);
    }
  return run_quietly (watcher);
}

static void
expect_way (Way way)
{
  Proc *child = proc_start (crashing_child, &way);
  g_autofree char *name = g_strdup_printf ("Crashed: SIG%s (", sigabbrev_np (way.signum));

  expect_crash (child, way.signum, 1);
  proc_expect_output (child, name);
  if (way.place == IN_THREAD)
    proc_expect_output (child, "\"culprit\"");
  if (way.crash == crash_by_raise)
    proc_expect_output (child, "raise() of the process itself");
  proc_expect_output (child, "were not run: say\n");
  proc_expect_output (child, "\n  #3 0x");
  proc_expect_no_output (child, "not whole");
}

static void
each_in (Place place)
{
  for (const int *signum = crash_signals; *signum != 0 && !tap_failed (); signum++)
    {
      expect_way ((Way){ *signum, crash_by_fault, place });
      expect_way ((Way){ *signum, crash_by_raise, place });
    }
}

static void
c01_main (void)
{
  each_in (IN_MAIN);
}

static void
c01_thread (void)
{
  each_in (IN_THREAD);
}

static void
c01_source (void)
{
  each_in (IN_SOURCE);
}

static void
c01_exit (void)
{
  each_in (IN_EXIT);
}

/* The words for each kind of fault. */
static void
c01_words (void)
{
  static const struct
  {
    int signum;
    const char *words;
  } faults[] = {
    { SIGSEGV, "SIGSEGV (SEGV_MAPERR: address not mapped) at 0x1230 in thread" },
    { SIGBUS, "SIGBUS (BUS_ADRERR: " },
    { SIGABRT, "SIGABRT (abort() or raise() of the process itself) in thread" },
#if defined(__x86_64__)
    { SIGFPE, "SIGFPE (FPE_INTDIV: integer division by zero) at 0x" },
    { SIGILL, "SIGILL (ILL_ILLOPN: illegal operand) at 0x" },
    { SIGTRAP, "SIGTRAP (SI_KERNEL: breakpoint instruction" },
    { SIGSYS, "SIGSYS (SYS_SECCOMP: system call denied, number 100) at 0x" },
#endif
  };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      Way way = { faults[i].signum, crash_by_fault, IN_MAIN };
      Proc *child = proc_start (crashing_child, &way);

      expect_crash (child, way.signum, 1);
      proc_expect_output (child, faults[i].words);
    }
}

/* --- C07 ------------------------------------------------------------------------------------- */

static int
blocked_child (gconstpointer data)
{
  sigset_t set;

  watch_crashes ();
  sigfillset (&set);
  sigprocmask (SIG_BLOCK, &set, NULL);
  crash_by_fault (SIGSEGV);
  return 0;
}

static void
c07 (void)
{
  /* The kernel does not ask handlers then. */
  expect_crash (proc_start (blocked_child, NULL), SIGSEGV, 0);
}

/* --- C08 ------------------------------------------------------------------------------------- */

static int
waiting_child (gconstpointer data)
{
  return run (watch_crashes ());
}

static void
c08 (void)
{
  g_autofree char *comm = NULL;
  g_autofree char *sender = NULL;

  tap_check (g_file_get_contents ("/proc/self/comm", &comm, NULL, NULL));
  g_strchomp (comm);
  sender = g_strdup_printf ("(SI_USER: sent by kill() by process %d (%s) of user %u) in thread",
                            (int) getpid (), comm, (unsigned) getuid ());
  for (const int *signum = crash_signals; *signum != 0; signum++)
    {
      Proc *child = proc_start (waiting_child, NULL);

      proc_expect (child, "ready");
      proc_kill (child, *signum);
      expect_crash (child, *signum, 1);
      proc_expect_output (child, sender);
    }
}

static void
c08_queue (void)
{
  Proc *child = proc_start (waiting_child, NULL);

  proc_expect (child, "ready");
  tap_check (sigqueue (proc_pid (child), SIGSEGV, (union sigval){ .sival_int = 1 }) == 0);
  expect_crash (child, SIGSEGV, 1);
  proc_expect_output (child, "(SI_QUEUE: sent by sigqueue() by process ");
}

/* --- C09 ------------------------------------------------------------------------------------- */

static void
return_only (int signum)
{
  child_say ("their handler");
}

static int
blocked_abort_child (gconstpointer data)
{
  sigset_t set;

  watch_crashes ();
  sigfillset (&set);
  sigprocmask (SIG_BLOCK, &set, NULL);
  abort ();
}

static int
ignored_abort_child (gconstpointer data)
{
  signal (SIGABRT, SIG_IGN);
  watch_crashes ();
  abort ();
}

static int
handled_abort_child (gconstpointer data)
{
  signal (SIGABRT, return_only);
  watch_crashes ();
  abort ();
}

static int
handled_later_abort_child (gconstpointer data)
{
  watch_crashes ();
  signal (SIGABRT, return_only);
  abort ();
}

static void
c09 (void)
{
  Proc *child;

  expect_crash (proc_start (blocked_abort_child, NULL), SIGABRT, 1);
  expect_crash (proc_start (ignored_abort_child, NULL), SIGABRT, 1);
  child = proc_start (handled_abort_child, NULL);
  proc_expect (child, "their handler");
  expect_crash (child, SIGABRT, 1);
  child = proc_start (handled_later_abort_child, NULL);
  proc_expect (child, "their handler");
  expect_crash (child, SIGABRT, 0);
}

/* What somebody sends does nothing when it was ignored before we came. */
static int
ignoring_child (gconstpointer data)
{
  signal (SIGSEGV, SIG_IGN);
  return run (watch_crashes ());
}

static void
c09_ignored (void)
{
  Proc *child = proc_start (ignoring_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGSEGV);
  proc_kill (child, SIGTERM);
  proc_expect_exit (child, 143);
  proc_expect_no_output (child, "Crashed");
}

static const TapCase cases[] = {
  { "C01", "every signal, by fault and by raise(), in main", c01_main },
  { "C01b", "in another thread", c01_thread },
  { "C01c", "in a callback of the loop", c01_source },
  { "C01d", "in a function of atexit()", c01_exit },
  { "C01e", "the code in words", c01_words },
  { "C07", "a fault with its signal blocked: no word, the same death", c07 },
  { "C08", "a signal that was sent is no fault, and has a sender", c08 },
  { "C08b", "likewise by sigqueue()", c08_queue },
  { "C09", "abort() ends in SIGABRT: blocked, ignored, handled before and after", c09 },
  { "C09b", "what was ignored before and is sent does nothing", c09_ignored },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
