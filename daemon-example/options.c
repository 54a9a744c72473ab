/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <locale.h>

#include "failure.h"

/*
 * What is said on the command line goes before the configuration, and that before what the unit's
 * directories suggest. Nothing is guessed beyond that: a daemon that stores in a place nobody named
 * is worse than one that does not start.
 */

#define DEFAULT_CONFIG_PATH "/etc/ps-inboxd.conf"
#define DESCRIPTION                                                                                \
  "Without --listen-… and without sockets from a service manager (LISTEN_FDS) it listens at\n"   \
  "$RUNTIME_DIRECTORY/inbox.sock; without --database it stores in $STATE_DIRECTORY/inbox.db.\n"    \
  "The command line goes before the configuration. SIGHUP reads the configuration again.\n"

static gboolean
parse (Options *self, char **arguments, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &self->config_path,
      "Configuration (default: " DEFAULT_CONFIG_PATH ", if it is there)", "PATH" },
    { "database", 'd', 0, G_OPTION_ARG_FILENAME, &self->database, "Store the lines there", "PATH" },
    { "listen-unix", 'u', 0, G_OPTION_ARG_FILENAME_ARRAY, &self->listen_unix,
      "Listen on a Unix socket (may be repeated)", "PATH" },
    { "listen-tcp", 't', 0, G_OPTION_ARG_STRING_ARRAY, &self->listen_tcp,
      "Listen on TCP (may be repeated); port 0: any free one", "HOST:PORT" },
    { "allow-remote", 0, 0, G_OPTION_ARG_NONE, &self->allow_remote,
      "Let --listen-tcp name other addresses than loopback", NULL },
    { "exit-idle", 0, 0, G_OPTION_ARG_INT, &self->exit_idle_s,
      "End when nobody was connected for so long (for socket activation)", "SECONDS" },
    { "check-config", 0, 0, G_OPTION_ARG_NONE, &self->check_config,
      "Say whether the configuration is right, and end", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &self->version, "Say the version, and end", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- keep lines, and say so");

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (context, DESCRIPTION);
  return g_option_context_parse_strv (context, &arguments, error);
}

static gboolean
check (const Options *self, char **rest, GError **error)
{
  if (rest[0] != NULL && rest[1] != NULL)
    g_set_error (error, FAILURE, EX_USAGE, "“%s” is not an option; see --help", rest[1]);
  else if (self->exit_idle_s < 0)
    g_set_error (error, FAILURE, EX_USAGE, "--exit-idle=%d: must not be negative",
                 self->exit_idle_s);
  else if (self->database != NULL && *self->database == '\0')
    g_set_error (error, FAILURE, EX_USAGE, "--database= needs the path of a file");
  else if (self->config_path != NULL && *self->config_path == '\0')
    g_set_error (error, FAILURE, EX_USAGE, "--config= needs the path of a file");
  else
    return TRUE;
  return FALSE;
}

Options *
options_parse (int argc, char **argv, GError **error)
{
  g_autoptr (Options) self = g_new0 (Options, 1);
  g_auto (GStrv) arguments = g_strdupv (argv);
  g_autoptr (GError) local = NULL;

  setlocale (LC_ALL, "");
  if (!parse (self, arguments, &local))
    {
      g_set_error (error, FAILURE, EX_USAGE, "%s; see --help", local->message);
      return NULL;
    }
  if (!check (self, arguments, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* The default file may be missing; one that was asked for may not. */
Config *
options_load_config (const Options *self, GError **error)
{
  if (self->config_path != NULL)
    return config_load (self->config_path, error);
  if (g_file_test (DEFAULT_CONFIG_PATH, G_FILE_TEST_EXISTS))
    return config_load (DEFAULT_CONFIG_PATH, error);
  return config_new ();
}

/* In a directory of the unit; systemd separates several by colons. */
static char *
build_default (const char *variable, const char *name)
{
  const char *value = g_getenv (variable);
  g_auto (GStrv) directories = g_strsplit (value != NULL ? value : "", ":", 2);

  if (directories[0] == NULL || *directories[0] == '\0')
    return NULL;
  return g_build_filename (directories[0], name, NULL);
}

char *
options_get_default_socket (void)
{
  return build_default ("RUNTIME_DIRECTORY", "inbox.sock");
}

char *
options_choose_database (const Options *self, const Config *config, GError **error)
{
  const char *path = self->database != NULL ? self->database : config->database;
  char *fallback = path == NULL ? build_default ("STATE_DIRECTORY", "inbox.db") : NULL;

  if (path != NULL && *path != '\0')
    return g_strdup (path);
  if (fallback == NULL)
    g_set_error (error, FAILURE, path != NULL ? EX_CONFIG : EX_USAGE,
                 "It is not said where to store: use --database=PATH, or [database] path= in the "
                 "configuration, or set STATE_DIRECTORY");
  return fallback;
}

void
options_free (Options *self)
{
  if (self == NULL)
    return;
  g_free (self->config_path);
  g_free (self->database);
  g_strfreev (self->listen_unix);
  g_strfreev (self->listen_tcp);
  g_free (self);
}
