/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-watchdog.h"
#include "ps-clock.h"
#include "ps-watcher-private.h"

/* Half of it, as sd_watchdog_enabled(3) recommends. */
static guint
interval_ms (PsWatcher *self)
{
  guint64 half_ms = ps_report_get_watchdog_us (self->report) / 2 / PS_US_PER_MS;

  return (guint) CLAMP (half_ms, 1, G_MAXUINT);
}

/* Where the manager does not read, a ping may take longer than the time to the next. That one is
 * left out: the loop has other things to do. */
static gboolean
say_alive (gpointer data)
{
  PsWatcher *self = data;

  if (ps_watcher_is_forked (self))
    return G_SOURCE_REMOVE;
  if (self->ping_us > ps_clock_from_ms (interval_ms (self)) / 2)
    self->ping_us = 0;
  else
    {
      gint64 begun_us = ps_clock_now_us ();

      ps_report_alive (self->report);
      self->ping_us = ps_clock_now_us () - begun_us;
    }
  return G_SOURCE_CONTINUE;
}

/* From the loop, so that one that hangs is found out. */
void
ps_watchdog_start (PsWatcher *self)
{
  if (ps_report_get_watchdog_us (self->report) == 0)
    return;
  if (self->watchdog != NULL)
    g_source_destroy (self->watchdog);
  g_clear_pointer (&self->watchdog, g_source_unref);
  self->watchdog = g_timeout_source_new (interval_ms (self));
  g_source_set_priority (self->watchdog, G_PRIORITY_HIGH);
  g_source_set_static_name (self->watchdog, "[libpostscriptum] watchdog");
  g_source_set_callback (self->watchdog, say_alive, self, NULL);
  g_source_attach (self->watchdog, self->context);
  ps_report_alive (self->report);
}
