/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group N: what the service manager is told, and what it cannot do to us. */
#include "common.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* --- N01 to N09: a socket that is none -------------------------------------------------------- */

#define NO_ADDRESS "neither a path from the root nor a name after @, or too long"

static int
odd_socket_child (gconstpointer address)
{
  g_autofree char *text = g_strnfill (64 * 1024, 'x');
  PsWatcher *watcher;

  g_setenv ("G_MESSAGES_DEBUG", "libpostscriptum", TRUE);
  if (address != NULL)
    g_setenv ("NOTIFY_SOCKET", address, TRUE);
  if (address != NULL && strstr (address, "forbidden") != NULL)
    child_need (setresuid (65534, 65534, 65534) == 0);
  watcher = watch ();
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  ps_watcher_ready (watcher, "here");
  ps_watcher_ready (watcher, NULL);
  ps_watcher_status (watcher, "%s", text);
  ps_watcher_status (watcher, "%s", "");
  return run (watcher);
}

/* why: what is said about it, once, to those who debug; NULL: nothing. */
static void
expect_harmless (const char *address, const char *why)
{
  Proc *child = proc_start (odd_socket_child, address);
  gint64 start_us;

  proc_expect (child, "ready");
  start_us = g_get_monotonic_time ();
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  tap_check_int (ms_since (start_us), <, PROMPT_MS * tap_slowness ());
  if (why != NULL)
    {
      g_autofree char *said = g_strdup_printf (" at NOTIFY_SOCKET=%s: %s\n", address, why);
      const char *first;

      proc_expect_output (child, said);
      first = strstr (proc_output (child), "NOTIFY_SOCKET");
      tap_check (first == NULL || strstr (first + 1, "NOTIFY_SOCKET") == NULL);
    }
  else
    proc_expect_no_output (child, "NOTIFY_SOCKET");
}

static void
n01 (void)
{
  static const struct
  {
    const char *address;
    int error; /* 0: it is no address at all */
  } rows[] = {
    { "notify", 0 },
    { "./notify", 0 },
    { "@", 0 },
    { "/", 0 },
    { "vsock:2:1234", 0 },
    { "vsock:", 0 },
    { "/tmp/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
      0 },
    { "@nobody-listens-here", ECONNREFUSED },
    { "/nowhere/notify", ENOENT },
    { "/etc/passwd", ECONNREFUSED },
    { "/tmp", ECONNREFUSED },
  };

  expect_harmless (NULL, NULL);
  expect_harmless ("", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    expect_harmless (rows[i].address, rows[i].error == 0 ? NO_ADDRESS : g_strerror (rows[i].error));
}

/* --- N01b: addresses of every kind ------------------------------------------------------------ */

static int
heard_child (gconstpointer address)
{
  PsWatcher *watcher;

  g_setenv ("NOTIFY_SOCKET", address, TRUE);
  watcher = watch ();
  ps_watcher_ready (watcher, "here");
  return run (watcher);
}

/* Binds the address of the abstract namespace, to be told who sends. */
static int
listen_to (const char *name)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
  gsize n = strlen (name);

  tap_check (n <= sizeof address.sun_path);
  memcpy (address.sun_path, name, n);
  address.sun_path[0] = '\0';
  tap_check (setsockopt (fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0);
  tap_check (bind (fd, (const struct sockaddr *) &address,
                   (socklen_t) (offsetof (struct sockaddr_un, sun_path) + n))
             == 0);
  return fd;
}

static void
expect_from (int fd, pid_t pid, const char *text)
{
  char message[1024] = "";
  union
  {
    struct cmsghdr header;
    char space[CMSG_SPACE (sizeof (struct ucred))];
  } control;
  struct iovec iovec = { message, sizeof message - 1 };
  struct msghdr header = {
    .msg_iov = &iovec, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
  };
  struct cmsghdr *cmsg;
  struct ucred credentials;

  tap_check (recvmsg (fd, &header, 0) >= 0);
  tap_check (strcmp (message, text) == 0);
  cmsg = CMSG_FIRSTHDR (&header);
  tap_check (cmsg != NULL && cmsg->cmsg_type == SCM_CREDENTIALS);
  if (tap_failed ())
    return;
  memcpy (&credentials, CMSG_DATA (cmsg), sizeof credentials);
  tap_check_int (credentials.pid, ==, pid);
  tap_check_int (credentials.uid, ==, getuid ());
  tap_check_int (credentials.gid, ==, getgid ());
}

static void
n01_abstract (void)
{
  g_autofree char *name = g_strdup_printf ("@ps-test-%d", (int) getpid ());
  g_autofree char *padding = g_strnfill (sizeof ((struct sockaddr_un *) 0)->sun_path, 'x');
  g_autofree char *longest = g_strconcat (name, padding + strlen (name), NULL);
  g_autofree char *longer = g_strconcat (longest, "x", NULL);
  const char *const names[] = { name, longest };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      int fd = listen_to (names[i]);
      Proc *child = proc_start (heard_child, names[i]);

      expect_stop (child, SIGTERM, 143, NULL);
      expect_from (fd, proc_pid (child), "READY=1\nSTATUS=here");
      close (fd);
    }
  expect_harmless (longer, NO_ADDRESS);
}

/* The longest path that there can be, and one byte more. */
static void
n01_path (void)
{
  Inbox *inbox = inbox_new ();
  g_autofree char *padding = g_strnfill (sizeof ((struct sockaddr_un *) 0)->sun_path - 1, 'x');
  g_autofree char *path =
      g_strconcat (inbox_path (inbox), padding + strlen (inbox_path (inbox)), NULL);
  g_autofree char *longer = g_strconcat (path, "x", NULL);

  tap_check (link (inbox_path (inbox), path) == 0);
  expect_stop (proc_start (heard_child, path), SIGTERM, 143, NULL);
  inbox_expect (inbox, "READY=1\nSTATUS=here");
  inbox_drain (inbox);
  unlink (path);
  tap_check (link (inbox_path (inbox), longer) == 0);
  expect_harmless (longer, NO_ADDRESS);
  unlink (longer);
  inbox_expect_empty (inbox);
}

static void
n07 (void)
{
  Inbox *inbox = inbox_new ();
  g_autofree char *path = g_strconcat (inbox_path (inbox), "-stream", NULL);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  tap_check (bind (fd, (const struct sockaddr *) &address, sizeof address) == 0);
  tap_check (listen (fd, 5) == 0);
  expect_harmless (path, g_strerror (EPROTOTYPE));
  close (fd);
  unlink (path);
}

static void
n08 (void)
{
  Inbox *inbox = inbox_new ();
  g_autofree char *path = g_strconcat (inbox_path (inbox), "-forbidden", NULL);

  if (getuid () != 0)
    {
      tap_skip ("only root can become somebody else");
      return;
    }
  tap_check (link (inbox_path (inbox), path) == 0);
  tap_check (chmod (inbox_path (inbox), 0700) == 0);
  expect_harmless (path, g_strerror (EACCES));
  inbox_expect_empty (inbox);
  unlink (path);
}

/* --- N10: nobody reads ------------------------------------------------------------------------ */

static int
deaf_manager_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);

  for (guint i = 0; i < 20; i++)
    ps_watcher_on_terminate (watcher, say, g_strdup_printf ("%u", i));
  return run (watcher);
}

/* Where no timer of the kernel's can be had. */
static int
deaf_manager_no_timers_child (gconstpointer inbox)
{
  struct rlimit none = { 0, 0 };

  child_need (setrlimit (RLIMIT_SIGPENDING, &none) == 0);
  return deaf_manager_child (inbox);
}

static void
expect_bounded (ProcMain child_main)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (child_main, inbox);
  gint64 start_us;

  proc_expect (child, "ready");
  inbox_fill (inbox);
  start_us = g_get_monotonic_time ();
  proc_kill (child, SIGTERM);
  for (int i = 19; i >= 0; i--)
    {
      g_autofree char *line = g_strdup_printf ("terminate: %d", i);

      proc_expect (child, line);
    }
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  /* 100 ms, and a millisecond for each message. */
  tap_check_int (ms_since (start_us), <, PROMPT_MS * tap_slowness ());
}

static void
n10 (void)
{
  expect_bounded (deaf_manager_child);
}

static void
n10_no_timers (void)
{
  expect_bounded (deaf_manager_no_timers_child);
}

/* The same for what is said while the daemon lives, and it hears again who reads again. */
static int
deaf_ready_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);
  gint64 start_us = g_get_monotonic_time ();

  ps_watcher_ready (watcher, "first");
  child_sayf ("bounded: %d", ms_since (start_us) < PROMPT_MS);
  child_await ("read");
  ps_watcher_status (watcher, "second");
  return run (watcher);
}

static void
n10_ready (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child;

  inbox_fill (inbox);
  child = proc_start (deaf_ready_child, inbox);
  proc_expect (child, "bounded: 1");
  inbox_drain (inbox);
  proc_tell (child, "read");
  inbox_expect (inbox, "STATUS=second");
  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
}

/* --- N13: ready ------------------------------------------------------------------------------- */

static int
ready_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);

  ps_watcher_ready (watcher, "Serving on /run/foo.sock");
  return run_quietly (watcher);
}

static void
n13 (void)
{
  for (guint i = 0; i < 50 && !tap_failed (); i++)
    {
      Inbox *inbox = inbox_new ();
      Proc *child = proc_start (ready_child, inbox);

      inbox_expect_line (inbox, "READY=1");
      {
        g_autofree char *status = inbox_field (inbox, "STATUS");

        tap_check (g_strcmp0 (status, "Serving on /run/foo.sock") == 0);
      }
      proc_kill (child, SIGTERM);
      proc_expect_lines (child, "terminate: t", "finish: f");
      proc_expect_exit (child, 143);
    }
}

static int
unready_child (gconstpointer inbox)
{
  return run (watch_managed (inbox));
}

/* READY=1 is never implied. */
static void
n13_unready (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (unready_child, inbox);

  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
  while (!tap_failed () && inbox_has_more (inbox))
    tap_check (strstr (inbox_next (inbox), "READY=1") == NULL);
}

static const TapCase cases[] = {
  { "N01", "NOTIFY_SOCKET that is no socket is harmless (N01 to N06, N09)", n01 },
  { "N01b", "an abstract name is heard, and who we are with it; the longest, too", n01_abstract },
  { "N01c", "the longest path is heard, one byte more is none", n01_path },
  { "N07", "a stream socket is harmless", n07 },
  { "N08", "a socket we may not write to is harmless", n08 },
  { "N10", "a manager that does not read delays the exit by a moment", n10 },
  { "N10b", "and ready; who reads again hears again", n10_ready },
  { "N10c", "the same without timers", n10_no_timers },
  { "N13", "READY=1 comes when signals are taken", n13 },
  { "N13b", "READY=1 is never implied", n13_unready },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
