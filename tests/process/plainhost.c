/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that is linked to GLib and the library, and to nothing else. Usage:
 *
 *     plainhost before|within|once|types
 *
 * Asks for the cancellable before an exit, in one, or before it ends with status 3; or for types.
 * What happens goes to descriptor 3, as in every child.
 */
#include <postscriptum.h>

#include "ps-child.h"

#include <dlfcn.h>
#include <string.h>

/* A function of a library that is there by now, NULL when it is not. */
static void *
find (const char *soname, const char *name)
{
  void *library = dlopen (soname, RTLD_NOW | RTLD_NOLOAD);

  return library != NULL ? dlsym (library, name) : NULL;
}

static gboolean
has_gio (void)
{
  return find ("libgio-2.0.so.0", "g_cancellable_new") != NULL;
}

static void
say_cancelled (PsContext *context, gpointer cancellable)
{
  gboolean (*is_cancelled) (GCancellable *) =
      (gboolean (*) (GCancellable *)) find ("libgio-2.0.so.0", "g_cancellable_is_cancelled");

  child_need (is_cancelled != NULL);
  child_sayf ("cancelled: %d", is_cancelled (cancellable));
}

static GCancellable *
ask (PsWatcher *watcher)
{
  GCancellable *cancellable = ps_watcher_get_cancellable (watcher);

  child_sayf ("cancellable: %s", cancellable != NULL ? "yes" : "no");
  child_sayf ("GIO: %s", has_gio () ? "yes" : "no");
  return cancellable;
}

static void
ask_within (PsContext *context, gpointer watcher)
{
  ask (watcher);
}

static gboolean
say_ready (gpointer unused)
{
  child_say ("ready");
  return G_SOURCE_REMOVE;
}

static int
say_types (void)
{
  const GType types[] = { ps_watcher_get_type (), ps_context_get_type (), ps_hold_get_type (),
                          ps_run_get_type () };
  const char *(*type_name) (GType) =
      (const char *(*) (GType)) find ("libgobject-2.0.so.0", "g_type_name");

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    child_say (types[i] == G_TYPE_NONE ? "none" : type_name (types[i]));
  return 0;
}

int
main (int argc, char **argv)
{
  GMainLoop *loop;
  PsWatcher *watcher;

  child_need (argc == 2);
  if (strcmp (argv[1], "types") == 0)
    return say_types ();
  loop = g_main_loop_new (NULL, FALSE);
  watcher = ps_glib_attach (loop);
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  child_sayf ("GIO at the start: %s", has_gio () ? "yes" : "no");
  if (strcmp (argv[1], "within") == 0)
    ps_watcher_on_terminate (watcher, ask_within, watcher);
  else
    {
      GCancellable *cancellable = ask (watcher);

      if (strcmp (argv[1], "once") == 0)
        return 3;
      say_cancelled (NULL, cancellable);
      ps_watcher_on_terminate (watcher, say_cancelled, cancellable);
    }
  g_idle_add (say_ready, NULL);
  return ps_watcher_run (watcher);
}
