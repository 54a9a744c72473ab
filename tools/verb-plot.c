/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * psctl plot: a picture of one exit, as SVG on standard output; with --blame of many.
 *
 * The picture is whole, or there is none: it is drawn in memory first. A terminal is no place for
 * it.
 */

#include "verbs.h"

#include "ps-read.h"
#include "ps-svg-blame.h"
#include "ps-svg-exit.h"
#include "ps-svg-words.h"

#include <stdio.h>
#include <unistd.h>

static gboolean wants_blame;

const GOptionEntry ps_verb_plot_options[] = {
  { "blame", 0, 0, G_OPTION_ARG_NONE, &wants_blame, NULL, NULL },
  G_OPTION_ENTRY_NULL,
};

const char ps_verb_plot_details[] =
    "  --blame                   How long each step took over all exits of [UNIT…]\n"
    "Writes SVG: psctl plot foo.service > exit.svg\n";

static PsExit
write_picture (const char *text, PsExit status)
{
  if (fputs (text, stdout) < 0 || fflush (stdout) != 0)
    return PS_EXIT_FAILED;
  return status;
}

static void
take_entry (const PsEntry *entry, gpointer blame)
{
  ps_blame_add (blame, entry);
}

static PsExit
plot_blame (const PsOptions *options, char **arguments)
{
  g_auto (GStrv) units = ps_read_unit_names (arguments);
  g_autoptr (PsBlame) blame = ps_blame_new ();
  g_autoptr (PsJournalReader) reader = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  PsExit status;

  reader = ps_read_open (options, &status);
  if (reader == NULL)
    return status;
  if (!ps_journal_reader_select (reader, units, PS_MATCH_STEPS, &error))
    {
      ps_verb_complain ("%s", error->message);
      return error->domain == PS_READER_ERROR ? (PsExit) error->code : PS_EXIT_FAILED;
    }
  ps_read_all (reader, options, take_entry, blame);
  ps_blame_finish (blame);
  text = ps_svg_blame (blame);
  status = ps_read_close (reader, options, text != NULL);
  ps_read_complain_of_foreign (options, ps_blame_get_n_foreign (blame));
  if (text != NULL)
    return write_picture (text, status);
  if (status == PS_EXIT_NOTHING)
    ps_read_complain_of_nothing (reader, options,
                                 "no exit with steps is in this journal; see psctl history");
  return status;
}

/* Why there is no picture, if there is none. */
static PsExit
explain_nothing (PsJournalReader *reader, const PsOptions *options, const PsLife *life,
                 PsExit status)
{
  if (life == NULL)
    {
      if (status == PS_EXIT_NOTHING)
        ps_read_complain_of_nothing (reader, options,
                                     "no such life is in this journal; see psctl history");
      return status;
    }
  ps_verb_complain ("that life of %s has no exit to be drawn: %s; see psctl show",
                    ps_svg_words_name (life), ps_fate_word (life->fate));
  return PS_EXIT_NOTHING;
}

static PsExit
plot_exit (const PsOptions *options, const char *unit, const char *run)
{
  g_auto (PsReadOne) one = { 0 };
  g_autofree char *text = NULL;
  PsExit status = PS_EXIT_FAILED;
  PsLife *life = ps_read_one (&one, options, unit, run, &status);

  if (life == NULL || life->exit_begun_us < 0)
    return explain_nothing (one.reader, options, life, status);
  text = ps_svg_exit (life);
  return write_picture (text, status);
}

PsExit
ps_verb_plot (const PsOptions *options, char **arguments)
{
  g_autofree char *unit = NULL;

  if (options->json)
    {
      ps_verb_complain ("a picture is no JSON; psctl show --json has what is in it");
      return PS_EXIT_USAGE;
    }
  if (isatty (STDOUT_FILENO))
    {
      ps_verb_complain (
          "a terminal shows no pictures; write it to a file: psctl plot … > exit.svg");
      return PS_EXIT_USAGE;
    }
  if (wants_blame)
    return plot_blame (options, arguments);
  if (arguments[0] != NULL && arguments[1] != NULL && arguments[2] != NULL)
    {
      ps_verb_complain ("“%s” is one too many; see psctl plot --help", arguments[2]);
      return PS_EXIT_USAGE;
    }
  unit = arguments[0] != NULL ? ps_read_unit_name (arguments[0]) : NULL;
  return plot_exit (options, unit, unit != NULL ? arguments[1] : NULL);
}
