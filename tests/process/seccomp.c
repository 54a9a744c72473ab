/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Group E: an exit under a filter that forbids a system call (E05).
 *
 * Which calls there are to be forbidden is not known beforehand: a first run is traced, and each
 * call that is seen in it, from attaching to the end, is then forbidden in turn, before attaching
 * and after it, with each error that a filter may answer, and with death.
 *
 * The child says what happens in memory that it shares with the parent: no call is needed for that.
 */
#include "common.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_CALLS 512

/* When the filter comes. */
typedef enum
{
  EARLY, /* before attaching */
  LATE,  /* when the loop turns */
  N_PHASES,
} Phase;

typedef struct
{
  gboolean seen[N_PHASES][N_CALLS];
  int phase; /* that the child is in; -1: before */
  char said[256];
} Shared;

typedef struct
{
  int call; /* -1: none is forbidden */
  Phase phase;
  guint32 answer;
  gboolean spins;    /* the loop does, as far as is known */
  gboolean may_hang; /* the exit, until it is ended by force */
  Inbox *manager;
  Inbox *journal;
  const char *log;
} Denial;

static Shared *shared;

/* --- The child: an exit that uses all there is ----------------------------------------------- */

static void
tell (const char *word)
{
  g_strlcat (shared->said, word, sizeof shared->said);
  g_strlcat (shared->said, " ", sizeof shared->said);
}

static void
forbid (const Denial *denial)
{
  struct sock_filter code[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, (guint32) denial->call, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, denial->answer),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog filter = { G_N_ELEMENTS (code), code };

  if (denial->call < 0)
    return;
  child_need (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  child_need (syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter)
              == 0);
}

static void
enter (const Denial *denial, Phase phase)
{
  shared->phase = (int) phase;
  if (denial->phase == phase)
    forbid (denial);
}

static PsHold *hold;

static gboolean
let_go (gpointer unused)
{
  tell ("released");
  ps_hold_release (hold);
  return G_SOURCE_REMOVE;
}

static void
hold_on (PsContext *context, gpointer data)
{
  const Denial *denial = data;

  tell ("terminate");
  hold = ps_context_hold (context, "an answer");
  /* Nobody is there to release it, and the time is the processor's. */
  if (denial->spins)
    ps_hold_set_deadline (hold, 100);
  g_timeout_add (5, let_go, NULL);
}

static void
tell_finish (PsContext *context, gpointer unused)
{
  tell ("finish");
}

static pid_t self;

static gboolean
begin_late (gpointer denial)
{
  enter (denial, LATE);
  tell ("ready");
  /* Looked up before: a getpid() that fails is -1, and that is everybody. */
  kill (self, SIGTERM);
  return G_SOURCE_REMOVE;
}

static int
subject (const Denial *denial)
{
  GMainLoop *loop = g_main_loop_new (NULL, FALSE);
  PsWatcher *watcher;

  self = getpid ();
  g_setenv ("NOTIFY_SOCKET", inbox_path (denial->manager), TRUE);
  g_setenv ("PS_TERMINATION_LOG", denial->log, TRUE);
  enter (denial, EARLY);
  watcher = ps_glib_attach (loop);
  if (watcher == NULL)
    {
      tell ("not attached");
      return 1;
    }
  ps_watcher_set_deadline (watcher, denial->may_hang ? 600 : 10000);
  ps_watcher_on_terminate (watcher, hold_on, (gpointer) denial);
  ps_watcher_add (watcher, PS_EVENT_FINISH, "finish", 0, 30000, tell_finish, NULL, NULL);
  ps_watcher_ready (watcher, "up");
  g_idle_add (begin_late, (gpointer) denial);
  return ps_watcher_run (watcher);
}

static int
denied_child (gconstpointer data)
{
  const Denial *denial = data;

  if (!child_own_run (inbox_path (denial->journal)))
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  return subject (denial);
}

/* --- The tracer: which calls an exit makes --------------------------------------------------- */

static void
look_at_call (pid_t thread)
{
  struct __ptrace_syscall_info info;

  if (ptrace (PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) > 0
      && info.op == PTRACE_SYSCALL_INFO_ENTRY && shared->phase >= 0 && info.entry.nr < N_CALLS)
    shared->seen[shared->phase][info.entry.nr] = TRUE;
}

/* Until the process has ended; all its threads are traced. Returns its wait status. */
static int
trace (pid_t pid)
{
  int status;
  pid_t thread;

  while ((thread = waitpid (-1, &status, __WALL)) > 0)
    {
      long signum = 0;

      if (!WIFSTOPPED (status))
        {
          if (thread == pid)
            break;
          continue;
        }
      if (WSTOPSIG (status) == (SIGTRAP | 0x80))
        look_at_call (thread);
      else if (status >> 16 == 0 && WSTOPSIG (status) != SIGSTOP)
        signum = WSTOPSIG (status);
      ptrace (PTRACE_SYSCALL, thread, 0, signum);
    }
  return status;
}

static int
traced_child (gconstpointer data)
{
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  g_autofree char *end = NULL;
  int status;
  pid_t pid;

  if (!child_own_run (inbox_path (((const Denial *) data)->journal)))
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  pid = fork ();
  if (pid == 0)
    {
      if (ptrace (PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit (1);
      raise (SIGSTOP);
      exit (subject (data));
    }
  child_need (waitpid (pid, &status, 0) == pid);
  if (!WIFSTOPPED (status) || ptrace (PTRACE_SETOPTIONS, pid, NULL, options) < 0)
    {
      child_say ("no ptrace");
      kill (pid, SIGKILL);
      return 0;
    }
  child_need (ptrace (PTRACE_SYSCALL, pid, 0, 0) == 0);
  end = proc_describe (trace (pid));
  child_say (end);
  return 0;
}

/* --- The parent ------------------------------------------------------------------------------ */

static void
remove_log (gpointer path)
{
  unlink (path);
  g_free (path);
}

/* NULL: the case is left out. */
static Denial *
set_up (void)
{
  static Denial denial;
  char *log;

  if (tap_slowness () > 1)
    {
      tap_skip ("a sanitizer makes system calls of its own");
      return NULL;
    }
  log = g_strdup_printf ("%s/ps-seccomp-%d", g_get_tmp_dir (), (int) getpid ());
  denial = (Denial){ .call = -1, .manager = inbox_new (), .journal = inbox_new (), .log = log };
  tap_defer (remove_log, log);
  shared = mmap (NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return &denial;
}

static gboolean
has_message (Inbox *inbox, const char *part)
{
  gboolean found = FALSE;

  while (!tap_failed () && inbox_has_more (inbox))
    found |= strstr (inbox_next (inbox), part) != NULL;
  return found;
}

/* What was said, how it ended, and who did not hear of it. */
static char *
outcome_of (const Denial *denial, int status)
{
  g_autofree char *end = proc_describe (status), *text = NULL;
  GString *outcome = g_string_new (shared->said);

  g_string_append (outcome, end);
  if (!has_message (denial->manager, "STOPPING=1"))
    g_string_append (outcome, ", no manager");
  if (!has_message (denial->journal, "MESSAGE=Exit finished after"))
    g_string_append (outcome, ", no journal");
  if (!g_file_get_contents (denial->log, &text, NULL, NULL)
      || strstr (text, "status 143: SIGTERM from ") == NULL)
    g_string_append (outcome, ", no log");
  unlink (denial->log);
  return g_string_free (outcome, FALSE);
}

static char *
deny (Denial *denial, int call, Phase phase, guint32 answer)
{
  Proc *child;

  denial->call = call;
  denial->phase = phase;
  denial->answer = answer;
  shared->phase = -1;
  shared->said[0] = '\0';
  child = proc_start (denied_child, denial);
  proc_expect (child, "namespace");
  return outcome_of (denial, proc_wait (child));
}

static gboolean
find_calls (Denial *denial)
{
  const char *end;
  Proc *child;

  memset (shared, 0, sizeof *shared);
  shared->phase = -1;
  child = proc_start (traced_child, denial);
  if (!got_namespace (child))
    return FALSE;
  end = proc_next (child);
  if (g_str_equal (end, "no ptrace"))
    tap_skip ("ptrace is not permitted here");
  tap_check (g_str_equal (end, "exit status 143"));
  proc_expect_exit (child, 0);
  g_free (outcome_of (denial, 0));
  return !tap_failed ();
}

/* An early filter is there later, too. */
static gboolean
is_made (int call, Phase phase)
{
  return shared->seen[phase][call] || (phase == EARLY && shared->seen[LATE][call]);
}

/* --- What becomes of an exit ----------------------------------------------------------------- */

#define WHOLE "ready terminate released finish exit status 143"
#define NOT_TOLD ", no manager, no journal, no log"

typedef enum
{
  AT_ANY_TIME,
  WHEN_EARLY,
  WHEN_LATE,
} When;

/* What cannot be an exit as ever, or is not heard of; docs/environments.md has the reasons. */
static const struct
{
  int call;
  When when;
  const char *outcome; /* NULL: any, within the time */
} exceptions[] = {
  /* The loop of GLib itself does not work without. */
  { SYS_read, AT_ANY_TIME, "ready terminate finish exit status 143" },
  /* There is no taking of signals without. */
  { SYS_eventfd2, WHEN_EARLY, "not attached exit status 1" NOT_TOLD },
  { SYS_rt_sigaction, WHEN_EARLY, "ready signal 15 (Terminated)" NOT_TOLD },
  /* Somebody is not told. */
  { SYS_socket, WHEN_EARLY, WHOLE ", no manager, no journal" },
  { SYS_sendmsg, AT_ANY_TIME, WHOLE ", no manager, no journal" },
  { SYS_openat, WHEN_EARLY, WHOLE ", no log" },
  { SYS_write, AT_ANY_TIME, WHOLE ", no log" },
  /* glibc and GLib end a process that gets no memory, no thread, no lock. */
  { SYS_mmap, AT_ANY_TIME, NULL },
  { SYS_mprotect, AT_ANY_TIME, NULL },
  { SYS_munmap, AT_ANY_TIME, NULL },
  { SYS_brk, AT_ANY_TIME, NULL },
  { SYS_futex, AT_ANY_TIME, NULL },
  { SYS_clone3, AT_ANY_TIME, NULL },
#ifdef SYS_rseq
  { SYS_rseq, AT_ANY_TIME, NULL },
#endif
  { SYS_set_robust_list, AT_ANY_TIME, NULL },
};

/* Index into the exceptions; -1: none. */
static int
find_exception (int call, Phase phase)
{
  for (guint i = 0; i < G_N_ELEMENTS (exceptions); i++)
    if (exceptions[i].call == call
        && (exceptions[i].when == AT_ANY_TIME
            || (exceptions[i].when == WHEN_EARLY) == (phase == EARLY)))
      return (int) i;
  return -1;
}

/* Without them no process goes on; kill() is this test's own; and getpid() cannot fail, so that a
 * process which is told that it is not itself any more steps aside like a forked child. */
static gboolean
is_out_of_question (int call)
{
  return call == SYS_exit_group || call == SYS_exit || call == SYS_rt_sigreturn || call == SYS_kill
         || call == SYS_getpid;
}

static void
expect_outcome (Denial *denial, int call, Phase phase, int error)
{
  int exception = find_exception (call, phase);
  const char *wanted = exception < 0 ? WHOLE : exceptions[exception].outcome;
  g_autofree char *outcome = NULL;

  denial->may_hang = wanted == NULL;
  denial->spins = denial->may_hang || strstr (wanted, "released") == NULL;
  outcome = deny (denial, call, phase, SECCOMP_RET_ERRNO | (guint32) error);
  if (!tap_failed () && wanted != NULL && !g_str_equal (outcome, wanted))
    tap_fail (G_STRLOC, "call %d, forbidden %s by %s: \"%s\" instead of \"%s\"", call,
              phase == EARLY ? "early" : "late", g_strerror (error), outcome, wanted);
}

/* An exception is the same with every error, and takes its time. */
static void
e05 (void)
{
  static const int errors[] = { EPERM, ENOSYS, EACCES };
  Denial *denial = set_up ();
  guint n_calls = 0, n_exits = 0;

  if (denial == NULL || !find_calls (denial))
    return;
  for (Phase phase = EARLY; phase < N_PHASES; phase++)
    for (int call = 0; call < N_CALLS; call++)
      {
        guint n_errors = find_exception (call, phase) < 0 ? G_N_ELEMENTS (errors) : 1;

        if (!is_made (call, phase) || is_out_of_question (call))
          continue;
        for (guint i = 0; i < n_errors && !tap_failed (); i++)
          expect_outcome (denial, call, phase, errors[i]);
        n_calls += phase == EARLY;
        n_exits += n_errors;
      }
  printf ("# %u system calls forbidden, in %u exits\n", n_calls, n_exits);
}

/* --- Death ----------------------------------------------------------------------------------- */

/* That these were forbidden is certain: the exit died of them. */
static const int surely[] = {
  SYS_sendmsg,      SYS_socket,        SYS_write,        SYS_openat,
  SYS_timer_create, SYS_timer_settime, SYS_rt_sigaction, SYS_ftruncate
};

static void
e05_kill (void)
{
  Denial *denial = set_up ();
  g_autofree char *killed = proc_describe (SIGSYS);
  gboolean died[N_CALLS] = { FALSE };

  if (denial == NULL || !find_calls (denial))
    return;
  for (Phase phase = EARLY; phase < N_PHASES; phase++)
    for (int call = 0; call < N_CALLS && !tap_failed (); call++)
      if (is_made (call, phase) && call != SYS_kill)
        {
          g_autofree char *outcome = deny (denial, call, phase, SECCOMP_RET_KILL_PROCESS);
          gboolean fired = strstr (outcome, killed) != NULL;

          /* One that is made now and then only (a lock that is contended) may not be made. */
          if (!tap_failed () && !fired && !g_str_equal (outcome, WHOLE))
            tap_fail (G_STRLOC, "call %d, deadly: \"%s\"", call, outcome);
          died[call] |= fired;
        }
  for (guint i = 0; i < G_N_ELEMENTS (surely); i++)
    if (!tap_failed () && !died[surely[i]])
      tap_fail (G_STRLOC, "call %d was never made", surely[i]);
}

static const TapCase cases[] = {
  { "E05", "each system call of an exit is forbidden: it ends, with its callbacks and status",
    e05 },
  { "E05b", "each is deadly: it dies of SIGSYS", e05_kill },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
