/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same as life-hand with libpostscriptum.
 *
 *     life-ps [plain|quiet]          quiet: no records
 *     life-ps stay [SOURCES]         vetoes each exit and goes on; SOURCES others are ready
 */
#include "bench.h"
#include "busy.h"

#include <postscriptum.h>

#define STEPS 10

static void
step (PsContext *context, gpointer data)
{
  if (data == GINT_TO_POINTER (STEPS)) /* last registered first */
    bench_say_now ();
}

static void
veto (PsContext *context, gpointer data)
{
  bench_say_now ();
  ps_context_veto (context, "stays");
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = ps_glib_attach (loop);
  const char *mode = argc > 1 ? argv[1] : "plain";

  if (strcmp (mode, "plain") != 0)
    ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  if (strcmp (mode, "stay") == 0)
    ps_watcher_on_query (watcher, veto, NULL);
  for (int i = 1; i <= STEPS; i++)
    ps_watcher_on_terminate (watcher, step, GINT_TO_POINTER (i));
  busy_add (bench_number (argc, argv, 2, 0));
  ps_watcher_ready (watcher, "Serving");
  bench_say_ready ();
  return ps_watcher_run (watcher);
}
