/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The environment that a manager, or somebody who plays one, has made. It is read once in the life
 * of a process; to read it again and again the file itself is taken in, with what it remembers.
 */

#include "target.h"

#include "ps-notify.c"

#include <stdlib.h>
#include <unistd.h>

static void
forget (void)
{
  g_clear_pointer (&environment.socket, g_free);
  memset (&environment, 0, sizeof environment);
}

/* A variable that has 0xfe in the first place is not set. */
static void
put (const char *name, const char *value)
{
  if ((guchar) value[0] == 0xfe)
    g_unsetenv (name);
  else
    g_setenv (name, value, TRUE);
}

static void
send_with (const char *state, gboolean clear)
{
  PsNotify *notify = ps_notify_new ();
  g_autofree char *before = NULL;

  if (clear)
    g_unsetenv ("NOTIFY_SOCKET");
  before = g_strdup (g_getenv ("NOTIFY_SOCKET"));
  ps_notify_send (notify, state);
  g_assert_cmpstr (g_getenv ("NOTIFY_SOCKET"), ==, before);
  ps_notify_free (notify);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n)
{
  Feed feed = { bytes, n };
  gboolean clear = feed_byte (&feed) & 1;
  g_autofree char *socket = feed_text (&feed, 300);
  g_autofree char *usec = feed_text (&feed, 64);
  g_autofree char *pid = feed_text (&feed, 64);
  g_autofree char *state = feed_text (&feed, 4096);

  /* Nobody who is really there is to be bothered. */
  if (g_str_has_prefix (socket, "/run") || g_str_has_prefix (socket, "/var"))
    return 0;
  forget ();
  put ("NOTIFY_SOCKET", socket);
  put ("WATCHDOG_USEC", usec);
  put ("WATCHDOG_PID", pid);
  ps_notify_prepare ();
  if (environment.watchdog_us != 0)
    {
      /* libsystemd takes other ways to write a number, too. */
      if (looks_like (usec, "[1-9][0-9]{0,17}"))
        g_assert_cmpuint (environment.watchdog_us, ==, g_ascii_strtoull (usec, NULL, 10));
      g_assert_true (g_getenv ("WATCHDOG_PID") == NULL || atoi (pid) == getpid ());
    }
  send_with (state, clear);
  return 0;
}
