/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options that verbs have in common. They may stand before the verb or after it. */

#include <glib.h>

typedef enum
{
  PS_COLOUR_AUTO,
  PS_COLOUR_ALWAYS,
  PS_COLOUR_NEVER,
} PsColour;

typedef struct
{
  /* Which journal. */
  gboolean user;    /* the user's own entries only */
  gboolean system;  /* the system's own entries only */
  gboolean merge;   /* those of other machines, too */
  char *directory;  /* the journal files there */
  char **files;     /* these journal files (globs) */
  char *root;       /* the journal of the system below that directory */
  char *name_space; /* of journald */

  /* Which entries. */
  char *host;
  char *since; /* as journalctl has them */
  char *until;

  /* How to say it. */
  gboolean json;
  gboolean no_pager;
  gboolean full; /* nothing is cut to the width of the terminal */
  gboolean quiet;
  PsColour colour;

  /* What to do instead. */
  gboolean help;
  gboolean version;
} PsOptions;

void ps_options_clear (PsOptions *self);

/* Takes the options of the program, and own (may be NULL), out of argv; what is left are the
 * arguments. journal: those that are about reading one, too. strict: stops at the first argument.
 * argv[0] stays. */
gboolean ps_options_parse (PsOptions *self, const GOptionEntry *own, gboolean journal,
                           gboolean strict, char ***argv, GError **error);
