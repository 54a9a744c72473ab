/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that has the library linked into it, and loads it from a file besides. Usage: copyhost
 * LIBRARY. What happens goes to descriptor 3, as in every child.
 */
#include <postscriptum.h>

#include "ps-child.h"

#include <dlfcn.h>
#include <stdlib.h>

static void *library;

#define LOADED(name) ((__typeof__ (&name)) dlsym (library, #name))

static void
say_word (PsContext *context, gpointer word)
{
  child_sayf ("quit: %s", (const char *) word);
}

static PsWatcher *
try_attach (const char *which, __typeof__ (&ps_glib_try_attach) attach, GMainLoop *loop)
{
  g_autoptr (GError) error = NULL;
  PsWatcher *watcher = attach (loop, &error);

  if (watcher != NULL)
    child_sayf ("%s: one", which);
  else
    child_sayf ("%s: %s %d", which, g_quark_to_string (error->domain), error->code);
  return watcher;
}

int
main (int argc, char **argv)
{
  GMainLoop *loop = g_main_loop_new (NULL, FALSE);
  PsWatcher *first, *second;

  child_need (argc == 2);
  library = dlopen (argv[1], RTLD_NOW | RTLD_LOCAL);
  child_need (library != NULL);
  child_need (LOADED (ps_glib_attach) != ps_glib_attach);

  first = try_attach ("linked in", ps_glib_try_attach, loop);
  child_sayf ("loaded, default: %s", LOADED (ps_watcher_get_default) () == NULL ? "none" : "one");
  try_attach ("loaded", LOADED (ps_glib_try_attach), loop);
  child_sayf ("loaded, plain: %s", LOADED (ps_glib_attach) (loop) == NULL ? "none" : "one");

  ps_watcher_detach (first);
  ps_watcher_unref (first);
  child_say ("detached");
  second = try_attach ("loaded", LOADED (ps_glib_try_attach), loop);
  try_attach ("linked in", ps_glib_try_attach, loop);
  LOADED (ps_watcher_set_log_func) (second, NULL, NULL, NULL);
  LOADED (ps_watcher_add) (second, PS_EVENT_QUIT, "q", 0, 0, say_word, (gpointer) "loaded", NULL);
  exit (4);
}
