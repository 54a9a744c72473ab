/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sources that are always ready, at the default priority, for the loop of a measured program. */

#include <glib.h>

static gboolean
busy_prepare (GSource *source, int *timeout)
{
  *timeout = 0;
  return TRUE;
}

static gboolean
busy_dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static inline void
busy_add (int count)
{
  static GSourceFuncs funcs = { .prepare = busy_prepare, .dispatch = busy_dispatch };

  for (int i = 0; i < count; i++)
    {
      GSource *source = g_source_new (&funcs, sizeof (GSource));

      g_source_attach (source, NULL);
      g_source_unref (source);
    }
}
