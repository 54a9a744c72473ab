/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an exit with N of something takes.
 *
 *     growth holds N       one callback takes N holds, which are then released one by one
 *     growth phases N      N callbacks, each in a phase of its own
 *     growth wills N       a will of N clauses
 *     growth runs N        opens a record in which N lives are written down already
 *
 * prints the processor's ns from the wish to quit until all is done; for wills that of
 * registering, too; for runs that of opening only.
 */
#include "bench.h"

#include <postscriptum.h>
#include <sys/wait.h>

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

static void
say (const char *what, int64_t begun)
{
  printf ("%s %ld\n", what, (long) (bench_cpu_ns () - begun));
  fflush (stdout);
}

static void
need (gboolean good)
{
  if (!good)
    _exit (99);
}

static void
end (PsWatcher *watcher)
{
  ps_watcher_quit (watcher, 0);
  ps_watcher_run (watcher);
}

static void
add_phases (PsWatcher *watcher)
{
  for (int i = 0; i < count; i++)
    ps_watcher_add (watcher, PS_EVENT_FINISH, NULL, i, 0, nothing, GINT_TO_POINTER (i), NULL);
}

static void
add_wills (PsWatcher *watcher, const char *directory)
{
  int64_t begun;

  need (ps_watcher_open_record (watcher, directory, PS_RECORD_DEFAULT, NULL));
  begun = bench_cpu_ns ();
  for (int i = 0; i < count; i++)
    {
      char path[256];

      g_snprintf (path, sizeof path, "%s/%d", directory, i);
      need (ps_watcher_will_unlink (watcher, path, NULL) != 0);
    }
  say ("register", begun);
}

static PsWatcher *
begin (void)
{
  PsWatcher *watcher = ps_glib_attach (g_main_loop_new (NULL, FALSE));

  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  return watcher;
}

/* Each life is a process, as it is in earnest. */
static void
open_after_runs (const char *directory)
{
  int64_t begun;
  PsWatcher *watcher;

  for (int i = 0; i < count; i++)
    {
      pid_t child = fork ();

      if (child == 0)
        {
          watcher = begin ();
          need (ps_watcher_open_record (watcher, directory, PS_RECORD_DEFAULT, NULL));
          end (watcher);
          _exit (0);
        }
      waitpid (child, NULL, 0);
    }
  watcher = begin ();
  begun = bench_cpu_ns ();
  need (ps_watcher_open_record (watcher, directory, PS_RECORD_DEFAULT, NULL));
  say ("open", begun);
}

int
main (int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";
  g_autofree char *directory = g_dir_make_tmp ("ps-bench-XXXXXX", NULL);
  const char *command[] = { "rm", "-r", directory, NULL };
  PsWatcher *watcher;
  int64_t begun;

  count = bench_number (argc, argv, 2, 1000);
  holds = g_new (PsHold *, count);
  if (strcmp (what, "runs") == 0)
    open_after_runs (directory);
  else
    {
      watcher = begin ();
      if (strcmp (what, "phases") == 0)
        add_phases (watcher);
      else if (strcmp (what, "wills") == 0)
        add_wills (watcher, directory);
      else
        ps_watcher_on_finish (watcher, take, NULL);
      begun = bench_cpu_ns ();
      end (watcher);
      say ("exit", begun);
    }
  need (g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                      NULL, NULL));
  _exit (0);
}
