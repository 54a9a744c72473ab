/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program by itself, with the library linked into it: for what only happens to a program that is
 * executed. Usage: standalone signal|reraise|exit|thread|malloc. What happens goes to descriptor 3,
 * as in every child.
 */
#include <postscriptum.h>

#include "ps-child.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

static void
say_event (PsContext *context, gpointer word)
{
  child_sayf ("%s: %s", (const char *) word,
              ps_context_get_time_left_us (context) > 30 * G_USEC_PER_SEC ? "there is time"
                                                                          : "there is little time");
}

static gboolean
say_ready (gpointer unused)
{
  child_sayf ("ready, secure %lu", getauxval (AT_SECURE));
  return G_SOURCE_REMOVE;
}

static void
say_last (void)
{
  child_say ("atexit");
}

static gpointer
exit_in_thread (gpointer unused)
{
  exit (5);
}

/* Whose malloc() this program has. */
static int
say_allocator (void)
{
  g_autofree char *name = NULL;
  Dl_info info;

  child_need (dladdr (dlsym (RTLD_DEFAULT, "malloc"), &info) != 0);
  name = g_path_get_basename (info.dli_fname);
  child_sayf ("malloc of %s", name);
  return 0;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = NULL;

  child_need (argc == 2);
  if (strcmp (argv[1], "malloc") == 0)
    return say_allocator ();
  atexit (say_last);
  watcher = ps_glib_attach (loop);
  child_need (watcher != NULL);
  ps_watcher_on_terminate (watcher, say_event, (gpointer) "terminate");
  ps_watcher_on_quit (watcher, say_event, (gpointer) "quit");
  ps_watcher_add (watcher, PS_EVENT_FINISH, "last", 10, 0, say_event, (gpointer) "finish", NULL);
  ps_watcher_ready (watcher, "up");
  if (strcmp (argv[1], "exit") == 0)
    exit (4);
  if (strcmp (argv[1], "reraise") == 0)
    ps_watcher_set_exit_policy (watcher, PS_EXIT_POLICY_RERAISE);
  if (strcmp (argv[1], "thread") == 0)
    g_thread_unref (g_thread_new ("exit", exit_in_thread, NULL));
  else
    g_idle_add (say_ready, NULL);
  return ps_watcher_run (watcher);
}
