/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <postscriptum.h>

#include "config.h"
#include "inbox.h"
#include "lock-file.h"
#include "options.h"
#include "status.h"

/* What the callbacks in main.c work on. */
typedef struct
{
  PsWatcher *watcher;
  const Options *options;
  Config *config;       /* in force */
  char *config_problem; /* why the file on disk is not; NULL when it is */
  GPtrArray *listeners;
  char *place; /* where it listens, for people */
  LockFile *lock; /* one daemon for one database */
  Store *store;
  Inbox *inbox;
  Status *status;
  char *previous; /* how the run before this one ended; NULL: well, or not known */
  gboolean has_record;
  guint idle; /* source that ends an idle daemon */
} Daemon;

gboolean daemon_open (Daemon *self, const Options *options, GError **error);
gboolean daemon_listen (Daemon *self, PsWatcher *watcher, GError **error);
void daemon_remember (Daemon *self, PsWatcher *watcher);
void daemon_bequeath (Daemon *self, PsWatcher *watcher);
char *daemon_describe (Daemon *self);
gboolean daemon_reload (Daemon *self, GError **error);
gboolean daemon_close_database (Daemon *self, GError **error);
void daemon_clear (Daemon *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Daemon, daemon_clear)
