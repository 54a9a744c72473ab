/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Namespaces for one child. Root takes them as they are; an ordinary user needs a user namespace
 * around them, where the system allows that.
 */
#include "ps-places.h"
#include "ps-child.h"

#include <glib/gstdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

static gboolean
write_file (const char *path, const char *text)
{
  FILE *file = fopen (path, "w");
  gboolean written;

  if (file == NULL)
    return FALSE;
  written = fputs (text, file) >= 0;
  return fclose (file) == 0 && written;
}

static gboolean
enter (int flags)
{
  g_autofree char *uid_map = g_strdup_printf ("%u %u 1\n", getuid (), getuid ());
  g_autofree char *gid_map = g_strdup_printf ("%u %u 1\n", getgid (), getgid ());

  if (getuid () == 0)
    return unshare (flags) == 0;
  return unshare (flags | CLONE_NEWUSER) == 0 && write_file ("/proc/self/setgroups", "deny")
         && write_file ("/proc/self/uid_map", uid_map)
         && write_file ("/proc/self/gid_map", gid_map);
}

gboolean
child_own_run (const char *journal_path)
{
  if (!enter (CLONE_NEWNS) || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
      || mount ("tmpfs", "/run", "tmpfs", 0, "mode=0755") < 0)
    return FALSE;
  if (journal_path != NULL)
    {
      child_need (g_mkdir_with_parents ("/run/systemd/journal", 0755) == 0);
      child_need (symlink (journal_path, "/run/systemd/journal/socket") == 0);
    }
  return TRUE;
}

gboolean
child_own_pids (void)
{
  return enter (CLONE_NEWPID);
}
