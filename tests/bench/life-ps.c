/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same as life-hand with libpostscriptum.
 *
 *     life-ps [plain|quiet]          quiet: no records
 *     life-ps will                   with a record and a will of three clauses
 *     life-ps stay [SOURCES]         vetoes each exit and goes on; SOURCES others are ready
 */
#include "bench.h"
#include "busy.h"

#include <glib/gstdio.h>
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

/* Three files that are to be gone afterwards, as in life-hand. */
static void
make_will (PsWatcher *watcher)
{
  g_mkdir (BENCH_DIRECTORY, 0700);
  if (!ps_watcher_open_record (watcher, BENCH_DIRECTORY, PS_RECORD_DEFAULT, NULL))
    exit (99);
  for (int i = 0; i < BENCH_FILES; i++)
    {
      g_autofree char *path = g_strdup_printf (BENCH_DIRECTORY "/file%d", i);

      if (!g_file_set_contents_full (path, "", 0, G_FILE_SET_CONTENTS_NONE, 0600, NULL)
          || ps_watcher_will_unlink (watcher, path, NULL) == 0)
        exit (99);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = ps_glib_attach (loop);
  const char *mode = argc > 1 ? argv[1] : "plain";

  if (strcmp (mode, "quiet") == 0 || strcmp (mode, "stay") == 0)
    ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  if (strcmp (mode, "stay") == 0)
    ps_watcher_on_query (watcher, veto, NULL);
  for (int i = 1; i <= STEPS; i++)
    ps_watcher_on_terminate (watcher, step, GINT_TO_POINTER (i));
  if (strcmp (mode, "will") == 0)
    make_will (watcher);
  busy_add (bench_number (argc, argv, 2, 0));
  ps_watcher_ready (watcher, "Serving");
  bench_say_ready ();
  return ps_watcher_run (watcher);
}
