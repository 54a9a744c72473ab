/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an exit with N of something takes.
 *
 *     growth holds N       one callback takes N holds, which are then released one by one
 *     growth phases N      N callbacks, each in a phase of its own
 *
 * prints the processor's ns from the wish to quit until all is done.
 */
#include "bench.h"

#include <postscriptum.h>

static PsHold **holds;
static int count;

static gboolean
release (gpointer data)
{
  for (int i = 0; i < count; i++)
    ps_hold_release (holds[i]);
  return G_SOURCE_REMOVE;
}

static void
take (PsContext *context, gpointer data)
{
  for (int i = 0; i < count; i++)
    holds[i] = ps_context_hold (context, "takes its time");
  g_idle_add (release, NULL);
}

static void
nothing (PsContext *context, gpointer data)
{
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = ps_glib_attach (loop);
  gboolean has_phases = argc > 1 && strcmp (argv[1], "phases") == 0;
  int64_t begun;

  count = bench_number (argc, argv, 2, 1000);
  holds = g_new (PsHold *, count);
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  if (!has_phases)
    ps_watcher_on_finish (watcher, take, NULL);
  for (int i = 0; has_phases && i < count; i++)
    ps_watcher_add (watcher, PS_EVENT_FINISH, NULL, i, 0, nothing, GINT_TO_POINTER (i), NULL);
  begun = bench_cpu_ns ();
  ps_watcher_quit (watcher, 0);
  ps_watcher_run (watcher);
  printf ("%ld\n", (long) (bench_cpu_ns () - begun));
  fflush (stdout);
  _exit (0);
}
