/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "config.h"

/* The command line. What it says goes before the configuration file. */
typedef struct
{
  char *config_path; /* NULL: not given */
  char *database;
  char **listen_unix;
  char **listen_tcp;
  gboolean allow_remote;
  int exit_idle_s; /* 0: never */
  gboolean check_config;
  gboolean version;
} Options;

Options *options_parse (int argc, char **argv, GError **error);
Config *options_load_config (const Options *self, GError **error);
char *options_choose_database (const Options *self, const Config *config, GError **error);
char *options_get_default_socket (void);
void options_free (Options *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Options, options_free)
