/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon.h"

#include "failure.h"
#include "listener.h"

/* The parts of the daemon, put together and taken apart. */

static gboolean
on_idle_too_long (gpointer data)
{
  Daemon *self = data;

  self->idle = 0;
  ps_watcher_quit (self->watcher, 0);
  return G_SOURCE_REMOVE;
}

/* Somebody came or went, lines were stored or refused. */
static void
on_changed (gpointer data)
{
  Daemon *self = data;

  status_changed (self->status);
  g_clear_handle_id (&self->idle, g_source_remove);
  if (self->options->exit_idle_s > 0 && inbox_is_idle (self->inbox))
    self->idle = g_timeout_add_seconds (self->options->exit_idle_s, on_idle_too_long, self);
}

static char *
describe (gpointer data)
{
  return daemon_describe (data);
}

char *
daemon_describe (Daemon *self)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "Serving on %s: ", self->place);
  inbox_describe (self->inbox, text);
  if (self->config_problem != NULL)
    g_string_append_printf (text, ". %s", self->config_problem);
  if (self->previous != NULL)
    g_string_append_printf (text, ". The previous run %s", self->previous);
  return g_string_free (text, FALSE);
}

gboolean
daemon_open (Daemon *self, const Options *options, GError **error)
{
  g_autofree char *database = NULL, *lock = NULL;

  self->options = options;
  self->config = options_load_config (options, error);
  if (self->config == NULL)
    return FALSE;
  database = options_choose_database (options, self->config, error);
  if (database == NULL)
    return FALSE;
  lock = g_strconcat (database, ".lock", NULL);
  self->lock = lock_file_take (lock, error);
  if (self->lock == NULL)
    return FALSE;
  self->store = store_open (database, error);
  return self->store != NULL;
}

gboolean
daemon_listen (Daemon *self, PsWatcher *watcher, GError **error)
{
  self->watcher = watcher;
  self->listeners = listeners_open (self->options, self->config, error);
  if (self->listeners == NULL)
    return FALSE;
  self->place = listeners_describe (self->listeners);
  self->status = status_new (watcher, describe, self);
  self->inbox = inbox_new (self->listeners, self->store, self->config, on_changed, self);
  on_changed (self); /* nobody may ever come */
  return TRUE;
}

static gboolean
has_place_for_record (void)
{
  return g_getenv ("STATE_DIRECTORY") != NULL || g_getenv ("RUNTIME_DIRECTORY") != NULL;
}

/* Each run is written down, and says at its start what became of the one before. That is for
 * people: without a record the daemon serves as well. */
void
daemon_remember (Daemon *self, PsWatcher *watcher)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *words = NULL;
  const PsRun *run;

  if (!has_place_for_record ())
    return;
  self->has_record = ps_watcher_open_record (watcher, NULL, PS_RECORD_DEFAULT, &error);
  if (!self->has_record)
    g_warning ("%s", error->message);
  run = ps_watcher_get_previous_run (watcher);
  if (run == NULL)
    return;
  words = ps_run_describe (run);
  g_message ("The previous run %s", words);
  if (ps_run_get_verdict (run) != PS_VERDICT_CLEAN
      && ps_run_get_verdict (run) != PS_VERDICT_TERMINATED)
    self->previous = g_steal_pointer (&words);
}

static void
bequeath_file (PsWatcher *watcher, const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *absolute_directory = g_canonicalize_filename (directory, NULL);
  g_autoptr (GError) error = NULL;

  if (!ps_watcher_will_allow (watcher, absolute_directory, &error)
      || ps_watcher_will_unlink (watcher, absolute, &error) == 0)
    g_warning ("%s", error->message);
}

/* What a killed daemon would leave behind: `psctl settle`, or the next start, removes it. The lock
 * is named first, so that it goes last. */
void
daemon_bequeath (Daemon *self, PsWatcher *watcher)
{
  if (!self->has_record)
    return;
  bequeath_file (watcher, self->lock->path);
  for (guint i = 0; i < self->listeners->len; i++)
    {
      const Listener *listener = g_ptr_array_index (self->listeners, i);

      if (listener->file != NULL)
        bequeath_file (watcher, listener->file->path);
    }
}

static gboolean
load_again (Daemon *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (Config) now = options_load_config (self->options, &local);
  const char *fixed;

  if (now == NULL)
    {
      g_set_error (error, FAILURE, local->code, "The old configuration stays in force: %s",
                   local->message);
      return FALSE;
    }
  fixed = config_update (self->config, now);
  inbox_configure (self->inbox, self->config);
  if (fixed != NULL)
    g_set_error (error, FAILURE, EX_CONFIG,
                 "The configuration is in force except %s, which needs a restart", fixed);
  return fixed == NULL;
}

gboolean
daemon_reload (Daemon *self, GError **error)
{
  GError *local = NULL;
  gboolean done = load_again (self, &local);

  g_free (self->config_problem);
  self->config_problem = done ? NULL : g_strdup (local->message);
  status_changed (self->status);
  if (!done)
    g_propagate_error (error, local);
  return done;
}

/* Not while the worker may be using it: then the log stays, and the next start takes it up. */
gboolean
daemon_close_database (Daemon *self, GError **error)
{
  gboolean clean;

  if (!inbox_is_finished (self->inbox))
    {
      g_set_error (error, FAILURE, EX_IOERR,
                   "The worker is still waiting for the disk; what it has not written was never "
                   "acknowledged");
      return FALSE;
    }
  clean = store_checkpoint (self->store, error);
  g_clear_pointer (&self->store, store_close);
  return clean;
}

/* After an exit that was cut short the worker may still be at it: then it keeps its store. */
void
daemon_clear (Daemon *self)
{
  gboolean finished = self->inbox == NULL || inbox_is_finished (self->inbox);

  g_clear_pointer (&self->inbox, inbox_free);
  g_clear_handle_id (&self->idle, g_source_remove);
  g_clear_pointer (&self->status, status_free);
  if (finished)
    g_clear_pointer (&self->store, store_close);
  g_clear_pointer (&self->lock, lock_file_release);
  g_clear_pointer (&self->listeners, g_ptr_array_unref);
  g_clear_pointer (&self->config, config_free);
  g_clear_pointer (&self->config_problem, g_free);
  g_clear_pointer (&self->place, g_free);
  g_clear_pointer (&self->previous, g_free);
}
