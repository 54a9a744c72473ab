/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The configuration file, read and checked. */
typedef struct
{
  /* What only the next start can change. */
  char **listen_unix;
  char **listen_tcp;
  gboolean allow_remote;
  char *database; /* NULL: not set */

  /* What a reload changes. */
  guint batch_size;
  guint batch_delay_ms;
  guint line_limit;
  guint queue_limit;
  guint connection_limit;
  guint drain_ms;
} Config;

Config *config_new (void);
Config *config_load (const char *path, GError **error);
const char *config_update (Config *self, const Config *now);
void config_free (Config *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Config, config_free)
