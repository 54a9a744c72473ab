/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "will-common.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *
in_place (const char *place, const char *name)
{
  return g_build_filename (place, name, NULL);
}

void
make_file (const char *place, const char *name)
{
  g_autofree char *path = in_place (place, name);

  tap_check (g_file_set_contents (path, name, -1, NULL));
}

gboolean
is_there (const char *place, const char *name)
{
  g_autofree char *path = in_place (place, name);
  struct stat st;

  return lstat (path, &st) == 0;
}

char *
find_will (const char *place)
{
  return find_file (place, ".will");
}

char *
read_will (const char *place, gsize *length)
{
  g_autofree char *path = find_will (place);
  char *bytes = NULL;

  tap_check (path != NULL && g_file_get_contents (path, &bytes, length, NULL));
  return bytes;
}

void
write_will (const char *place, const char *bytes, gsize length)
{
  g_autofree char *path = find_will (place);
  int fd = path != NULL ? open (path, O_WRONLY | O_TRUNC | O_CLOEXEC) : -1;

  tap_check (fd >= 0 && write (fd, bytes, length) == (gssize) length);
  close (fd);
}

static char *said;

const char *
settle_said (void)
{
  return said;
}

/* envp NULL: our own. */
static void
run_settle (const char *where, const char *const *argv, char **envp, int wanted)
{
  g_autofree char *out = NULL, *err = NULL;
  g_autoptr (GError) error = NULL;
  int status = -1;

  if (tap_failed ())
    return;
  g_clear_pointer (&said, g_free);
  if (!g_spawn_sync (NULL, (char **) argv, envp, G_SPAWN_DEFAULT, NULL, NULL, &out, &err, &status,
                     &error))
    tap_fail (where, "psctl: %s", error->message);
  said = g_strconcat (out != NULL ? out : "", err != NULL ? err : "", NULL);
  if (!WIFEXITED (status) || WEXITSTATUS (status) != wanted)
    tap_fail (where, "psctl settle ended with wait status %d, not exit status %d: %s", status,
              wanted, said);
}

void
settle_at (const char *where, const char *place, int wanted)
{
  g_autofree char *directory = g_strconcat ("--directory=", place, NULL);

  run_settle (where, (const char *const[]){ PS_TEST_PSCTL, "settle", directory, NULL }, NULL,
              wanted);
}

void
settle_boot_at (const char *where, const char *base, int wanted)
{
  g_autofree char *directory = g_strconcat ("--directory=", base, NULL);

  run_settle (where, (const char *const[]){ PS_TEST_PSCTL, "settle", "--boot", directory, NULL },
              NULL, wanted);
}

void
settle_as_killed_at (const char *where, const char *place, int wanted)
{
  g_autofree char *directory = g_strconcat ("--directory=", place, NULL);
  g_auto (GStrv) envp = g_environ_setenv (g_get_environ (), "SERVICE_RESULT", "signal", TRUE);

  envp = g_environ_setenv (envp, "EXIT_CODE", "killed", TRUE);
  envp = g_environ_setenv (envp, "EXIT_STATUS", "KILL", TRUE);
  run_settle (where, (const char *const[]){ PS_TEST_PSCTL, "settle", directory, NULL }, envp,
              wanted);
}

void
settle_as_unit_at (const char *where, const char *place, int wanted)
{
  g_auto (GStrv) envp = g_environ_setenv (g_get_environ (), "STATE_DIRECTORY", place, TRUE);

  run_settle (where, (const char *const[]){ PS_TEST_PSCTL, "settle", NULL }, envp, wanted);
}

PsWatcher *
watch_with_record (const char *place)
{
  g_autoptr (GError) error = NULL;
  PsWatcher *watcher = watch ();

  if (!ps_watcher_open_record (watcher, place, PS_RECORD_DEFAULT, &error))
    child_give_up (G_STRLOC, error->message);
  return watcher;
}

guint
will_unlink (PsWatcher *watcher, const char *place, const char *name)
{
  g_autofree char *path = in_place (place, name);
  g_autoptr (GError) error = NULL;
  guint clause = ps_watcher_will_unlink (watcher, path, &error);

  if (clause == 0)
    child_give_up (G_STRLOC, error->message);
  return clause;
}
