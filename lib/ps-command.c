/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * posix_spawn() and not fork(): it copies nothing, runs no fork handlers, and works in a process
 * with threads that is about to end. The command gets nothing of ours: a clean environment,
 * /dev/null as its input, our output and error, no other descriptor, default signals, and a session
 * of its own: a terminal that ours may be on is not its to type into, and all of its group is
 * killed when its time is over. While it is not yet waited for, its number cannot be another
 * process's.
 */

#include "ps-command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP_US 10000

/* Why it is not to be executed; NULL: it is, as far as that can be told before. */
const char *
ps_command_fault (const char *path)
{
  struct stat st;

  if (path[0] != '/')
    return "its path is not absolute";
  if (stat (path, &st) < 0)
    return errno == ENOENT ? "there is no such program" : "it cannot be looked at";
  if (!S_ISREG (st.st_mode))
    return "it is not a file";
  if (st.st_uid != 0 && st.st_uid != geteuid ())
    return "it belongs to another user";
  if ((st.st_mode & S_IWOTH) != 0)
    return "everybody can write to it";
  return NULL;
}

static int
set_up (posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions)
{
  sigset_t none, all;

  sigemptyset (&none);
  sigfillset (&all);
  posix_spawnattr_setsigmask (attributes, &none);
  posix_spawnattr_setsigdefault (attributes, &all);
  posix_spawnattr_setflags (attributes,
                            POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  errno = posix_spawn_file_actions_addopen (actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (errno == 0)
    errno = posix_spawn_file_actions_addchdir_np (actions, "/");
  if (errno == 0)
    errno = posix_spawn_file_actions_addclosefrom_np (actions, STDERR_FILENO + 1);
  return errno == 0 ? 0 : -1;
}

/* -1: it was not begun. */
static pid_t
start (char *const *argv)
{
  static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char *const environment[] = { path, NULL };
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  pid_t pid = -1;

  errno = posix_spawn_file_actions_init (&actions);
  if (errno != 0)
    return -1;
  posix_spawnattr_init (&attributes);
  if (set_up (&attributes, &actions) == 0)
    errno = posix_spawn (&pid, argv[0], &actions, &attributes, argv, environment);
  if (errno != 0)
    pid = -1;
  {
    int error = errno;

    posix_spawnattr_destroy (&attributes);
    posix_spawn_file_actions_destroy (&actions);
    errno = error;
  }
  return pid;
}

static int64_t
now_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * (int64_t) 1000000 + now.tv_nsec / 1000;
}

/* Until it has ended, or some time has passed: all of what is left where the kernel tells of its
 * end (Linux 5.3), else a little. */
static void
rest (int pidfd, int64_t left_us)
{
  struct pollfd end = { .fd = pidfd, .events = POLLIN };
  int64_t wait_us = pidfd >= 0 || left_us < STEP_US ? left_us : STEP_US;
  struct timespec wait = { .tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000 };

  ppoll (&end, 1, &wait, NULL);
}

static PsCommandEnd
reap (pid_t pid, int flags, int *status)
{
  pid_t ended;

  do
    ended = waitpid (pid, status, flags);
  while (ended < 0 && errno == EINTR);
  return ended == pid ? PS_COMMAND_ENDED : ended == 0 ? PS_COMMAND_FAILED : PS_COMMAND_UNKNOWN;
}

static PsCommandEnd
wait_for (pid_t pid, int pidfd, int64_t limit_us, int *status)
{
  int64_t begun_us = now_us (), left_us = limit_us;

  for (;;)
    {
      PsCommandEnd end = reap (pid, WNOHANG, status);

      if (end != PS_COMMAND_FAILED)
        return end;
      left_us = limit_us - (now_us () - begun_us);
      if (left_us <= 0)
        break;
      rest (pidfd, left_us);
    }
  /* It is still ours, so the number is its own, and that of its group. */
  kill (-pid, SIGKILL);
  if (pidfd < 0 || syscall (SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0)
    kill (pid, SIGKILL);
  reap (pid, 0, status);
  return PS_COMMAND_KILLED;
}

PsCommandEnd
ps_command_run (char *const *argv, int64_t limit_us, int *status)
{
  pid_t pid = start (argv);
  PsCommandEnd end;
  int pidfd;

  if (pid < 0)
    return PS_COMMAND_FAILED;
  pidfd = (int) syscall (SYS_pidfd_open, pid, 0);
  end = wait_for (pid, pidfd, limit_us, status);
  if (pidfd >= 0)
    close (pidfd);
  return end;
}
