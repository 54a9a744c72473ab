/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-identity.h"

#include <stdlib.h>
#include <systemd/sd-login.h>

/* Of the process, since ps_prepare() comes before there is a watcher. */
static struct
{
  gsize once;
  char *invocation_id;
} environment;

/* The system or user unit this process runs in; NULL outside systemd. (transfer full)
 *
 * Each question reads /proc twice, so the second is asked only of what runs below a user's manager:
 * that is a unit of the system's, and there is another one to tell. */
char *
ps_identity_get_unit (void)
{
  char *unit = NULL, *user_unit = NULL, *text;

  if (sd_pid_get_unit (0, &unit) < 0)
    return NULL;
  if (g_str_has_prefix (unit, "user@") && sd_pid_get_user_unit (0, &user_unit) >= 0)
    {
      text = g_strdup (user_unit);
      free (user_unit);
    }
  else
    text = g_strdup (unit);
  free (unit);
  return text;
}

/* Remembers what the environment tells, as it is at the first call. */
void
ps_identity_prepare (void)
{
  if (!g_once_init_enter (&environment.once))
    return;
  environment.invocation_id = g_strdup (secure_getenv ("INVOCATION_ID"));
  g_once_init_leave (&environment.once, 1);
}

/* Names this life of the unit; a child that the service started has it, too. (nullable) */
const char *
ps_identity_get_invocation_id (void)
{
  ps_identity_prepare ();
  return environment.invocation_id;
}

/* The command name of a process that is still there. (transfer full) (nullable) */
char *
ps_identity_get_comm (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/comm", (int) pid);
  char *comm = NULL;

  if (!g_file_get_contents (path, &comm, NULL, NULL))
    return NULL;
  return g_strchomp (comm);
}
