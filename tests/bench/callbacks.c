/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Very many callbacks: what registering, finding a duplicate, removing and running one costs.
 *
 *     callbacks ps|sd-event|g-idle|atexit|on-exit COUNT
 *
 * prints "NAME NANOSECONDS", of the processor, per callback for each of these that the peer has.
 * "run" is the whole way from the wish to quit until the last callback is over, whatever has to be
 * sorted before it. Removing is by the handle that registering gave, every second one, in an order
 * that jumps about.
 */
#include "bench.h"

#include <postscriptum.h>
#include <systemd/sd-event.h>

static int64_t begun;
static int count, calls;

static void
begin (void)
{
  begun = bench_cpu_ns ();
}

static void
end (const char *name, int n)
{
  printf ("%s %.2f\n", name, (double) (bench_cpu_ns () - begun) / n);
}

/* All of them once, in an order that is not that of registering. */
static int
jump (int i)
{
  return (int) ((int64_t) i * 7919 % count);
}

/* --- libpostscriptum ------------------------------------------------------------------------- */

static void
ps_callback (PsContext *context, gpointer data)
{
  calls++;
}

static void
measure_ps (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = ps_glib_attach (loop);
  guint *ids = g_new (guint, count);

  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  begin ();
  for (int i = 0; i < count; i++)
    ids[i] = ps_watcher_on_finish (watcher, ps_callback, GINT_TO_POINTER (i));
  end ("register", count);
  begin ();
  for (int i = 0; i < count; i++)
    ps_watcher_on_finish (watcher, ps_callback, GINT_TO_POINTER (jump (i)));
  end ("duplicate", count);
  begin ();
  for (int i = 0; i < count / 2; i++)
    ps_watcher_remove (watcher, ids[jump (i)]);
  end ("remove", count / 2);
  g_free (ids);
  begin ();
  ps_watcher_quit (watcher, 0);
  ps_watcher_run (watcher);
  end ("run", calls);
}

/* --- sd-event -------------------------------------------------------------------------------- */

static int
sd_callback (sd_event_source *source, void *data)
{
  calls++;
  return 0;
}

static void
measure_sd_event (void)
{
  sd_event_source **sources = g_new0 (sd_event_source *, count);
  sd_event *event = NULL;

  sd_event_new (&event);
  begin ();
  for (int i = 0; i < count; i++)
    sd_event_add_exit (event, &sources[i], sd_callback, NULL);
  end ("register", count);
  begin ();
  for (int i = 0; i < count / 2; i++)
    sources[jump (i)] = sd_event_source_disable_unref (sources[jump (i)]);
  end ("remove", count / 2);
  begin ();
  sd_event_exit (event, 0);
  sd_event_loop (event);
  end ("run", calls);
}

/* --- GLib's idle sources --------------------------------------------------------------------- */

static gboolean
idle_callback (gpointer loop)
{
  if (++calls == count - count / 2)
    g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
measure_g_idle (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  guint *ids = g_new (guint, count);

  begin ();
  for (int i = 0; i < count; i++)
    ids[i] = g_idle_add (idle_callback, loop);
  end ("register", count);
  begin ();
  for (int i = 0; i < count / 2; i++)
    g_source_remove (ids[jump (i)]);
  end ("remove", count / 2);
  begin ();
  g_main_loop_run (loop);
  end ("run", calls);
}

/* --- glibc: run by exit(), so the last function to be called says it ------------------------- */

static void
atexit_callback (void)
{
  calls++;
}

static void
on_exit_callback (int status, void *data)
{
  calls++;
}

static void
say_run (void)
{
  end ("run", calls);
}

static void
measure_glibc (gboolean with_status)
{
  atexit (say_run);
  begin ();
  for (int i = 0; i < count; i++)
    if ((with_status ? on_exit (on_exit_callback, NULL) : atexit (atexit_callback)) != 0)
      _exit (99);
  end ("register", count);
  begin ();
  exit (0);
}

int
main (int argc, char **argv)
{
  const char *peer = argc > 1 ? argv[1] : "";

  count = bench_number (argc, argv, 2, 1000000);
  if (strcmp (peer, "ps") == 0)
    measure_ps ();
  else if (strcmp (peer, "sd-event") == 0)
    measure_sd_event ();
  else if (strcmp (peer, "g-idle") == 0)
    measure_g_idle ();
  else if (strcmp (peer, "atexit") == 0 || strcmp (peer, "on-exit") == 0)
    measure_glibc (strcmp (peer, "on-exit") == 0);
  else
    return 2;
  fflush (stdout);
  _exit (0);
}
