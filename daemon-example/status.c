/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "status.h"

#define INTERVAL_US G_USEC_PER_SEC

struct _Status
{
  PsWatcher *watcher;
  StatusFunc describe;
  gpointer user_data;
  GSource *source; /* NULL while nothing is to be said */
  gint64 last_us;
  gboolean stopped;
};

Status *
status_new (PsWatcher *watcher, StatusFunc describe, gpointer user_data)
{
  Status *self = g_new0 (Status, 1);

  self->watcher = watcher;
  self->describe = describe;
  self->user_data = user_data;
  self->last_us = g_get_monotonic_time () - INTERVAL_US;
  return self;
}

static gboolean
on_time (gpointer data)
{
  Status *self = data;
  g_autofree char *text = self->describe (self->user_data);

  g_clear_pointer (&self->source, g_source_unref);
  self->last_us = g_get_monotonic_time ();
  ps_watcher_status (self->watcher, "%s", text);
  return G_SOURCE_REMOVE;
}

/* Never says anything at once: in a reload callback the last word is the watcher's. */
void
status_changed (Status *self)
{
  gint64 wait_us;

  if (self->stopped || self->source != NULL)
    return;
  wait_us = MAX (self->last_us + INTERVAL_US - g_get_monotonic_time (), 0);
  self->source = g_timeout_source_new ((guint) (wait_us / 1000));
  g_source_set_callback (self->source, on_time, self, NULL);
  g_source_attach (self->source, NULL);
}

/* From here on the line belongs to the watcher, which tells how the exit goes. */
void
status_stop (Status *self)
{
  self->stopped = TRUE;
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

void
status_free (Status *self)
{
  if (self == NULL)
    return;
  status_stop (self);
  g_free (self);
}
