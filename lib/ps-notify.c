/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The state of the service, for whoever started it. That nobody is listening is no error.
 *
 * A program that clears its environment after ps_prepare() has lost NOTIFY_SOCKET, which
 * sd_notify() looks up at each call: it is lent back for the length of the call.
 */

#include "ps-notify.h"

#include <systemd/sd-daemon.h>

struct _PsNotify
{
  PsPatience *patience;
};

/* Of the process, since ps_prepare() comes before there is a watcher. */
static struct
{
  gsize once;
  char *socket;
  guint64 watchdog_us;
} environment;

/* Remembers what the manager put into the environment, as it is at the first call. */
void
ps_notify_prepare (void)
{
  if (!g_once_init_enter (&environment.once))
    return;
  environment.socket = g_strdup (g_getenv ("NOTIFY_SOCKET"));
  if (sd_watchdog_enabled (FALSE, &environment.watchdog_us) <= 0)
    environment.watchdog_us = 0;
  g_once_init_leave (&environment.once, 1);
}

PsNotify *
ps_notify_new (const PsLimit *limit)
{
  PsNotify *notify = g_new0 (PsNotify, 1);

  ps_notify_prepare ();
  notify->patience = ps_patience_new (limit);
  return notify;
}

void
ps_notify_free (PsNotify *notify)
{
  if (notify == NULL)
    return;
  ps_patience_free (notify->patience);
  g_free (notify);
}

static int
send_now (gpointer state)
{
  int r;

  if (g_getenv ("NOTIFY_SOCKET") != NULL)
    return sd_notify (FALSE, state);
  g_setenv ("NOTIFY_SOCKET", environment.socket, TRUE);
  r = sd_notify (FALSE, state);
  g_unsetenv ("NOTIFY_SOCKET");
  return r;
}

void
ps_notify_send (PsNotify *notify, const char *state)
{
  if (environment.socket != NULL && *environment.socket != '\0')
    ps_patience_try (notify->patience, send_now, (gpointer) state);
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
