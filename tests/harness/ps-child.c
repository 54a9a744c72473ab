/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child is forked from the runner and not executed, so that a case is one function beside
 * another in one file. What a fresh process would have, child_begin() restores: default signals,
 * an empty mask, three standard descriptors and the two pipes of the harness, no service manager
 * in the environment, no core file. The runner has one thread and never touches a main loop, so
 * GLib has nothing in it that a fork could break.
 */
#include "ps-child.h"
#include "ps-child-private.h"
#include "ps-proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAY_FD 3
#define AWAIT_FD 4
#define GAVE_UP 99

/* Whose leaks are of interest; 0: nobody's. */
static pid_t leaks_of;

/* Asked by the leak sanitizer, where there is one. It can deadlock in what a child of many threads
 * has forked; and what such a copy does not free is not its fault. */
int __lsan_is_turned_off (void);

int
__lsan_is_turned_off (void)
{
  return leaks_of != getpid ();
}

void
child_forgive_leaks (void)
{
  leaks_of = 0;
}

static void
reset_signals (void)
{
  const struct sigaction fresh = { .sa_handler = SIG_DFL };
  sigset_t none;

  for (int signum = 1; signum < NSIG; signum++)
    sigaction (signum, &fresh, NULL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

static void
reset_environment (void)
{
  static const char *const names[] = { "NOTIFY_SOCKET",      "WATCHDOG_USEC",    "WATCHDOG_PID",
                                       "INVOCATION_ID",      "JOURNAL_STREAM",   "PS_DEADLINE_SEC",
                                       "SYSTEMD_EXEC_PID",   "LISTEN_FDS",       "G_DEBUG",
                                       "PS_TERMINATION_LOG", "G_MESSAGES_DEBUG", "MAINPID" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    unsetenv (names[i]);
}

/* The pipes get fixed numbers, so that they survive exec and can be told from a leak. First out
 * of the way, since they may have each other's number. */
static void
arrange_fds (const ChildFds *fds)
{
  int say = fcntl (fds->say, F_DUPFD, 10);
  int await = fcntl (fds->await, F_DUPFD, 10);
  int output = fcntl (fds->output, F_DUPFD, 10);
  int input = fds->input >= 0 ? fds->input : open ("/dev/null", O_RDONLY);

  dup2 (input, STDIN_FILENO);
  dup2 (output, STDOUT_FILENO);
  dup2 (output, STDERR_FILENO);
  dup2 (say, SAY_FD);
  dup2 (await, AWAIT_FD);
  close_range (AWAIT_FD + 1, ~0U, 0);
}

void
child_begin (const ChildFds *fds)
{
  struct rlimit core;

  leaks_of = getpid ();
  setpgid (0, 0);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  prctl (PR_SET_CHILD_SUBREAPER, 0);
  /* The hard limit stays, for a case that wants one. */
  if (getrlimit (RLIMIT_CORE, &core) == 0)
    {
      core.rlim_cur = 0;
      setrlimit (RLIMIT_CORE, &core);
    }
  reset_signals ();
  reset_environment ();
  arrange_fds (fds);
}

void
child_say (const char *line)
{
  char buffer[1024];
  size_t length = strnlen (line, sizeof buffer - 1);

  memcpy (buffer, line, length);
  for (size_t i = 0; i < length; i++)
    if (buffer[i] == '\n')
      buffer[i] = '|';
  buffer[length] = '\n';
  if (write (SAY_FD, buffer, length + 1) < 0)
    _exit (GAVE_UP);
}

void
child_sayf (const char *format, ...)
{
  char buffer[1024];
  va_list args;

  va_start (args, format);
  vsnprintf (buffer, sizeof buffer, format, args);
  va_end (args);
  child_say (buffer);
}

void
child_give_up (const char *where, const char *expression)
{
  child_sayf ("%s: the test needs %s", where, expression);
  _exit (GAVE_UP);
}

void
child_await (const char *line)
{
  char buffer[256];
  size_t length = 0;

  while (length == 0 || buffer[length - 1] != '\n')
    {
      ssize_t n = TEMP_FAILURE_RETRY (read (AWAIT_FD, buffer + length, 1));

      child_need (n == 1 && length < sizeof buffer - 1);
      length++;
    }
  buffer[length - 1] = '\0';
  if (strcmp (buffer, line) != 0)
    child_give_up (buffer, line);
}

static void *
idle_thread (void *data)
{
  for (;;)
    pause ();
  return NULL;
}

void
child_start_thread (void)
{
  pthread_t thread;

  child_need (pthread_create (&thread, NULL, idle_thread, NULL) == 0);
  pthread_detach (thread);
}

struct _ChildFdSet
{
  GHashTable *open; /* number -> what it is */
};

static GHashTable *
list_fds (void)
{
  GHashTable *open = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  DIR *dir = opendir ("/proc/self/fd");
  struct dirent *entry;

  child_need (dir != NULL);
  while ((entry = readdir (dir)) != NULL)
    {
      int fd = atoi (entry->d_name);
      char target[256] = "";

      if (entry->d_name[0] == '.' || fd == dirfd (dir))
        continue;
      child_need (readlinkat (dirfd (dir), entry->d_name, target, sizeof target - 1) >= 0);
      g_hash_table_insert (open, GINT_TO_POINTER (fd), g_strdup (target));
    }
  closedir (dir);
  return open;
}

ChildFdSet *
child_fds_note (void)
{
  ChildFdSet *self = g_new (ChildFdSet, 1);

  self->open = list_fds ();
  return self;
}

static guint
say_difference (GHashTable *these, GHashTable *those, const char *what)
{
  GHashTableIter iter;
  gpointer fd, target;
  guint n = 0;

  g_hash_table_iter_init (&iter, these);
  while (g_hash_table_iter_next (&iter, &fd, &target))
    if (!g_hash_table_contains (those, fd))
      {
        child_sayf ("%s: %d, %s", what, GPOINTER_TO_INT (fd), (const char *) target);
        n++;
      }
  return n;
}

guint
child_fds_check (ChildFdSet *before)
{
  g_autoptr (GHashTable) now = list_fds ();
  guint n = say_difference (now, before->open, "fd left open")
            + say_difference (before->open, now, "fd gone");

  g_hash_table_unref (before->open);
  g_free (before);
  return n;
}

/* The value behind a word in a file of /proc. */
static guint64
proc_value (const char *path, const char *name, guint base)
{
  g_autofree char *text = NULL;
  g_autofree char *key = g_strdup_printf ("\n%s:", name);
  const char *at;

  child_need (g_file_get_contents (path, &text, NULL, NULL));
  at = strstr (text, key);
  child_need (at != NULL);
  return g_ascii_strtoull (at + strlen (key), NULL, base);
}

guint
child_count_threads (void)
{
  return (guint) proc_value ("/proc/self/status", "Threads", 10);
}

gint64
child_memory_kib (void)
{
  return (gint64) proc_value ("/proc/self/status", "VmRSS", 10);
}

guint64
child_signal_set (const char *name)
{
  return proc_value ("/proc/self/status", name, 16);
}

void
child_check_action (int signum, const struct sigaction *before)
{
  struct sigaction now;

  child_need (sigaction (signum, NULL, &now) == 0);
  if (now.sa_handler != before->sa_handler)
    child_sayf ("the handler of signal %d is another one", signum);
  if (now.sa_flags != before->sa_flags)
    child_sayf ("the flags of signal %d are %#x, not %#x", signum, (unsigned) now.sa_flags,
                (unsigned) before->sa_flags);
  for (int other = 1; other < NSIG; other++)
    if (sigismember (&now.sa_mask, other) != sigismember (&before->sa_mask, other))
      child_sayf ("signal %d is another in the mask of signal %d", other, signum);
}

char *
child_wait_for (pid_t pid)
{
  int status = 0;

  child_need (TEMP_FAILURE_RETRY (waitpid (pid, &status, 0)) == pid);
  return proc_describe (status);
}

void
child_fork_and_exit (void)
{
  pid_t child = fork ();
  g_autofree char *end = NULL;

  if (child == 0)
    exit (0);
  end = child_wait_for (child);
  child_say (end);
}
