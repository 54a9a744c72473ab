/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A GLib daemon that only quits: g_unix_signal_add() at the priority that the library has, and
 * g_main_loop_quit(). Built twice: as it is, and linked to libsystemd without using it.
 *
 *     life-glib [stay [SOURCES]]     answers each signal and goes on; SOURCES others are ready
 */
#include "bench.h"
#include "busy.h"

#include <glib-unix.h>
#include <signal.h>

static gboolean stays;
static GMainLoop *loop;

static gboolean
handle (gpointer data)
{
  bench_say_now ();
  if (!stays)
    g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  stays = argc > 1 && strcmp (argv[1], "stay") == 0;
  loop = g_main_loop_new (NULL, FALSE);
  g_unix_signal_add_full (G_PRIORITY_HIGH, SIGTERM, handle, NULL, NULL);
  busy_add (bench_number (argc, argv, 2, 0));
  bench_say_ready ();
  g_main_loop_run (loop);
  g_main_loop_unref (loop);
  return 0;
}
