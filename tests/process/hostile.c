/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group E: an exit where limits are tight, or where the file system has nothing that is expected
 * (E02 at the end, E04, E07). */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void
limit (__rlimit_resource_t resource, rlim_t to)
{
  const struct rlimit limits = { to, to };

  child_need (setrlimit (resource, &limits) == 0);
}

/* What watch_all() does, with the records going where they go for everybody. */
static PsWatcher *
watch_aloud (void)
{
  GMainLoop *loop = g_main_loop_new (NULL, FALSE);
  PsWatcher *watcher;

  child_start_thread ();
  watcher = ps_glib_attach (loop);
  child_need (watcher != NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  return watcher;
}

static int
run_aloud (PsWatcher *watcher)
{
  say_ready_soon ();
  return ps_watcher_run (watcher);
}

/* --- E02: no descriptor is left when the signal comes ---------------------------------------- */

static gboolean
use_up (gpointer unused)
{
  limit (RLIMIT_NOFILE, 64);
  child_forgive_leaks (); /* to look for them takes a descriptor */
  while (open ("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
    ;
  child_need (errno == EMFILE);
  child_say ("ready");
  return G_SOURCE_REMOVE;
}

static int
used_up_child (gconstpointer manager)
{
  PsWatcher *watcher;

  if (manager != NULL)
    g_setenv ("NOTIFY_SOCKET", inbox_path ((Inbox *) manager), TRUE);
  watcher = manager != NULL ? watch_all () : watch_aloud ();
  g_idle_add (use_up, NULL);
  return ps_watcher_run (watcher);
}

static void
e02 (void)
{
  Inbox *manager = inbox_new ();
  Proc *child = proc_start (used_up_child, NULL);
  g_autofree char *sender = g_strdup_printf ("SIGTERM from an unknown process (pid %d, uid %d)",
                                             (int) getpid (), (int) getuid ());

  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
  proc_expect_output (child, sender); /* its name would take a descriptor */
  proc_expect_output (child, "with status 143");

  expect_stop (proc_start (used_up_child, manager), SIGTERM, 143, "terminate: t", "finish: f");
  inbox_find_line (manager, "STOPPING=1");
  inbox_find_line (manager, "STATUS=Stopping: 2/2, \"say\"");
}

static gboolean
is_eventfd (int fd)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *target = g_file_read_link (path, NULL);

  return g_strcmp0 (target, "anon_inode:[eventfd]") == 0;
}

/* The number of the one that was kept in reserve has become something else. */
static int
reserve_child (gconstpointer manager)
{
  PsWatcher *watcher;
  struct stat before[64], after;
  int n_same = 0, n = 0, status, fd;

  g_setenv ("NOTIFY_SOCKET", inbox_path ((Inbox *) manager), TRUE);
  watcher = watch_all ();
  /* Every socket of this process is the library's; it may be that of the journal, too. */
  for (fd = 5; fd < 64; fd++)
    if (fstat (fd, &before[fd]) == 0 && S_ISSOCK (before[fd].st_mode))
      child_need (dup2 (STDIN_FILENO, fd) == fd && fstat (fd, &before[fd]) == 0 && ++n > 0);
    else
      before[fd].st_ino = 0;
  child_sayf ("taken: %d", n > 0);
  g_idle_add (use_up, NULL);
  status = ps_watcher_run (watcher);
  for (fd = 5; fd < 64; fd++)
    if (before[fd].st_ino != 0)
      n_same += fstat (fd, &after) == 0 && after.st_ino == before[fd].st_ino;
  child_sayf ("still there: %d", n_same == n);
  return status;
}

static void
e02_reserve (void)
{
  Proc *child = proc_start (reserve_child, inbox_new ());

  proc_expect (child, "taken: 1");
  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f", "still there: 1");
}

/* A program that closes what it does not know, and may open a connection of its own at the number
 * of the descriptor that wakes the loop. */
#define WORDS "to be read by the program"

static int
waker_child (gconstpointer is_taken)
{
  gboolean was_open[64];
  PsWatcher *watcher;
  int pair[2], fd, n = 0, status;
  char words[64];

  /* GLib's own are there before. */
  g_source_unref (g_unix_signal_source_new (SIGUSR1));
  g_main_context_default ();
  child_start_thread ();
  for (fd = 0; fd < 64; fd++)
    was_open[fd] = fcntl (fd, F_GETFD) >= 0;
  watcher = watch_all ();
  child_need (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  child_need (write (pair[1], WORDS, sizeof WORDS) == sizeof WORDS);
  for (fd = 5; fd < 64; fd++)
    if (!was_open[fd] && is_eventfd (fd))
      child_need ((is_taken != NULL ? dup2 (pair[0], fd) == fd : close (fd) == 0) && ++n > 0);
  child_sayf ("taken: %d", n);
  status = run (watcher);
  child_sayf ("there: %d", recv (pair[0], words, sizeof words, MSG_DONTWAIT) == sizeof WORDS);
  child_sayf ("nothing came: %d", recv (pair[1], words, sizeof words, MSG_DONTWAIT) < 0);
  return status;
}

static void
e02_waker (void)
{
  for (gboolean is_taken = FALSE; is_taken <= TRUE; is_taken++)
    {
      Proc *child = proc_start (waker_child, GINT_TO_POINTER (is_taken));

      proc_expect (child, "taken: 1");
      expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f", "there: 1", "nothing came: 1");
    }
}

/* --- E04: limits ----------------------------------------------------------------------------- */

static int
small_stack_child (gconstpointer how)
{
  limit (RLIMIT_STACK, 64 * 1024);
  execl (PS_TEST_STANDALONE, "standalone", how, NULL);
  return 1;
}

/* The stack of the main thread, and by default that of every other. */
static void
e04_stack (void)
{
  Proc *child;

  if (tap_loses_signals ())
    {
      tap_skip ("a sanitizer takes memory of the stack, too");
      return;
    }
  child = proc_start (small_stack_child, "signal");
  proc_expect (child, "ready, secure 0");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: there is time", "finish: there is time", "atexit");
  proc_expect_exit (child, 143);
  child = proc_start (small_stack_child, "thread");
  proc_expect_lines (child, "quit: there is time", "finish: there is time", "atexit");
  proc_expect_exit (child, 5);
}

static gboolean
tighten_memory (gpointer unused)
{
  void *volatile memory = malloc (64 * 1024); /* or a compiler would know the answer */

  /* What an exit takes is some kilobytes, and is there; nothing can be had beside it. */
  child_need (memory != NULL);
  free (memory);
  wait_until_others_sleep ();
  limit (RLIMIT_AS, 1024 * 1024);
  memory = malloc (1024 * 1024);
  child_need (memory == NULL);
  child_say ("ready");
  return G_SOURCE_REMOVE;
}

static int
tight_memory_child (gconstpointer data)
{
  PsWatcher *watcher;

  mallopt (M_ARENA_MAX, 1);
  mallopt (M_TRIM_THRESHOLD, 1024 * 1024);
  watcher = watch_aloud ();
  g_idle_add (tighten_memory, NULL);
  return ps_watcher_run (watcher);
}

static void
e04_memory (void)
{
  Proc *child;

  if (tap_slowness () > 1)
    {
      tap_skip ("a sanitizer takes memory whenever it likes");
      return;
    }
  child = proc_start (tight_memory_child, NULL);
  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
  proc_expect_output (child, "with status 143");
}

/* Standard error is a file here, and so is the termination log. */
static int
no_files_child (gconstpointer log)
{
  g_setenv ("PS_TERMINATION_LOG", log, TRUE);
  limit (RLIMIT_FSIZE, 0);
  _exit (run_aloud (watch_aloud ())); /* whatever else writes files at its end is not asked */
}

static void
e04_file_size (void)
{
  g_autofree char *directory = g_dir_make_tmp ("ps-hostile-XXXXXX", NULL);
  g_autofree char *log = g_build_filename (directory, "log", NULL);
  g_autofree char *content = NULL;
  Proc *child = proc_start (no_files_child, log);

  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
  tap_check (tap_failed () || proc_output (child)[0] == '\0');
  tap_check (g_file_get_contents (log, &content, NULL, NULL) && content[0] == '\0');
  unlink (log);
  rmdir (directory);
}

static void
spin (PsContext *context, gpointer unused)
{
  volatile guint turns = 0;

  child_say ("spinning");
  for (;;)
    turns++;
}

static int
no_cpu_child (gconstpointer data)
{
  const struct rlimit one = { 1, 60 };
  PsWatcher *watcher = watch ();

  child_need (setrlimit (RLIMIT_CPU, &one) == 0);
  ps_watcher_on_terminate (watcher, spin, NULL);
  return run (watcher);
}

/* A limit of the administrator's is not ours to soften. */
static void
e04_cpu (void)
{
  Proc *child = proc_start (no_cpu_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "spinning");
  proc_expect_signal (child, SIGXCPU);
}

/* --- E07: what is not there ------------------------------------------------------------------ */

static int
nowhere_child (gconstpointer data)
{
  if (!child_own_run (NULL) || mount ("tmpfs", "/proc", "tmpfs", 0, NULL) < 0
      || mount (NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
    {
      child_say (NO_NAMESPACE);
      return 0;
    }
  child_say ("namespace");
  child_need (access ("/proc/self", F_OK) < 0 && access ("/run/systemd", F_OK) < 0);
  child_need (open ("/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) < 0 && errno == EROFS);
  child_forgive_leaks ();
  g_setenv ("PS_TERMINATION_LOG", "/new", TRUE);
  return run_aloud (watch_aloud ());
}

static void
expect_bare_exit (Proc *child, const char *complaint)
{
  g_autofree char *sender = g_strdup_printf ("SIGTERM from an unknown process (pid %d, uid %d)",
                                             (int) getpid (), (int) getuid ());

  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
  proc_expect_output (child, sender);
  proc_expect_output (child, "with status 143");
  proc_expect_output (child, complaint);
}

static void
e07 (void)
{
  Proc *child = proc_start (nowhere_child, NULL);

  if (got_namespace (child))
    expect_bare_exit (child, "Read-only file system");
}

typedef struct
{
  char *root;
  char *log;      /* beside it */
  gboolean later; /* after attaching, as a daemon does that gives up its rights */
} Jail;

static int
jail_child (gconstpointer data)
{
  const Jail *jail = data;
  PsWatcher *watcher = NULL;

  g_setenv ("PS_TERMINATION_LOG", jail->log, TRUE);
  if (jail->later)
    watcher = watch_aloud ();
  child_need (chroot (jail->root) == 0 && chdir ("/") == 0);
  child_need (setresuid (65534, 65534, 65534) == 0);
  child_need (access ("/dev", F_OK) < 0 && access ("/proc", F_OK) < 0);
  child_forgive_leaks ();
  if (!jail->later)
    watcher = watch_aloud ();
  return run_aloud (watcher);
}

static void
expect_jailed (gboolean later, const char *complaint)
{
  g_autofree char *root = g_dir_make_tmp ("ps-jail-XXXXXX", NULL);
  g_autofree char *log = g_strconcat (root, "-log", NULL);
  const Jail jail = { root, log, later };
  g_autofree char *text = NULL;

  if (getuid () != 0)
    tap_skip ("only root can change its root");
  else
    {
      tap_check (chmod (root, 0755) == 0);
      expect_bare_exit (proc_start (jail_child, &jail), complaint);
      tap_check (g_file_get_contents (log, &text, NULL, NULL) == later);
      tap_check (!later || strstr (text, "with status 143: SIGTERM from") != NULL);
    }
  unlink (log);
  rmdir (root);
}

static void
e07_chroot (void)
{
  expect_jailed (FALSE, "No such file or directory");
}

static void
e07_chroot_later (void)
{
  expect_jailed (TRUE, "Exit begun");
}

static const TapCase cases[] = {
  { "E02", "no descriptor is left at the end: all of it, the manager is told", e02 },
  { "E02b", "the reserve's number belongs to the program: it is left alone", e02_reserve },
  { "E02c", "what wakes the loop was closed, its number belongs to the program: likewise",
    e02_waker },
  { "E04", "a stack of 64 KiB, of threads, too", e04_stack },
  { "E04b", "no more address space when the signal comes", e04_memory },
  { "E04c", "no file may grow: no word, and no SIGXFSZ", e04_file_size },
  { "E04d", "no more processor time: SIGXCPU, as ever", e04_cpu },
  { "E07", "no /proc, no /run, a read-only root: senders by pid only", e07 },
  { "E07b", "started in an empty root directory", e07_chroot },
  { "E07c", "an empty root directory, and no rights, after attaching", e07_chroot_later },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
