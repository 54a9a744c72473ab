/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a case has left behind. The runner is a subreaper, so a process that a child forked, even
 * one that has left its process group, is ours when the child is gone. Not every kernel lists the
 * children of a process; so all of /proc is read.
 */
#include "ps-orphans.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t
parent_of (const char *pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/stat", pid);
  g_autofree char *text = NULL;
  const char *after_name;
  int parent;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return -1;
  after_name = strrchr (text, ')');
  if (after_name == NULL || sscanf (after_name, ") %*c %d", &parent) != 1)
    return -1;
  return parent;
}

static void
kill_children (void)
{
  g_autoptr (GDir) proc = g_dir_open ("/proc", 0, NULL);
  const char *name;

  while (proc != NULL && (name = g_dir_read_name (proc)) != NULL)
    if (g_ascii_isdigit (name[0]) && parent_of (name) == getpid ())
      kill (atoi (name), SIGKILL);
}

void
orphans_kill (void)
{
  /* A killed one may hand its own children on to us. */
  while (waitpid (-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
    {
      kill_children ();
      waitpid (-1, NULL, 0);
    }
}
