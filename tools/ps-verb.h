/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a verb of psctl is. One per file, verb-NAME.c; psctl.c has the table of them. */

#include "ps-options.h"

/* How psctl ends. docs/psctl.md tells users. */
typedef enum
{
  PS_EXIT_DONE = 0,
  PS_EXIT_FAILED = 1,
  PS_EXIT_USAGE = 2,   /* it was called in a wrong way */
  PS_EXIT_NOTHING = 3, /* there is nothing of that unit, or in that time */
  PS_EXIT_DENIED = 4,  /* not allowed to read it */
  PS_EXIT_PARTLY = 5,  /* done, as far as it could be read: a journal is damaged */
} PsExit;

typedef struct
{
  const char *name;
  const char *arguments;       /* as --help shows them */
  const char *summary;         /* one line of --help */
  const char *details;         /* more for `psctl NAME --help`: its own options; NULL: nothing */
  const GOptionEntry *options; /* its own; NULL: none */
  gboolean reads_journal;      /* takes the options that are about that, too */

  /* arguments: those behind the verb, with a NULL at the end. */
  PsExit (*run) (const PsOptions *options, char **arguments);
} PsVerb;

/* Says on standard error what is wrong, behind the name of the program, as one clean line. */
void ps_verb_complain (const char *format, ...) G_GNUC_PRINTF (1, 2);
