/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * GLib's parser is called twice: up to the verb, with the common options only, and behind it, with
 * the verb's own as well. So `psctl --json history` and `psctl history --json` are the same, and an
 * option of one verb is an error behind another, as one that is about the journal is behind a verb
 * that reads none.
 *
 * Names and meanings are journalctl's wherever journalctl has them. The screen of --help is written
 * by hand (psctl.c): GLib's would not fit one.
 */

#include "ps-options.h"

static gboolean
take_colour (const char *name, const char *value, gpointer data, GError **error)
{
  PsOptions *self = data;

  if (g_strcmp0 (value, "always") == 0)
    self->colour = PS_COLOUR_ALWAYS;
  else if (g_strcmp0 (value, "never") == 0)
    self->colour = PS_COLOUR_NEVER;
  else if (g_strcmp0 (value, "auto") == 0)
    self->colour = PS_COLOUR_AUTO;
  else
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "%s=%s: must be auto, always or never", name, value);
      return FALSE;
    }
  return TRUE;
}

void
ps_options_clear (PsOptions *self)
{
  g_clear_pointer (&self->directory, g_free);
  g_clear_pointer (&self->files, g_strfreev);
  g_clear_pointer (&self->root, g_free);
  g_clear_pointer (&self->name_space, g_free);
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->since, g_free);
  g_clear_pointer (&self->until, g_free);
}

gboolean
ps_options_parse (PsOptions *self, const GOptionEntry *own, gboolean journal, gboolean strict,
                  char ***argv, GError **error)
{
  const GOptionEntry always[] = {
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &self->quiet, NULL, NULL },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &self->help, NULL, NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &self->version, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };
  const GOptionEntry of_readers[] = {
    { "user", 0, 0, G_OPTION_ARG_NONE, &self->user, NULL, NULL },
    { "system", 0, 0, G_OPTION_ARG_NONE, &self->system, NULL, NULL },
    { "merge", 'm', 0, G_OPTION_ARG_NONE, &self->merge, NULL, NULL },
    { "directory", 'D', 0, G_OPTION_ARG_FILENAME, &self->directory, NULL, NULL },
    { "file", 'i', 0, G_OPTION_ARG_FILENAME_ARRAY, &self->files, NULL, NULL },
    { "root", 0, 0, G_OPTION_ARG_FILENAME, &self->root, NULL, NULL },
    { "namespace", 0, 0, G_OPTION_ARG_STRING, &self->name_space, NULL, NULL },
    { "host", 'H', 0, G_OPTION_ARG_STRING, &self->host, NULL, NULL },
    { "since", 'S', 0, G_OPTION_ARG_STRING, &self->since, NULL, NULL },
    { "until", 'U', 0, G_OPTION_ARG_STRING, &self->until, NULL, NULL },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &self->json, NULL, NULL },
    { "no-pager", 0, 0, G_OPTION_ARG_NONE, &self->no_pager, NULL, NULL },
    { "full", 'l', 0, G_OPTION_ARG_NONE, &self->full, NULL, NULL },
    { "colour", 0, 0, G_OPTION_ARG_CALLBACK, take_colour, NULL, NULL },
    { "color", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_CALLBACK, take_colour, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  GOptionGroup *group = g_option_group_new ("psctl", "", "", self, NULL);

  g_option_group_add_entries (group, always);
  if (journal)
    g_option_group_add_entries (group, of_readers);
  g_option_context_set_main_group (context, group);
  if (own != NULL)
    g_option_context_add_main_entries (context, own, NULL);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_strict_posix (context, strict);
  return g_option_context_parse_strv (context, argv, error);
}
