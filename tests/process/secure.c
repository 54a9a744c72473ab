/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group S: a program that has more rights than whoever started it (AT_SECURE), and linked
 * statically, since the loader looks for no library in a build tree then (S01, E08). */
#include "common.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NOBODY 65534

/* How the copy of the program gets its rights. */
typedef enum
{
  PLAIN,
  SETUID,
  CAPABLE,
} Rights;

typedef struct
{
  char *directory;
  char *program;
  char *log; /* where PS_TERMINATION_LOG leads */
  Inbox *manager;
} Place;

static void
place_free (gpointer data)
{
  Place *self = data;

  unlink (self->log);
  unlink (self->program);
  rmdir (self->directory);
  g_free (self->log);
  g_free (self->program);
  g_free (self->directory);
  g_free (self);
}

static Place *
place_new (void)
{
  Place *self = g_new0 (Place, 1);

  self->directory = g_dir_make_tmp ("ps-secure-XXXXXX", NULL);
  self->program = g_build_filename (self->directory, "program", NULL);
  self->log = g_build_filename (self->directory, "log", NULL);
  tap_defer (place_free, self);
  self->manager = inbox_new ();
  tap_check (chmod (self->directory, 0777) == 0);
  return self;
}

static gboolean
make_capable (const char *path)
{
  const struct vfs_cap_data data = {
    .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
    .data = { { .permitted = 1u << CAP_NET_BIND_SERVICE } },
  };

  return setxattr (path, "security.capability", &data, XATTR_CAPS_SZ_2, 0) == 0;
}

static gboolean
copy_program (const Place *place, Rights rights)
{
  g_autofree char *content = NULL;
  gsize length = 0;

  tap_check (g_file_get_contents (PS_TEST_STANDALONE, &content, &length, NULL));
  tap_check (g_file_set_contents (place->program, content, (gssize) length, NULL));
  tap_check (chmod (place->program, rights == SETUID ? 04755 : 0755) == 0);
  return rights != CAPABLE || make_capable (place->program);
}

static int
copy_child (gconstpointer data)
{
  const Place *place = data;

  g_setenv ("NOTIFY_SOCKET", inbox_path (place->manager), TRUE);
  g_setenv ("WATCHDOG_USEC", "1000000", TRUE);
  g_setenv ("PS_DEADLINE_SEC", "5", TRUE);
  g_setenv ("PS_TERMINATION_LOG", place->log, TRUE);
  child_need (setresgid (NOBODY, NOBODY, NOBODY) == 0);
  child_need (setresuid (NOBODY, NOBODY, NOBODY) == 0);
  execl (place->program, "program", "signal", NULL);
  return 1;
}

static gboolean
can_have (const Place *place, Rights rights)
{
  struct statvfs fs;

  if (getuid () != 0)
    tap_skip ("only root can give a program more rights");
  else if (rights != PLAIN && statvfs (place->directory, &fs) == 0 && (fs.f_flag & ST_NOSUID))
    tap_skip ("programs there get no rights (nosuid)");
  else if (!copy_program (place, rights))
    tap_skip ("files there have no capabilities");
  return !tap_failed ();
}

static void
expect_trust (Rights rights)
{
  Place *place = place_new ();
  gboolean trusted = rights == PLAIN;
  const char *time = trusted ? "terminate: there is little time" : "terminate: there is time";
  const char *line;
  Proc *child;

  if (!can_have (place, rights))
    return;
  child = proc_start (copy_child, place);
  line = proc_next (child);
  if (!trusted && g_str_equal (line, "ready, secure 0"))
    {
      proc_kill (child, SIGKILL);
      proc_wait (child);
      tap_skip ("programs here get no rights (no_new_privs)");
      return;
    }
  tap_check (g_str_equal (line, trusted ? "ready, secure 0" : "ready, secure 1"));
  proc_kill (child, SIGTERM);
  proc_expect (child, time);
  proc_expect (child, trusted ? "finish: there is little time" : "finish: there is time");
  proc_expect (child, "atexit");
  proc_expect_exit (child, 143);
  tap_check (g_file_test (place->log, G_FILE_TEST_EXISTS) == trusted);
  if (trusted)
    inbox_find_line (place->manager, "READY=1");
  else
    inbox_expect_empty (place->manager);
}

/* That what is not trusted below would have had its effect. */
static void
s01_plain (void)
{
  expect_trust (PLAIN);
}

static void
s01 (void)
{
  expect_trust (SETUID);
}

static void
s01_capable (void)
{
  expect_trust (CAPABLE);
}

/* --- E08: linked statically ------------------------------------------------------------------ */

static int
standalone_child (gconstpointer how)
{
  execl (PS_TEST_STANDALONE, "standalone", how, NULL);
  return 1;
}

static void
e08 (void)
{
  Proc *child = proc_start (standalone_child, "signal");

  proc_expect (child, "ready, secure 0");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: there is time", "finish: there is time", "atexit");
  proc_expect_exit (child, 143);

  child = proc_start (standalone_child, "reraise");
  proc_expect (child, "ready, secure 0");
  proc_kill (child, SIGINT);
  proc_expect_lines (child, "terminate: there is time", "finish: there is time", "atexit");
  proc_expect_signal (child, SIGINT);
}

static void
e08_exit (void)
{
  Proc *child = proc_start (standalone_child, "exit");

  proc_expect_lines (child, "quit: there is time", "finish: there is time", "atexit");
  proc_expect_exit (child, 4);
  child = proc_start (standalone_child, "thread");
  proc_expect_lines (child, "quit: there is time", "finish: there is time", "atexit");
  proc_expect_exit (child, 5);
}

static const TapCase cases[] = {
  { "S01", "setuid: nothing in the environment is trusted", s01 },
  { "S01b", "file capabilities: the same", s01_capable },
  { "S01c", "an ordinary program follows the same environment", s01_plain },
  { "E08", "linked statically: a signal, and dying of it", e08 },
  { "E08b", "linked statically: exit(), in a thread, too", e08_exit },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
