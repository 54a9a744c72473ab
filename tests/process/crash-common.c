/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crash-common.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
/* Its own alternate stacks would hide where there are none of ours. */
const char *__asan_default_options (void);

const char *
__asan_default_options (void)
{
  return "use_sigaltstack=0";
}
#endif

const int crash_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, 0 };

static void
drop_record (int priority, const char *message, const GLogField *fields, gsize n_fields,
             gpointer unused)
{
}

PsWatcher *
watch_aloud (void)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_log_func (watcher, drop_record, NULL, NULL);
  return watcher;
}

PsWatcher *
watch_crashes (void)
{
  PsWatcher *watcher = watch_aloud ();

  ps_watcher_report_crashes (watcher);
  return watcher;
}

/* --- Ways to crash --------------------------------------------------------------------------- */

static void CRASHES
touch_beyond_end (void)
{
  int fd = memfd_create ("short", MFD_CLOEXEC);
  volatile char *memory = mmap (NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

  child_need (memory != MAP_FAILED);
  (void) memory[0];
}

static void
execute_illegal (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __asm__ volatile("ud2");
#elif defined(__aarch64__)
  __asm__ volatile("udf #0");
#endif
}

static void
execute_breakpoint (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __asm__ volatile("int3");
#elif defined(__aarch64__)
  __asm__ volatile("brk #0");
#endif
}

/* A division of integers does not fail on every processor; nor must a constant be divided. */
static void CRASHES
divide_by_zero (void)
{
#if defined(__x86_64__) || defined(__i386__)
  volatile int seven = 7, zero = 0;

  seven = seven / zero;
#else
  raise (SIGFPE);
#endif
}

void CRASHES
crash_by_fault (int signum)
{
  switch (signum)
    {
    case SIGSEGV:
      *(volatile int *) CRASH_ADDRESS = 1;
      break;
    case SIGBUS:
      touch_beyond_end ();
      break;
    case SIGFPE:
      divide_by_zero ();
      break;
    case SIGILL:
      execute_illegal ();
      break;
    case SIGABRT:
      abort ();
      break;
    case SIGTRAP:
      execute_breakpoint ();
      break;
    default:
      trap_call (SYS_times);
      syscall (SYS_times, NULL);
      break;
    }
  _exit (98);
}

void CRASHES
crash_by_raise (int signum)
{
  raise (signum);
  _exit (98);
}

void
in_culprit (GThreadFunc func, gpointer data)
{
  g_thread_join (g_thread_new ("culprit", func, data));
}

/* --- Circumstances --------------------------------------------------------------------------- */

#define LOAD(member) BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, member))
#define RETURN(value) BPF_STMT (BPF_RET | BPF_K, value)

static void
filter_calls (const int *calls, guint32 verdict)
{
  struct sock_filter filter[64] = { LOAD (nr) };
  struct sock_fprog program = { .len = 1, .filter = filter };

  for (; *calls != -1; calls++)
    {
      child_need (program.len + 3u < G_N_ELEMENTS (filter));
      filter[program.len++] =
          (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, (guint32) *calls, 0, 1);
      filter[program.len++] = (struct sock_filter) RETURN (verdict);
    }
  filter[program.len++] = (struct sock_filter) RETURN (SECCOMP_RET_ALLOW);
  child_need (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  child_need (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

void
deny_calls (const int *calls)
{
  filter_calls (calls, SECCOMP_RET_ERRNO | EPERM);
}

void
trap_call (int call)
{
  filter_calls ((const int[]){ call, -1 }, SECCOMP_RET_TRAP);
}

void
fill_stderr (void)
{
  g_autofree char *filler = g_strnfill (4096, 'x');
  int ends[2];

  child_need (pipe2 (ends, O_NONBLOCK) == 0);
  while (write (ends[1], filler, 4096) > 0)
    ;
  child_need (fcntl (ends[1], F_SETFL, 0) == 0);
  child_need (dup2 (ends[1], STDERR_FILENO) >= 0);
}

/* --- In the parent --------------------------------------------------------------------------- */

#if defined(__SANITIZE_THREAD__)
#define UNDER_THREAD 1
#else
#define UNDER_THREAD 0
#endif
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS 1
#else
#define UNDER_ADDRESS 0
#endif

static gboolean
left_out (gboolean is, const char *why)
{
  if (is)
    tap_skip (why);
  return is;
}

gboolean
left_out_for_handlers (void)
{
  return left_out (UNDER_THREAD, "the sanitizer calls handlers with all signals blocked");
}

gboolean
left_out_for_jumps (void)
{
  return left_out_for_handlers ()
         || left_out (UNDER_ADDRESS, "the sanitizer does not see a jump out of a handler");
}

gboolean
left_out_for_malloc (void)
{
  return left_out (UNDER_THREAD || UNDER_ADDRESS, "the sanitizer has its own malloc()");
}

gboolean
left_out_for_cores (void)
{
  return left_out (UNDER_THREAD || UNDER_ADDRESS, "the sanitizer's memory makes cores too large");
}

static guint
count (const char *text, const char *part)
{
  guint n = 0;

  for (const char *at = text; (at = strstr (at, part)) != NULL; at += strlen (part))
    n++;
  return n;
}

void
expect_crash_at (const char *where, Proc *child, int signum, guint n_accounts)
{
  guint n;

  proc_expect_signal_at (where, child, signum);
  n = count (proc_output (child), "]: Crashed: ");
  if (!tap_failed () && n != n_accounts)
    tap_fail (where, "it said %u times that it crashed, not %u", n, n_accounts);
}

char *
record_text (Inbox *journal, const char *name)
{
  gsize length;
  const guint8 *bytes = inbox_bytes (journal, &length), *at;
  g_autofree char *key = g_strdup_printf ("\n%s\n", name);
  gsize size = 0;

  at = memmem (bytes, length, key, strlen (key));
  if (at == NULL)
    return NULL;
  at += strlen (key);
  for (guint i = 0; i < 8; i++)
    size |= (gsize) at[i] << (8 * i);
  if (at + 8 + size >= bytes + length || at[8 + size] != '\n')
    {
      tap_fail (G_STRLOC, "the length of %s is wrong", name);
      return NULL;
    }
  return g_strndup ((const char *) at + 8, size);
}
