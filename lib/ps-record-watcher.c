/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-record-watcher.h"
#include "ps-clock.h"
#include "ps-error.h"
#include "ps-identity.h"
#include "ps-run-file.h"
#include "ps-run-log.h"
#include "ps-run-report.h"
#include "ps-settle-files.h"
#include "ps-watcher-private.h"
#include "ps-will-report.h"
#include "ps-will.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTLE_US (20 * PS_US_PER_SEC)

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
open_directory (const char *path, GError **error)
{
  const char *why;
  int fd;

  fd = ps_store_open_directory (path, &why);
  if (fd < 0)
    g_set_error (error, PS_ERROR,
                 errno == EMFILE || errno == ENFILE ? PS_ERROR_EXHAUSTED : PS_ERROR_INVALID,
                 "The record's directory %s cannot be used: %s", path,
                 why != NULL ? why : g_strerror (errno));
  return fd;
}

/* What the lives before have left to be done, before this one makes anything that could be taken
 * for theirs. */
static void
settle_old (PsWatcher *self, int dir, const char *name, const char *last_run)
{
  PsSettleWork *work = ps_settle_work_new ();
  const PsSettleHow how = { .by = PS_SETTLE_BY_START,
                            .last_run = last_run,
                            .end_us = ps_clock_now_us () + SETTLE_US,
                            .tell = ps_will_report,
                            .data = self->report };

  if (work != NULL)
    ps_settle_all (dir, name, work, &how);
  ps_settle_work_free (work);
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

static PsWill *
new_will (int dir, const char *path, const char *name, const char *run, PsRecordFlags flags,
          GError **error)
{
  PsOwner owner;
  PsWill *will = NULL;

  if (ps_owner_init_self (&owner, run, ps_identity_get_invocation_id ()) == 0)
    will = ps_will_new (dir, path, name, &owner, (flags & PS_RECORD_SYNC) != 0);
  if (will == NULL)
    g_set_error (error, PS_ERROR, PS_ERROR_EXHAUSTED, "No will can be kept: %s",
                 g_strerror (errno));
  return will;
}

static gboolean
open_record (PsWatcher *self, const char *directory, PsRecordFlags flags, GError **error)
{
  g_autofree char *name = ps_run_file_choose_name ();
  g_autofree char *path = choose_directory (directory, error);
  int dir = path != NULL ? open_directory (path, error) : -1;
  PsWill *will = NULL;
  PsRunFile file;

  if (dir < 0)
    return FALSE;
  if (ps_run_file_open (&file, dir, name, flags, error))
    {
      settle_old (self, dir, name, file.last_id);
      will = new_will (dir, path, name, file.id, flags, error);
      if (will != NULL && !begin_life (self, &file, flags, error))
        g_clear_pointer (&will, ps_will_free);
      ps_run_file_clear (&file);
    }
  close (dir);
  g_atomic_pointer_set (&self->will, will);
  return will != NULL;
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
