/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-identity.h"
#include "ps-cgroup.h"
#include "ps-sender.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

/* Names the library where machines are told apart: what is derived from it and from a machine's ID
 * does not give that away, which is not to be published (machine-id(5)). */
#define LIBRARY_ID SD_ID128_MAKE (4a, 1c, 0e, 53, 76, 8d, 4b, 0f, 9b, 57, 2d, 63, c8, 1f, 5e, 90)

/* Two paths of the usual length; of a longer one the begin is enough. */
#define CGROUP_SIZE 2048

/* Of the process, since ps_prepare() comes before there is a watcher. */
static struct
{
  gsize once;
  char *invocation_id;
} environment;

static void
read_cgroup (const char *path, char *cgroup, gsize size)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  cgroup[0] = '\0';
  if (fd < 0)
    return;
  ps_sender_pick_cgroup (fd, cgroup, size);
  close (fd);
}

/* The system or user unit this process runs in; NULL outside systemd. (transfer full)
 *
 * As ps-sender and ps-cgroup tell it of others. sd_pid_get_unit() reads the same two files, and
 * takes twice as long for it, at each start. */
char *
ps_identity_get_unit (void)
{
  char own[CGROUP_SIZE], of_first[CGROUP_SIZE];
  char unit[PS_CGROUP_UNIT_MAX + 1], user_unit[PS_CGROUP_UNIT_MAX + 1];

  read_cgroup ("/proc/self/cgroup", own, sizeof own);
  read_cgroup ("/proc/1/cgroup", of_first, sizeof of_first);
  ps_cgroup_get_units (own, of_first, unit, user_unit, sizeof unit);
  if (user_unit[0] != '\0')
    return g_strdup (user_unit);
  return unit[0] != '\0' ? g_strdup (unit) : NULL;
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

static void
put_id (char id[PS_IDENTITY_ID], int result, sd_id128_t value)
{
  if (result < 0)
    id[0] = '\0';
  else
    sd_id128_to_string (value, id);
}

/* Another one after each start of the machine. */
void
ps_identity_get_boot (char id[PS_IDENTITY_ID])
{
  sd_id128_t value = SD_ID128_NULL;
  int result = sd_id128_get_boot (&value);

  put_id (id, result, value);
}

/* Not the machine's ID itself, but derived from it. */
void
ps_identity_get_machine (char id[PS_IDENTITY_ID])
{
  sd_id128_t value = SD_ID128_NULL;
  int result = sd_id128_get_machine_app_specific (LIBRARY_ID, &value);

  put_id (id, result, value);
}

void
ps_identity_make_id (char id[PS_IDENTITY_ID])
{
  sd_id128_t value = SD_ID128_NULL;
  int result = sd_id128_randomize (&value);

  put_id (id, result, value);
}

/* In which the numbers of processes mean what they mean here. */
guint64
ps_identity_get_pid_namespace (void)
{
  struct stat st;

  return stat ("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

/* Field 3 and its like: the state, the number of threads, the time of birth. */
#define FIELD_STATE 3
#define FIELD_THREADS 20
#define FIELD_START 22

static gint64
get_number (char **fields, guint field)
{
  return g_ascii_strtoll (fields[field - FIELD_STATE], NULL, 10);
}

/* Whether it is over, and only waits to be reaped: systemd runs ExecStopPost= before it does that.
 * A process whose main() has left by pthread_exit() looks like one, and lives in its other threads.
 */
static gboolean
is_over (char **fields)
{
  return (fields[0][0] == 'Z' || fields[0][0] == 'X') && get_number (fields, FIELD_THREADS) <= 1;
}

/* When the process began, in ticks since the boot, as /proc/PID/stat has it: what is before the
 * last parenthesis is its number and a name that may have anything in it. -1: there is no such
 * process. */
gint64
ps_identity_get_start (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int) pid);
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;
  const char *at;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return -1;
  at = strrchr (text, ')');
  if (at == NULL || at[1] != ' ')
    return -1;
  fields = g_strsplit (at + 2, " ", -1);
  if (g_strv_length (fields) <= FIELD_START - FIELD_STATE || is_over (fields))
    return -1;
  return get_number (fields, FIELD_START);
}
