/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts a program, waits until it is ready, ends it by SIGTERM, waits until it is reaped; again
 * and again. All in a /run of its own, where this program is the service manager and the journal:
 * two sockets that a thread reads.
 *
 *     lives COUNT PROGRAM [ARGUMENT...]       a line for each life: start, latency, exit in ns
 *     lives stay COUNT PROGRAM [ARGUMENT...]  one life, COUNT signals: a line with the latency of
 *                                             each
 *
 * start: from before vfork() until "ready" is read. latency: from before kill() until the time that
 * the program's first callback took. exit: from before kill() until waitpid() has returned.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define WARM_UP 10
#define REST_NS 1000000 /* between two signals: the program is back in its loop */

extern char **environ;

static void
need (int good, const char *what)
{
  if (good)
    return;
  fprintf (stderr, "lives: %s: %s\n", what, strerror (errno));
  exit (99);
}

static void
write_file (const char *path, const char *text)
{
  FILE *file = fopen (path, "w");

  need (file != NULL && fputs (text, file) >= 0 && fclose (file) == 0, path);
}

static void
write_map (const char *path, unsigned id)
{
  char text[32];

  snprintf (text, sizeof text, "%u %u 1\n", id, id);
  write_file (path, text);
}

/* Who is not root needs a user namespace around it. */
static void
own_run (void)
{
  unsigned uid = getuid (), gid = getgid ();

  need (unshare (CLONE_NEWNS | (uid != 0 ? CLONE_NEWUSER : 0)) == 0, "unshare");
  if (uid != 0)
    {
      write_file ("/proc/self/setgroups", "deny");
      write_map ("/proc/self/uid_map", uid);
      write_map ("/proc/self/gid_map", gid);
    }
  need (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount /");
  need (mount ("tmpfs", "/run", "tmpfs", 0, "mode=0755") == 0, "mount /run");
  need (mkdir ("/run/systemd", 0755) == 0 && mkdir ("/run/systemd/journal", 0755) == 0, "mkdir");
}

static void *
drain (void *data)
{
  int fd = *(int *) data;
  char bytes[65536];

  while (recv (fd, bytes, sizeof bytes, 0) >= 0 || errno == EINTR)
    ;
  return NULL;
}

static void
serve (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int *fd = malloc (sizeof *fd);
  pthread_t thread;

  strncpy (address.sun_path, path, sizeof address.sun_path - 1);
  need (fd != NULL && (*fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) >= 0
            && bind (*fd, (struct sockaddr *) &address, sizeof address) == 0,
        path);
  need (pthread_create (&thread, NULL, drain, fd) == 0, "pthread_create");
}

typedef struct
{
  pid_t pid;
  FILE *says;
} Life;

static Life
start (char **argv)
{
  posix_spawn_file_actions_t actions;
  Life life;
  int ends[2];

  need (pipe2 (ends, O_CLOEXEC) == 0, "pipe2");
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, ends[1], STDOUT_FILENO);
  errno = posix_spawnp (&life.pid, argv[0], &actions, NULL, argv, environ);
  need (errno == 0, argv[0]);
  posix_spawn_file_actions_destroy (&actions);
  close (ends[1]);
  life.says = fdopen (ends[0], "r");
  return life;
}

static void
await_ready (Life *life)
{
  char line[64];

  need (fgets (line, sizeof line, life->says) != NULL && strcmp (line, "ready\n") == 0,
        "the program is not ready");
}

static int64_t
await_time (Life *life)
{
  char line[64];

  need (fgets (line, sizeof line, life->says) != NULL, "the program says no time");
  return strtoll (line, NULL, 10);
}

static void
rest (void)
{
  nanosleep (&(struct timespec){ .tv_nsec = REST_NS }, NULL);
}

static void
live_once (char **argv, int print)
{
  int64_t begin = bench_now_ns (), ready, asked, called, reaped;
  Life life = start (argv);

  await_ready (&life);
  ready = bench_now_ns ();
  rest ();
  rest ();
  asked = bench_now_ns ();
  kill (life.pid, SIGTERM);
  need (waitpid (life.pid, NULL, 0) == life.pid, "waitpid");
  reaped = bench_now_ns ();
  called = await_time (&life);
  fclose (life.says);
  if (print)
    printf ("%ld %ld %ld\n", (long) (ready - begin), (long) (called - asked),
            (long) (reaped - asked));
}

static void
stay (char **argv, int count)
{
  Life life = start (argv);

  await_ready (&life);
  for (int i = -WARM_UP; i < count; i++)
    {
      int64_t asked;

      rest ();
      asked = bench_now_ns ();
      kill (life.pid, SIGTERM);
      asked = await_time (&life) - asked;
      if (i >= 0)
        printf ("%ld\n", (long) asked);
    }
  kill (life.pid, SIGKILL);
  waitpid (life.pid, NULL, 0);
}

int
main (int argc, char **argv)
{
  int stays = argc > 1 && strcmp (argv[1], "stay") == 0;
  int count = bench_number (argc, argv, 1 + stays, 0);

  if (argc < 3 + stays)
    return 2;
  own_run ();
  serve ("/run/notify");
  serve ("/run/systemd/journal/socket");
  if (!stays)
    setenv ("NOTIFY_SOCKET", "/run/notify", 1);
  if (stays)
    stay (argv + 3, count);
  else
    for (int i = -1; i < count; i++)
      live_once (argv + 2, i >= 0);
  return fflush (stdout) == 0 ? 0 : 99;
}
