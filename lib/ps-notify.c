/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The state of the service, for whoever started it. That nobody is listening is no error.
 *
 * The protocol is a datagram of lines to the socket that NOTIFY_SOCKET names, and is documented to
 * stay so (systemd's interface promise). We speak it ourselves. sd_notify() reads the variable at
 * each call: a program that clears its environment after ps_prepare() would be mute, and putting
 * the variable back for the call changes the environment under other threads' getenv(). And
 * sd_notify() waits for ever for a manager that does not read; a way of our own has a limit
 * (ps-outlet).
 *
 * sd_notify() and sd_watchdog_enabled() take the environment's word in any program. We do not in
 * one that has more rights than whoever started it (AT_SECURE: setuid, file capabilities).
 *
 * The kernel adds our process ID, real user and group for a receiver who wants to know.
 */

#include "ps-notify.h"
#include "ps-outlet.h"
#include "ps-patience.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define LOG_DOMAIN "libpostscriptum"

struct _PsNotify
{
  PsPatience *patience;
  PsOutlet outlet;
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

PsNotify *
ps_notify_new (void)
{
  PsNotify *notify = g_new0 (PsNotify, 1);

  ps_notify_prepare ();
  notify->patience = ps_patience_new ();
  notify->outlet = (PsOutlet){ .socket = { .fd = -1 } };
  if (environment.length > 0)
    ps_outlet_open (&notify->outlet, &environment.address, environment.length);
  return notify;
}

void
ps_notify_free (PsNotify *notify)
{
  if (notify == NULL)
    return;
  ps_outlet_close (&notify->outlet);
  ps_patience_free (notify->patience);
  g_free (notify);
}

typedef struct
{
  PsNotify *notify;
  const char *state;
} Message;

static int
send_now (gpointer data, gint64 limit_us)
{
  const Message *message = data;
  struct iovec whole = { .iov_base = (char *) message->state, .iov_len = strlen (message->state) };

  if (environment.length == 0)
    return -EINVAL;
  return ps_outlet_send (&message->notify->outlet, &whole, 1, limit_us);
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
