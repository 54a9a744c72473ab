/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The state of the service, for whoever started it. That nobody is listening is no error.
 *
 * The protocol is a datagram of lines to the socket that NOTIFY_SOCKET names, and is documented to
 * stay so (systemd's interface promise). We speak it ourselves. sd_notify() reads the variable at
 * each call: a program that clears its environment after ps_prepare() would be mute, and putting
 * the variable back for the call changes the environment under other threads' getenv(). And
 * sd_notify() waits for ever for a manager that does not read; a socket of our own has a limit.
 *
 * sd_notify() and sd_watchdog_enabled() take the environment's word in any program. We do not in
 * one that has more rights than whoever started it (AT_SECURE: setuid, file capabilities).
 *
 * The kernel adds our process ID, real user and group for a receiver who wants to know.
 *
 * The socket is kept: a daemon that has run out of descriptors is just the one that is going to be
 * stopped. Where a program has closed it a message has a socket of its own.
 */

#include "ps-notify.h"
#include "ps-clock.h"
#include "ps-fd.h"
#include "ps-patience.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define LOG_DOMAIN "libpostscriptum"

struct _PsNotify
{
  PsPatience *patience;
  PsFd socket;
};

/* Of the process, since ps_prepare() comes before there is a watcher. */
static struct
{
  gsize once;
  char *socket; /* NULL: there is nobody to tell */
  struct sockaddr_un address;
  socklen_t length; /* 0: the socket's name is no address */
  int complained;
  guint64 watchdog_us;
} environment;

/* "/path" or "@name"; returns the address's length, or 0. A name in the abstract namespace may use
 * all the bytes, that of a file needs one for its end. */
static socklen_t
parse_address (const char *text, struct sockaddr_un *address)
{
  gsize n = strlen (text);
  gboolean is_abstract = text[0] == '@';

  if (n < 2 || (text[0] != '/' && !is_abstract)
      || n > sizeof address->sun_path - (is_abstract ? 0 : 1))
    return 0;
  *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
  memcpy (address->sun_path, text, n);
  if (is_abstract)
    address->sun_path[0] = '\0';
  return (socklen_t) (offsetof (struct sockaddr_un, sun_path) + n + (is_abstract ? 0 : 1));
}

/* Remembers what the manager put into the environment, as it is at the first call. */
void
ps_notify_prepare (void)
{
  const char *name;

  if (!g_once_init_enter (&environment.once))
    return;
  name = secure_getenv ("NOTIFY_SOCKET");
  if (name != NULL && *name != '\0')
    {
      environment.socket = g_strdup (name);
      environment.length = parse_address (name, &environment.address);
    }
  if (secure_getenv ("WATCHDOG_USEC") == NULL
      || sd_watchdog_enabled (FALSE, &environment.watchdog_us) <= 0)
    environment.watchdog_us = 0;
  g_once_init_leave (&environment.once, 1);
}

static int
open_socket (void)
{
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  return fd >= 0 ? fd : -errno;
}

PsNotify *
ps_notify_new (void)
{
  PsNotify *notify = g_new0 (PsNotify, 1);

  ps_notify_prepare ();
  notify->patience = ps_patience_new ();
  notify->socket = (PsFd){ .fd = -1 };
  if (environment.length > 0)
    ps_fd_keep (&notify->socket, open_socket ());
  return notify;
}

void
ps_notify_free (PsNotify *notify)
{
  if (notify == NULL)
    return;
  ps_fd_close (&notify->socket);
  ps_patience_free (notify->patience);
  g_free (notify);
}

typedef struct
{
  PsNotify *notify;
  const char *state;
} Message;

/* A handler that interrupts the call does not move the end. */
static int
send_until (int fd, const char *state, gint64 end_us)
{
  do
    {
      gint64 left_us = MAX (end_us - ps_clock_now_us (), 1); /* 0 would be for ever */
      struct timeval left = { .tv_sec = left_us / PS_US_PER_SEC,
                              .tv_usec = left_us % PS_US_PER_SEC };

      /* Where no limit can be set, a message that would have to wait is lost. */
      int unlimited = setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof left);

      if (sendto (fd, state, strlen (state), MSG_NOSIGNAL | (unlimited ? MSG_DONTWAIT : 0),
                  (const struct sockaddr *) &environment.address, environment.length)
          >= 0)
        return 0;
    }
  while (errno == EINTR && ps_clock_now_us () < end_us);
  return -errno;
}

static int
send_now (gpointer data, gint64 limit_us)
{
  const Message *message = data;
  gint64 end_us = ps_clock_add_us (ps_clock_now_us (), limit_us);
  int fd = ps_fd_get (&message->notify->socket), r;

  if (environment.length == 0)
    return -EINVAL;
  if (fd >= 0)
    return send_until (fd, message->state, end_us);
  fd = open_socket ();
  if (fd < 0)
    return fd;
  r = send_until (fd, message->state, end_us);
  close (fd);
  return r;
}

/* Only where somebody wants to read it: a message takes memory, and without any GLib would end the
 * process. */
static void
complain (int error)
{
  if (!g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, LOG_DOMAIN)
      && g_atomic_int_compare_and_exchange (&environment.complained, FALSE, TRUE))
    g_log (LOG_DOMAIN, G_LOG_LEVEL_DEBUG,
           "Nothing can be told to the service manager at NOTIFY_SOCKET=%s: %s", environment.socket,
           environment.length == 0 ? "neither a path from the root nor a name after @, or too long"
                                   : g_strerror (error));
}

void
ps_notify_send (PsNotify *notify, const char *state)
{
  Message message = { notify, state };
  int r;

  if (environment.socket == NULL)
    return;
  r = ps_patience_try (notify->patience, send_now, &message);
  if (r < 0)
    complain (-r);
}

/* In a forked child: whether no thread of the parent was at work here. */
gboolean
ps_notify_is_at_rest (PsNotify *notify)
{
  return ps_patience_is_at_rest (notify->patience);
}

/* This process is the one to watch now. The manager heeds it where NotifyAccess= lets a process
 * speak that is not its main one. What asked the former process for pings asks this one, and other
 * libraries are to see that, too. */
void
ps_notify_take_over (PsNotify *notify)
{
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());
  g_autofree char *state = g_strconcat ("MAINPID=", pid, NULL);

  if (environment.watchdog_us > 0 && g_getenv ("WATCHDOG_PID") != NULL)
    g_setenv ("WATCHDOG_PID", pid, TRUE);
  ps_notify_send (notify, state);
}

guint
ps_notify_get_lost (PsNotify *notify)
{
  return ps_patience_get_lost (notify->patience);
}

/* How often the manager wants to hear from us at least; 0: it does not ask. */
guint64
ps_notify_get_watchdog_us (PsNotify *notify)
{
  return environment.watchdog_us;
}
