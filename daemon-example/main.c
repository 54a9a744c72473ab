/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <postscriptum.h>

#include "daemon.h"
#include "failure.h"
#include "listener.h"

/*
 * ps-inboxd keeps lines: what it has answered with "ok" is in the database, whatever happens next.
 * This file is its life at one look; each step of the end is one callback.
 */

/* 1. Nobody new comes in. Who knocks at a socket of the service manager's waits there. */
static void
stop_accepting (PsContext *context, gpointer user_data)
{
  Daemon *self = user_data;

  status_stop (self->status);
  inbox_stop_accepting (self->inbox);
}

/* 2. Who is inside gets answers for what has arrived, as long as drain-ms allows. */
static void
drain_connections (PsContext *context, gpointer user_data)
{
  Daemon *self = user_data;

  inbox_drain (self->inbox, context, self->config->drain_ms);
}

/* 3. The worker writes what is left, and releases the hold from its own thread. */
static void
write_last_batch (PsContext *context, gpointer user_data)
{
  Daemon *self = user_data;

  inbox_write_last (self->inbox, context);
}

/* 4. Everything goes from the write-ahead log into the database proper. */
static void
close_database (PsContext *context, gpointer user_data)
{
  Daemon *self = user_data;
  GError *error = NULL;

  if (!daemon_close_database (self, &error))
    ps_context_fail (context, error);
}

/* Last of all, also when the steps above were cut short. */
static void
remove_sockets (PsContext *context, gpointer user_data)
{
  Daemon *self = user_data;
  GError *error = NULL;

  if (!listeners_remove_files (self->listeners, &error))
    ps_context_fail (context, error);
}

/* SIGHUP. */
static void
reload_configuration (PsContext *context, gpointer user_data)
{
  Daemon *self = user_data;
  GError *error = NULL;

  if (!daemon_reload (self, &error))
    ps_context_fail (context, error);
}

/* A lower priority runs first; each is a phase, and its holds are awaited before the next one.
 * The number behind it is how many milliseconds the step and its holds may take; with 0 only the
 * exit as a whole is bounded (drain_connections sets its own bound). */
static void
register_callbacks (PsWatcher *watcher, Daemon *self)
{
  const PsEvents end = PS_EVENT_TERMINATE | PS_EVENT_QUIT;

  ps_watcher_add (watcher, end, "stop_accepting", -20, 0, stop_accepting, self, NULL);
  ps_watcher_add (watcher, end, "drain_connections", -10, 0, drain_connections, self, NULL);
  ps_watcher_add (watcher, end, "write_last_batch", 0, 20000, write_last_batch, self, NULL);
  ps_watcher_add (watcher, end, "close_database", 10, 0, close_database, self, NULL);
  ps_watcher_on_finish (watcher, remove_sockets, self);
  ps_watcher_on_reload (watcher, reload_configuration, self);
}

static int
fail (GError *error)
{
  int status = error->code;

  g_printerr ("ps-inboxd: %s\n", error->message);
  g_error_free (error);
  return status;
}

static int
check_config (const Options *options)
{
  GError *error = NULL;
  g_autoptr (Config) config = options_load_config (options, &error);

  if (config == NULL)
    return fail (error);
  g_print ("The configuration is right\n");
  return 0;
}

static int
serve (const Options *options)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PsWatcher) watcher = NULL;
  g_auto (Daemon) self = { 0 };
  g_autofree char *status = NULL;
  GError *error = NULL;

  signal (SIGXFSZ, SIG_IGN); /* a file that may not grow is an error, not the end */
  if (!daemon_open (&self, options, &error))
    return fail (error);
  watcher = ps_glib_attach (loop);
  ps_watcher_report_crashes (watcher);
  daemon_remember (&self, watcher);
  if (!daemon_listen (&self, watcher, &error))
    return fail (error);
  daemon_bequeath (&self, watcher);

  register_callbacks (watcher, &self); /* nothing can fail any more */
  g_message ("Serving on %s", self.place);
  status = daemon_describe (&self);
  ps_watcher_ready (watcher, status);
  return ps_watcher_run (watcher);
}

int
main (int argc, char **argv)
{
  g_autoptr (Options) options = NULL;
  GError *error = NULL;

  ps_prepare (); /* a signal that comes while the database opens is kept for the loop */
  g_log_set_writer_func (ps_log_writer, NULL, NULL); /* for the record of a crash by g_error() */
  options = options_parse (argc, argv, &error);
  if (options == NULL)
    return fail (error);
  if (options->version)
    {
      g_print ("ps-inboxd %s\n", PS_VERSION);
      return 0;
    }
  return options->check_config ? check_config (options) : serve (options);
}
