/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * psctl: what became of daemons that use libpostscriptum, and what they left to be done.
 *
 * This is the frame: it finds the verb, takes the options out of the command line, and gives the
 * verb what is left. What a verb needs (the journal, a pager) it opens itself, so that `psctl
 * settle`, which systemd runs when a unit has ended, starts fast and works without a journal.
 */

#include "verbs.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "ps-clean.h"
#include "ps-text.h"
#include "ps-version.h"

#define LINE_MAX_BYTES 2048

static PsExit run_help (const PsOptions *options, char **arguments);

/* In the order of --help. */
static const PsVerb verbs[] = {
  { "history", "[UNIT…]", "A line for every life: why it ended, by whom", NULL, NULL, TRUE,
    ps_verb_history },
  { "show", "[UNIT] [RUN]", "One exit, step by step; RUN: as history has it", NULL, NULL, TRUE,
    ps_verb_show },
  { "blame", "[UNIT…]", "The slowest steps over many exits", NULL, NULL, TRUE, ps_verb_blame },
  { "plot", "[UNIT] [RUN]", "A picture of one exit, or of many: > exit.svg", ps_verb_plot_details,
    ps_verb_plot_options, TRUE, ps_verb_plot },
  { "status", "UNIT", "Is it up, how did it end last, what is left to do", NULL, NULL, TRUE,
    ps_verb_status },
  { "settle", "[UNIT]", "Carry out what killed daemons left to be done", ps_verb_settle_details,
    ps_verb_settle_options, FALSE, ps_verb_settle },
  { "new-unit", "NAME", "Write a unit for a daemon, from a template", ps_verb_new_unit_details,
    ps_verb_new_unit_options, FALSE, ps_verb_new_unit },
  { "help", "[VERB]", "Say what psctl, or a verb of it, can do", NULL, NULL, FALSE, run_help },
};

static const char journal_help[] =
    "Which journal (as journalctl has it):\n"
    "  --user, --system          Entries of the user, of the system; both unless said\n"
    "  -D, --directory=DIR       The journals in DIR; -i, --file=GLOB: these\n"
    "  --root=DIR, --namespace=NAME   Of another system's tree; of another journald\n"
    "  -m, --merge               Of other hosts, too; -H, --host=NAME: of that\n"
    "  -S, --since=T, -U, --until=T   yesterday, -2h, 2026-11-28 12:00:00 …\n"
    "How it is said:\n"
    "  -j, --json                One JSON document a line; keys in docs/psctl.md\n"
    "  -l, --full, --no-pager    Do not cut lines to the terminal's width; no pager\n"
    "  --colour=WHEN, -q         auto, always, never; --quiet: results only\n"
    "Status: 0 done, 1 failed, 2 wrong usage, 3 nothing found, 4 not allowed,\n"
    "5 done as far as damaged journals let it.\n";

/* Of a verb that reads no journal. */
static const char plain_help[] =
    "  -q, --quiet               Results only\n"
    "  -h, --help, --version     Say this, say which version it is; nothing else\n";

void
ps_verb_complain (const char *format, ...)
{
  char line[LINE_MAX_BYTES];
  g_autofree char *text = NULL;
  va_list values;

  va_start (values, format);
  text = g_strdup_vprintf (format, values);
  va_end (values);
  fprintf (stderr, "psctl: %s\n", ps_text_put_line (line, sizeof line, text));
}

static const PsVerb *
find_verb (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (strcmp (verbs[i].name, name) == 0)
      return &verbs[i];
  return NULL;
}

static void
print_screen (void)
{
  puts ("psctl [OPTION…] VERB [ARGUMENT…]: why daemons ended, what they left to do");
  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    /* printf() counts bytes, and "…" has three. */
    printf ("  %-8s %s%*s%s\n", verbs[i].name, verbs[i].arguments,
            (int) (16 - ps_clean_width (verbs[i].arguments)), "", verbs[i].summary);
  fputs (journal_help, stdout);
}

static void
print_verb (const PsVerb *verb)
{
  printf ("psctl %s [OPTION…] %s\n%s.\n", verb->name, verb->arguments, verb->summary);
  if (verb->details != NULL)
    printf ("\n%s", verb->details);
  printf ("\n%s", verb->reads_journal ? journal_help : plain_help);
}

static PsExit
print_version (void)
{
  puts ("psctl " PS_VERSION);
  return PS_EXIT_DONE;
}

static PsExit
run_help (const PsOptions *options, char **arguments)
{
  const PsVerb *verb = arguments[0] != NULL ? find_verb (arguments[0]) : NULL;

  if (arguments[0] != NULL && verb == NULL)
    {
      ps_verb_complain ("there is no verb “%s”; see psctl --help", arguments[0]);
      return PS_EXIT_USAGE;
    }
  if (verb != NULL)
    print_verb (verb);
  else
    print_screen ();
  return PS_EXIT_DONE;
}

/* argv[0] is the verb's name. */
static PsExit
run_verb (const PsVerb *verb, PsOptions *options, char ***argv)
{
  g_autoptr (GError) error = NULL;

  if (!ps_options_parse (options, verb->options, verb->reads_journal, FALSE, argv, &error))
    {
      ps_verb_complain ("%s; see psctl %s --help", error->message, verb->name);
      return PS_EXIT_USAGE;
    }
  if (options->help)
    {
      print_verb (verb);
      return PS_EXIT_DONE;
    }
  if (options->version)
    return print_version ();
  return verb->run (options, *argv + 1);
}

static PsExit
run (PsOptions *options, char ***argv)
{
  g_autoptr (GError) error = NULL;
  const PsVerb *verb;

  if (!ps_options_parse (options, NULL, TRUE, TRUE, argv, &error))
    {
      ps_verb_complain ("%s; see psctl --help", error->message);
      return PS_EXIT_USAGE;
    }
  if (options->version)
    return print_version ();
  if ((*argv)[1] == NULL)
    {
      print_screen ();
      return options->help ? PS_EXIT_DONE : PS_EXIT_USAGE;
    }
  verb = find_verb ((*argv)[1]);
  if (verb == NULL)
    {
      ps_verb_complain ("there is no verb “%s”; see psctl --help", (*argv)[1]);
      return PS_EXIT_USAGE;
    }
  /* The program's own name makes room for the verb's. */
  g_free ((*argv)[0]);
  memmove (*argv, *argv + 1, g_strv_length (*argv + 1) * sizeof **argv + sizeof **argv);
  return run_verb (verb, options, argv);
}

int
main (int argc, char **argv)
{
  g_auto (GStrv) arguments = g_strdupv (argv);
  PsOptions options = { 0 };
  PsExit status;

  setlocale (LC_ALL, "");
  status = arguments[0] != NULL ? run (&options, &arguments) : PS_EXIT_USAGE;
  ps_options_clear (&options);
  if ((fflush (stdout) != 0 || ferror (stdout)) && status == PS_EXIT_DONE)
    {
      ps_verb_complain ("not all could be written");
      status = PS_EXIT_FAILED;
    }
  return (int) status;
}
