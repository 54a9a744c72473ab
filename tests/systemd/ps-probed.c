/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A daemon on the public API, for tests under a real systemd. It attaches, says that it is ready,
 * and runs until it is ended; what else it does at which moment, a test says with --on (see
 * probe-acts.c). What happens comes out as lines of a fifo (--trace), in their order.
 */

#include "probe.h"

#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>

static char *trace_path;
static char *status_text;
static char *policy_name;
static char *bus_name;
static int deadline_ms = -1;
static int ready_after_ms;
static gboolean prepare;
static gboolean clear_environment;
static gboolean never_ready;
static gboolean busy;
static gboolean own_log;
static gboolean report_crashes;
static gboolean crash_twice;
static gboolean realtime;
static gboolean keep_record;

static gboolean
on_option (const char *name, const char *value, gpointer data, GError **error)
{
  return script_add (value, error);
}

static const GOptionEntry entries[] = {
  { "on", 0, 0, G_OPTION_ARG_CALLBACK, on_option, "Do that then", "MOMENT:ACT" },
  { "trace", 0, 0, G_OPTION_ARG_FILENAME, &trace_path, "Tell this fifo what happens", "FIFO" },
  { "prepare", 0, 0, G_OPTION_ARG_NONE, &prepare, "Call ps_prepare() first", NULL },
  { "clearenv", 0, 0, G_OPTION_ARG_NONE, &clear_environment, "Empty the environment", NULL },
  { "deadline", 0, 0, G_OPTION_ARG_INT, &deadline_ms, "ps_watcher_set_deadline()", "MS" },
  { "policy", 0, 0, G_OPTION_ARG_STRING, &policy_name, "status, reraise or success", "POLICY" },
  { "log-func", 0, 0, G_OPTION_ARG_NONE, &own_log, "Take the records as trace lines", NULL },
  { "report-crashes", 0, 0, G_OPTION_ARG_NONE, &report_crashes, "Tell of crashes", NULL },
  { "crash-twice", 0, 0, G_OPTION_ARG_NONE, &crash_twice, "Crash in the crash callback", NULL },
  { "realtime", 0, 0, G_OPTION_ARG_NONE, &realtime, "End at SIGTERM and SIGRTMIN", NULL },
  { "record", 0, 0, G_OPTION_ARG_NONE, &keep_record, "Keep a record, and have a will", NULL },
  { "busy", 0, 0, G_OPTION_ARG_NONE, &busy, "Keep the loop at work", NULL },
  { "bus-name", 0, 0, G_OPTION_ARG_STRING, &bus_name, "Own this name, be ready then", "NAME" },
  { "status", 0, 0, G_OPTION_ARG_STRING, &status_text, "What to be ready with", "TEXT" },
  { "ready-after", 0, 0, G_OPTION_ARG_INT, &ready_after_ms, "Be ready later", "MS" },
  { "never-ready", 0, 0, G_OPTION_ARG_NONE, &never_ready, "Never say READY=1", NULL },
  G_OPTION_ENTRY_NULL,
};

static void
parse (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("[INSTANCE]");
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      fprintf (stderr, "ps-probed: %s\n", error->message);
      exit (EX_USAGE);
    }
}

/* Options come from the command line and, so that a unit can be tested as it is, from the
 * environment. The name of an instance may follow; nothing is done with it. */
static void
parse_options (int argc, char **argv)
{
  g_autofree char *more = g_strdup_printf ("ps-probed %s", g_getenv ("PS_PROBED") ?: "");
  g_auto (GStrv) words = NULL;
  int n_words;

  parse (argc, argv);
  if (g_shell_parse_argv (more, &n_words, &words, NULL))
    parse (n_words, words);
}

static PsExitPolicy
get_policy (void)
{
  if (g_strcmp0 (policy_name, "reraise") == 0)
    return PS_EXIT_POLICY_RERAISE;
  if (g_strcmp0 (policy_name, "success") == 0)
    return PS_EXIT_POLICY_SUCCESS;
  return PS_EXIT_POLICY_STATUS;
}

static void
on_record (int priority, const char *message, const GLogField *fields, gsize n_fields,
           gpointer data)
{
  trace ("record %d %s", priority, message);
}

static gboolean
on_idle (gpointer data)
{
  g_usleep (200);
  return G_SOURCE_CONTINUE;
}

static void
be_ready (void)
{
  if (!never_ready)
    ps_watcher_ready (the_watcher, status_text);
  trace ("ready");
  script_run_moment ("ready");
}

static void
on_ready_time (gpointer data)
{
  be_ready ();
}

/* Says how the last run ended, and leaves a file to be removed and a command to be run, which adds
 * a line to the file "done". */
static void
open_record (void)
{
  const char *directory = g_getenv ("STATE_DIRECTORY");
  g_autofree char *leftover = g_build_filename (directory, "leftover", NULL);
  g_autofree char *command = g_strdup_printf ("echo done >>'%s/done'", directory);
  const char *const argv[] = { "/bin/sh", "-c", command, NULL };
  g_autoptr (GError) error = NULL;
  const PsRun *run;

  if (!ps_watcher_open_record (the_watcher, NULL, PS_RECORD_SYNC, &error))
    {
      trace ("refused %s", error->message);
      return;
    }
  run = ps_watcher_get_previous_run (the_watcher);
  if (run == NULL)
    trace ("previous none");
  else
    trace ("previous %s signal %d status %d said %s step %s",
           ps_verdict_to_string (ps_run_get_verdict (run)), ps_run_get_signal (run),
           ps_run_get_status (run), ps_run_get_service_result (run), ps_run_get_step (run));
  if (!g_file_set_contents (leftover, "", 0, &error)
      || ps_watcher_will_unlink (the_watcher, leftover, &error) == 0
      || ps_watcher_will_run (the_watcher, argv, &error) == 0)
    trace ("no will %s", error->message);
}

static void
configure (void)
{
  if (deadline_ms >= 0)
    ps_watcher_set_deadline (the_watcher, (guint) deadline_ms);
  if (policy_name != NULL)
    ps_watcher_set_exit_policy (the_watcher, get_policy ());
  if (own_log)
    ps_watcher_set_log_func (the_watcher, on_record, NULL, NULL);
  if (realtime
      && !ps_watcher_set_signals (the_watcher, (const int[]){ SIGTERM, SIGRTMIN }, 2, NULL))
    abort ();
  if (report_crashes)
    crash_register ();
  if (crash_twice)
    crash_register_twice ();
  if (keep_record)
    open_record ();
  script_register ();
  serve_sockets ();
  if (bus_name != NULL)
    serve_bus_name (bus_name, be_ready);
  else
    g_timeout_add_once ((guint) ready_after_ms, on_ready_time, NULL);
  if (busy)
    g_idle_add (on_idle, NULL);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = NULL;
  g_autoptr (PsWatcher) watcher = NULL;
  int status;

  parse_options (argc, argv);
  if (trace_path != NULL)
    trace_open (trace_path);
  if (prepare)
    ps_prepare ();
  trace ("notify socket: %s", g_getenv ("NOTIFY_SOCKET") != NULL ? "yes" : "no");
  if (clear_environment)
    clearenv ();
  script_run_moment ("start");

  the_loop = loop = g_main_loop_new (NULL, FALSE);
  the_watcher = watcher = ps_glib_attach (loop);
  configure ();
  trace ("attached");
  script_run_moment ("attached");
  status = ps_watcher_run (watcher);
  trace ("returned %d", status);
  return status;
}
