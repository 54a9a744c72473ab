/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group N: what the service manager is told, and what it cannot do to us. */
#include "common.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* --- N01 to N09: a socket that is none -------------------------------------------------------- */

static int
odd_socket_child (gconstpointer address)
{
  g_autofree char *text = g_strnfill (64 * 1024, 'x');
  PsWatcher *watcher;

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

static void
expect_harmless (const char *address)
{
  Proc *child = proc_start (odd_socket_child, address);
  gint64 start_us;

  proc_expect (child, "ready");
  start_us = g_get_monotonic_time ();
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  tap_check_int (ms_since (start_us), <, PROMPT_MS * tap_slowness ());
}

static void
n01 (void)
{
  static const char *const addresses[] = {
    NULL,
    "",
    "notify",
    "./notify",
    "@",
    "@nobody-listens-here",
    "/nowhere/notify",
    "/etc/passwd",
    "/tmp",
    "vsock:2:1234",
    "vsock:",
    "/",
    "/tmp/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxx"
  };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    expect_harmless (addresses[i]);
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
  expect_harmless (path);
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
  expect_harmless (path);
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

static void
n10 (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (deaf_manager_child, inbox);
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

/* The same for what is said while the daemon lives, and it hears again who reads again. */
static int
deaf_ready_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);
  gint64 start_us = g_get_monotonic_time ();

  ps_watcher_ready (watcher, "first");
  child_sayf ("bounded: %d", g_get_monotonic_time () - start_us < 1000000);
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
  { "N07", "a stream socket is harmless", n07 },
  { "N08", "a socket we may not write to is harmless", n08 },
  { "N10", "a manager that does not read delays the exit by a moment", n10 },
  { "N10b", "and ready; who reads again hears again", n10_ready },
  { "N13", "READY=1 comes when signals are taken", n13 },
  { "N13b", "READY=1 is never implied", n13_unready },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
