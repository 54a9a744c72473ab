/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that is not linked to the library. Usage: dlhost LIBRARY exit|signal|twice|look|/COPY
 * Loads it, attaches, closes it and ends; or only says what a new image inherits. What happens goes
 * to descriptor 3, as in every child.
 */
#include <postscriptum.h>

#include "ps-child.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>

static PsEvent (*get_event) (PsContext *context);

static void
say_word (PsContext *context, gpointer word)
{
  switch ((guint) get_event (context))
    {
    case PS_EVENT_TERMINATE:
      child_sayf ("terminate: %s", (const char *) word);
      break;
    case PS_EVENT_QUIT:
      child_sayf ("quit: %s", (const char *) word);
      break;
    default:
      child_sayf ("finish: %s", (const char *) word);
    }
}

static void *
find (void *library, const char *name)
{
  void *symbol = dlsym (library, name);

  child_need (symbol != NULL);
  return symbol;
}

static gboolean
say_ready (gpointer unused)
{
  child_say ("ready");
  return G_SOURCE_REMOVE;
}

/* Whether both handles are one library, and have one watcher. */
static int
open_twice (void *library, const char *path, PsWatcher *watcher)
{
  void *again = dlopen (path, RTLD_NOW | RTLD_LOCAL);
  __typeof__ (&ps_watcher_get_default) get_default;

  child_need (again != NULL);
  get_default = (__typeof__ (&ps_watcher_get_default)) find (again, "ps_watcher_get_default");
  child_sayf ("same library: %d, same watcher: %d", again == library, get_default () == watcher);
  return 0;
}

static int
look_around (void)
{
  child_sayf ("blocked %" G_GINT64_MODIFIER "x, ignored %" G_GINT64_MODIFIER
              "x, caught %" G_GINT64_MODIFIER "x",
              child_signal_set ("SigBlk"), child_signal_set ("SigIgn"),
              child_signal_set ("SigCgt"));
  for (int fd = 0; fd < 100; fd++)
    if (fcntl (fd, F_GETFD) >= 0)
      child_sayf ("fd %d", fd);
  return 9;
}

int
main (int argc, char **argv)
{
  GMainLoop *loop;
  void *library;
  PsWatcher *watcher;
  __typeof__ (&ps_glib_attach) attach;
  __typeof__ (&ps_watcher_add) add;
  __typeof__ (&ps_watcher_run) run;

  child_need (argc == 3);
  if (strcmp (argv[2], "look") == 0)
    return look_around ();
  loop = g_main_loop_new (NULL, FALSE);
  library = dlopen (argv[1], RTLD_NOW | RTLD_LOCAL);
  child_need (library != NULL);
  attach = (__typeof__ (attach)) find (library, "ps_glib_attach");
  add = (__typeof__ (add)) find (library, "ps_watcher_add");
  run = (__typeof__ (run)) find (library, "ps_watcher_run");
  get_event = (__typeof__ (get_event)) find (library, "ps_context_get_event");

  watcher = attach (loop);
  add (watcher, PS_EVENT_TERMINATE, "t", 0, 0, say_word, (gpointer) "t", NULL);
  add (watcher, PS_EVENT_QUIT, "q", 0, 0, say_word, (gpointer) "q", NULL);
  add (watcher, PS_EVENT_FINISH, "f", 0, 0, say_word, (gpointer) "f", NULL);
  if (strcmp (argv[2], "twice") == 0)
    return open_twice (library, argv[1], watcher);
  if (argv[2][0] == '/')
    return open_twice (library, argv[2], watcher);
  dlclose (library);
  child_say ("closed");
  if (strcmp (argv[2], "exit") == 0)
    return 7;
  g_idle_add (say_ready, NULL);
  return run (watcher);
}
