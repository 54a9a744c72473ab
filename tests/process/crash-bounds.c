/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group C: when even the handler is in trouble: no stack, a second crash, no time, nothing allowed.
 */
#include "crash-common.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- C02 ------------------------------------------------------------------------------------- */

#define BIG_ROOM ((gsize) 32 * 1024)

static int CRASHES
use_stack (volatile int depth)
{
  volatile char room[1024];

  if (depth < 0)
    return 0;
  room[0] = (char) depth;
  return use_stack (depth + 1) + room[0];
}

static gpointer
overflow_prepared (gpointer unused)
{
  child_need (ps_thread_prepare ());
  return GINT_TO_POINTER (use_stack (0));
}

static gpointer
overflow_unprepared (gpointer unused)
{
  return GINT_TO_POINTER (use_stack (0));
}

static int
overflow_child (gconstpointer func)
{
  watch_crashes ();
  if (func == NULL)
    return use_stack (0);
  in_culprit (*(const GThreadFunc *) func, NULL);
  return 0;
}

static void
c02 (void)
{
  static const GThreadFunc prepared = overflow_prepared, unprepared = overflow_unprepared;
  const gpointer with_stack[] = { NULL, (gpointer) &prepared };

  for (guint i = 0; i < G_N_ELEMENTS (with_stack); i++)
    {
      Proc *child = proc_start (overflow_child, with_stack[i]);

      expect_crash (child, SIGSEGV, 1);
      proc_expect_output (child, "at the end of the stack: stack overflow");
      proc_expect_output (child, "  #60 ");
      proc_expect_no_output (child, "not whole");
    }
  /* The kernel finds no room for the handler. */
  expect_crash (proc_start (overflow_child, &unprepared), SIGSEGV, 0);
}

/* Touches the middle of its room only. Of two stacks that are half a room apart one is at its end
 * when a room is touched, the other when a call is made. */
static int CRASHES
use_rooms (void)
{
  static volatile gboolean is_over;
  volatile char room[BIG_ROOM];

  if (is_over)
    return 0;
  room[BIG_ROOM / 2] = 0;
  return use_rooms () + room[BIG_ROOM / 2];
}

static int
big_rooms_child (gconstpointer before)
{
  volatile char *first = g_alloca (GPOINTER_TO_SIZE (before));

  watch_crashes ();
  first[0] = 0;
  return use_rooms () + first[0];
}

static void
c02_big_rooms (void)
{
  for (gsize before = 16; before <= BIG_ROOM; before += BIG_ROOM / 4)
    {
      Proc *child = proc_start (big_rooms_child, GSIZE_TO_POINTER (before));

      expect_crash (child, SIGSEGV, 1);
      proc_expect_output (child, "at the end of the stack: stack overflow");
    }
}

/* The loop in a thread of its own: ps_watcher_run() prepares it. */
static gpointer
run_and_overflow (gpointer watcher)
{
  g_idle_add ((GSourceFunc) (void (*) (void)) use_stack, NULL);
  ps_watcher_run (watcher);
  return NULL;
}

static int
overflow_in_loop_child (gconstpointer data)
{
  in_culprit (run_and_overflow, watch_crashes ());
  return 0;
}

static void
c02_loop (void)
{
  expect_crash (proc_start (overflow_in_loop_child, NULL), SIGSEGV, 1);
}

static char their_stack[64 * 1024];

static gpointer
prepare_and_look (gpointer unused)
{
  stack_t stack;

  child_need (ps_thread_prepare () && ps_thread_prepare ());
  child_need (sigaltstack (NULL, &stack) == 0);
  child_sayf ("theirs: %d, large enough: %d", stack.ss_sp == their_stack,
              stack.ss_size >= 64 * 1024 && stack.ss_size >= (size_t) sysconf (_SC_SIGSTKSZ));
  return NULL;
}

static guint
count_mappings (void)
{
  g_autofree char *maps = NULL;
  g_auto (GStrv) lines = NULL;

  child_need (g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL));
  lines = g_strsplit (maps, "\n", -1);
  return g_strv_length (lines);
}

static gpointer
set_up_own (gpointer unused)
{
  const stack_t stack = { .ss_sp = their_stack, .ss_size = sizeof their_stack };

  child_need (sigaltstack (&stack, NULL) == 0);
  return prepare_and_look (NULL);
}

static int
stacks_child (gconstpointer data)
{
  guint before;

  in_culprit (set_up_own, NULL);
  for (guint i = 0; i < 3; i++)
    in_culprit (prepare_and_look, NULL);
  before = count_mappings ();
  for (guint i = 0; i < 3; i++)
    in_culprit (prepare_and_look, NULL);
  /* A sanitizer has mappings of its own for threads. */
  child_sayf ("more mappings: %d", tap_slowness () == 1 && count_mappings () > before);
  return 0;
}

static void
c02_stacks (void)
{
  static const char fresh[] = "theirs: 0, large enough: 1";
  Proc *child = proc_start (stacks_child, NULL);

  proc_expect_lines (child, "theirs: 1, large enough: 1", fresh, fresh, fresh, fresh, fresh, fresh,
                     "more mappings: 0");
  proc_expect_exit (child, 0);
}

/* --- C03 ------------------------------------------------------------------------------------- */

static void
crash_again (const PsCrash *crash, void *unused)
{
  child_say ("again");
  crash_by_fault (SIGSEGV);
}

static void
say_it (const PsCrash *crash, void *word)
{
  child_say (word);
}

static int
crash_twice_child (gconstpointer signum)
{
  PsWatcher *watcher = watch_crashes ();

  ps_watcher_on_crash (watcher, say_it, (gpointer) "not called");
  ps_watcher_on_crash (watcher, crash_again, NULL);
  crash_by_fault (*(const int *) signum);
  return 0;
}

static void
c03 (void)
{
  if (left_out_for_handlers ())
    return;
  for (const int *signum = crash_signals; *signum != 0; signum++)
    {
      Proc *child = proc_start (crash_twice_child, signum);

      proc_expect (child, "again");
      expect_crash (child, *signum, 1);
      proc_expect_output (child, "Cut short in the crash: crash_again: it crashed, too\n");
    }
}

#if defined(__x86_64__)
/* alloca() makes the register count, which then points to where there is no memory: the unwinder
 * falls over it. */
static void CRASHES
crash_without_stack (volatile size_t size)
{
  volatile char *room = __builtin_alloca (size);

  room[0] = 1;
  __asm__ volatile("mov $0x1000, %rbp\n"
                   "movl $1, 0x1230");
  room[1] = 1;
}

static int
smashed_child (gconstpointer data)
{
  ps_watcher_on_crash (watch_crashes (), say_it, (gpointer) "called");
  crash_without_stack (100);
  return 0;
}

static void
c03_stack (void)
{
  Proc *child;

  if (left_out_for_handlers ())
    return;
  child = proc_start (smashed_child, NULL);
  proc_expect (child, "called");
  expect_crash (child, SIGSEGV, 1);
  proc_expect_output (child, "at 0x1230 in thread");
  proc_expect_output (child, "this account is not whole: finding out more crashed, too");
  proc_expect_output (child, "\n  #0 0x");
}
#else
static void
c03_stack (void)
{
  tap_skip ("written for another processor");
}
#endif

/* A call of what is no function: the caller is shown, and nothing falls over. */
static void (*volatile no_function) (void);

static void CRASHES
call_nothing (void)
{
  no_function ();
  child_say ("not reached");
}

static int
null_call_child (gconstpointer data)
{
  watch_crashes ();
  call_nothing ();
  return 0;
}

static void
c03_null (void)
{
  Proc *child = proc_start (null_call_child, NULL);

  expect_crash (child, SIGSEGV, 1);
  proc_expect_output (child, "\n  #0 0x0000000000000000\n");
  proc_expect_output (child, "/process-crash-bounds+0x");
  proc_expect_no_output (child, "not whole");
}

/* --- C04 ------------------------------------------------------------------------------------- */

static pthread_barrier_t barrier;

static gpointer
crash_together (gpointer signum)
{
  pthread_barrier_wait (&barrier);
  crash_by_fault (GPOINTER_TO_INT (signum));
  return NULL;
}

static int
together_child (gconstpointer signum)
{
  watch_crashes ();
  pthread_barrier_init (&barrier, NULL, 3);
  in_thread (crash_together, GINT_TO_POINTER (SIGSEGV));
  in_thread (crash_together, GINT_TO_POINTER (SIGSEGV));
  in_culprit (crash_together, GINT_TO_POINTER (SIGSEGV));
  return 0;
}

static void
c04 (void)
{
  for (guint i = 0; i < 20 && !tap_failed (); i++)
    {
      Proc *child = proc_start (together_child, NULL);

      expect_crash (child, SIGSEGV, 1);
      proc_expect_no_output (child, "not whole");
    }
}

/* --- C13 ------------------------------------------------------------------------------------- */

static const int handler_calls[] = { SYS_sigaltstack, SYS_tgkill,        SYS_rt_tgsigqueueinfo,
                                     SYS_prctl,       SYS_timer_create,  SYS_timer_settime,
                                     SYS_openat,      SYS_socket,        SYS_gettid,
                                     SYS_getppid,     SYS_clock_gettime, -1 };

static int
denied_child (gconstpointer signum)
{
  watch_crashes ();
  deny_calls (handler_calls);
  crash_by_fault (*(const int *) signum);
  return 0;
}

static int
denied_before_child (gconstpointer signum)
{
  PsWatcher *watcher = watch_aloud ();

  deny_calls (handler_calls);
  ps_watcher_report_crashes (watcher);
  crash_by_fault (*(const int *) signum);
  return 0;
}

static void
c13_denied (void)
{
  static const int refailing[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };

  for (guint i = 0; i < G_N_ELEMENTS (refailing); i++)
    {
      expect_crash (proc_start (denied_child, &refailing[i]), refailing[i], 1);
      expect_crash (proc_start (denied_before_child, &refailing[i]), refailing[i], 1);
    }
  /* What a plain return would go on from. */
  expect_crash (proc_start (denied_child, (gconstpointer) (const int[]){ SIGTRAP }), SIGTRAP, 1);
}

/* Nothing that could end the process by its signal is allowed. */
static int
all_denied_child (gconstpointer signum)
{
  static const int calls[] = { SYS_tgkill, SYS_rt_tgsigqueueinfo, SYS_kill, -1 };

  watch_crashes ();
  deny_calls (calls);
  crash_by_fault (*(const int *) signum);
  return 0;
}

static void
c13_all_denied (void)
{
  static const int signals[] = { SIGTRAP, SIGSYS };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      Proc *child = proc_start (all_denied_child, &signals[i]);

      proc_expect_exit (child, 128 + signals[i]);
      proc_expect_output (child, "Crashed: ");
    }
}

/* PID 1 of a container: no signal has an effect on it, but a fault; and so it stays. */
static void
be_first_process (int signum)
{
  watch_crashes ();
  if (fork () == 0)
    _exit (kill (1, signum));
  wait (NULL);
  child_say ("still there");
  crash_by_fault (signum);
}

static int
first_process_child (gconstpointer signum)
{
  int status;
  pid_t pid;

  if (!child_own_pids ())
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  pid = fork ();
  if (pid == 0)
    be_first_process (*(const int *) signum);
  child_need (waitpid (pid, &status, 0) == pid);
  _exit (WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status));
}

static void
c13_first_process (void)
{
  for (const int *signum = crash_signals; *signum != 0; signum++)
    {
      Proc *child = proc_start (first_process_child, signum);

      if (!got_namespace (child))
        return;
      proc_expect (child, "still there");
      proc_expect_exit (child, 128 + *signum);
      proc_expect_output (child, "[1]: Crashed: SIG");
    }
}

static int
limited_child (gconstpointer data)
{
  static const struct rlimit none = { 0, 0 }, few = { 3, 3 };

  child_need (setrlimit (RLIMIT_SIGPENDING, &none) == 0);
  watch_crashes ();
  /* One that is just starting dies without memory before we do. */
  wait_until_others_sleep ();
  child_need (setrlimit (RLIMIT_CORE, &none) == 0 && setrlimit (RLIMIT_NOFILE, &few) == 0
              && setrlimit (RLIMIT_FSIZE, &none) == 0);
#if !defined(__SANITIZE_ADDRESS__)
  /* The sanitizer takes memory all the time. */
  child_need (setrlimit (RLIMIT_AS, &none) == 0);
#endif
  crash_by_fault (SIGSEGV);
  return 0;
}

static void
c13_limits (void)
{
  /* RLIMIT_FSIZE lets the account not be written, and sends SIGXFSZ for it. */
  expect_crash (proc_start (limited_child, NULL), SIGSEGV, 0);
}

static int
stderr_child (gconstpointer path)
{
  watch_crashes ();
  if (path == NULL)
    close (STDERR_FILENO);
  else
    child_need (dup2 (open (path, O_WRONLY), STDERR_FILENO) >= 0);
  crash_by_fault (SIGSEGV);
  return 0;
}

static int
broken_pipe_child (gconstpointer data)
{
  int ends[2];

  watch_crashes ();
  signal (SIGPIPE, SIG_DFL);
  child_need (pipe (ends) == 0 && dup2 (ends[1], STDERR_FILENO) >= 0);
  close (ends[0]);
  crash_by_fault (SIGTRAP);
  return 0;
}

static void
c13_stderr (void)
{
  expect_crash (proc_start (stderr_child, NULL), SIGSEGV, 0);
  expect_crash (proc_start (stderr_child, "/dev/full"), SIGSEGV, 0);
  expect_crash (proc_start (broken_pipe_child, NULL), SIGTRAP, 0);
}

/* --- C15 ------------------------------------------------------------------------------------- */

static void
loop_for_ever (const PsCrash *crash, void *unused)
{
  child_say ("loops");
  for (;;)
    ;
}

static void
write_to_full_pipe (const PsCrash *crash, void *unused)
{
  if (write (STDERR_FILENO, "x", 1) == 1)
    child_say ("there was room");
}

static void
block_all_and_wait (const PsCrash *crash, void *unused)
{
  sigset_t set;

  sigfillset (&set);
  sigprocmask (SIG_BLOCK, &set, NULL);
  for (;;)
    sleep (1000);
}

static int
full_pipe_child (gconstpointer hang)
{
  PsWatcher *watcher = watch_crashes ();

  fill_stderr ();
  if (hang != NULL)
    ps_watcher_on_crash (watcher, write_to_full_pipe, NULL);
  crash_by_fault (SIGBUS);
  return 0;
}

static int
hanging_child (gconstpointer func)
{
  ps_watcher_on_crash (watch_crashes (), *(const PsCrashFunc *) func, NULL);
  child_say ("crash");
  crash_by_fault (SIGBUS);
  return 0;
}

static void
c15 (void)
{
  static const PsCrashFunc loops = loop_for_ever, waits = block_all_and_wait;
  Proc *child;

  /* It is not even waited for. */
  expect_crash (proc_start (full_pipe_child, NULL), SIGBUS, 0);
  if (left_out_for_handlers ())
    return;
  expect_crash (proc_start (full_pipe_child, "hang"), SIGBUS, 0);

  child = proc_start (hanging_child, &loops);
  proc_expect_lines (child, "crash", "loops");
  expect_crash (child, SIGBUS, 1);
  proc_expect_output (child, "Cut short in the crash: ");
  proc_expect_output (child, ": it took too long\n");

  child = proc_start (hanging_child, &loops);
  proc_expect_lines (child, "crash", "loops");
  proc_stand_still (child, 3000);
  expect_crash (child, SIGBUS, 1);

  /* No signal reaches it any more but SIGKILL. */
  child = proc_start (hanging_child, &waits);
  proc_expect (child, "crash");
  expect_crash (child, SIGKILL, 1);
}

static const TapCase cases[] = {
  { "C02", "stack overflow: in main, in a prepared thread; unprepared: no word", c02 },
  { "C02", "... and of functions that take much of it at once", c02_big_rooms },
  { "C02b", "in the loop of another thread", c02_loop },
  { "E06", "an alternate stack that is there stays, ours ends with its thread", c02_stacks },
  { "C03", "a crash callback that crashes: one account, the first signal", c03 },
  { "C03b", "a stack that cannot be read", c03_stack },
  { "C03c", "a call of NULL has its caller in the backtrace", c03_null },
  { "C04", "three threads crash at once: one account", c04 },
  { "C13", "the calls of the handler are denied", c13_denied },
  { "C13d", "all ways to die of a signal are denied: the status says it", c13_all_denied },
  { "C13e", "PID 1 of a container, whom no signal ends", c13_first_process },
  { "C13b", "no descriptors, no memory, no timers, no room", c13_limits },
  { "C13c", "standard error is closed, full or broken", c13_stderr },
  { "C15", "a handler that hangs ends by itself", c15 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
