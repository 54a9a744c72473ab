/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-record-watcher.h"
#include "ps-error.h"
#include "ps-run-file.h"
#include "ps-run-log.h"
#include "ps-run-report.h"
#include "ps-watcher-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* systemd gives several, with colons between. (transfer full) (nullable) */
static char *
get_first_directory (const char *variable)
{
  const char *value = secure_getenv (variable);

  if (value == NULL || value[0] == '\0' || value[0] == ':')
    return NULL;
  return g_strndup (value, strcspn (value, ":"));
}

static char *
choose_directory (const char *directory, GError **error)
{
  g_autofree char *chosen = g_strdup (directory);

  if (chosen == NULL)
    chosen = get_first_directory ("STATE_DIRECTORY");
  if (chosen == NULL)
    chosen = get_first_directory ("RUNTIME_DIRECTORY");
  if (chosen == NULL)
    g_set_error_literal (error, PS_ERROR, PS_ERROR_INVALID,
                         "There is no directory for the record: set StateDirectory= (or "
                         "RuntimeDirectory=) in the unit, or give one by its path");
  return g_steal_pointer (&chosen);
}

/* -1 with error. */
static int
open_directory (const char *directory, GError **error)
{
  g_autofree char *path = choose_directory (directory, error);
  const char *why;
  int fd;

  if (path == NULL)
    return -1;
  fd = ps_store_open_directory (path, &why);
  if (fd < 0)
    g_set_error (error, PS_ERROR,
                 errno == EMFILE || errno == ENFILE ? PS_ERROR_EXHAUSTED : PS_ERROR_INVALID,
                 "The record's directory %s cannot be used: %s", path,
                 why != NULL ? why : g_strerror (errno));
  return fd;
}

/* The one before is told, then this one begins. */
static gboolean
begin_life (PsWatcher *self, PsRunFile *file, PsRecordFlags flags, GError **error)
{
  if (file->previous != NULL && !file->is_told)
    ps_run_report_previous (self->report, file->previous);
  if (!ps_run_file_begin (file, flags, error))
    return FALSE;
  self->previous_run = g_steal_pointer (&file->previous);
  return TRUE;
}

static gboolean
open_record (PsWatcher *self, const char *directory, PsRecordFlags flags, GError **error)
{
  g_autofree char *name = ps_run_file_choose_name ();
  int dir = open_directory (directory, error);
  gboolean done;
  PsRunFile file;

  if (dir < 0)
    return FALSE;
  done = ps_run_file_open (&file, dir, name, flags, error);
  if (done)
    {
      done = begin_life (self, &file, flags, error);
      ps_run_file_clear (&file);
    }
  close (dir);
  return done;
}

gboolean
ps_watcher_open_record (PsWatcher *self, const char *directory, PsRecordFlags flags, GError **error)
{
  gboolean done;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!ps_watcher_is_forked (self) && ps_run_log_is_open ())
    return TRUE;
  if (ps_watcher_is_forked (self) || !ps_watcher_enter (self))
    {
      g_set_error_literal (error, PS_ERROR, PS_ERROR_OVER,
                           "No record can be opened any more: the end has begun, the watch was "
                           "ended, or it is another process's");
      return FALSE;
    }
  done = open_record (self, directory, flags, error);
  ps_watcher_leave (self);
  return done;
}

const PsRun *
ps_watcher_get_previous_run (PsWatcher *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->previous_run;
}
