/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * print-picture KIND < RECORDS: makes a picture of records that are written down, in lines
 *
 *   MILLISECONDS KIND NAME=value|NAME=value…
 *
 * so that what is drawn is the same every time. KIND: what the record is called in ps-ids.h. \NNN
 * in a value is a byte, in octal.
 */

#include "ps-ids.h"
#include "ps-lives.h"
#include "ps-svg-blame.h"
#include "ps-svg-exit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Some day in 2026. */
#define EPOCH_US (G_GINT64_CONSTANT (1795000000) * G_USEC_PER_SEC)

static const struct
{
  const char *name, *id;
} kinds[] = {
  { "RUN_BEGUN", PS_MESSAGE_RUN_BEGUN },
  { "EXIT_BEGUN", PS_MESSAGE_EXIT_BEGUN },
  { "SIGNAL_AGAIN", PS_MESSAGE_SIGNAL_AGAIN },
  { "STEP_BEGUN", PS_MESSAGE_STEP_BEGUN },
  { "STEP_DONE", PS_MESSAGE_STEP_DONE },
  { "STEP_SKIPPED", PS_MESSAGE_STEP_SKIPPED },
  { "HOLD_DROPPED", PS_MESSAGE_HOLD_DROPPED },
  { "CALLBACK_FAILED", PS_MESSAGE_CALLBACK_FAILED },
  { "EXIT_FINISHED", PS_MESSAGE_EXIT_FINISHED },
  { "EXIT_FORCED", PS_MESSAGE_EXIT_FORCED },
  { "CRASHED", PS_MESSAGE_CRASHED },
};

static const char *
find_kind (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, name) == 0)
      return kinds[i].id;
  fprintf (stderr, "print-picture: what is %s?\n", name);
  exit (EXIT_FAILURE);
}

static void
take_fields (PsEntry *entry, char **fields)
{
  for (guint i = 0; fields[i] != NULL; i++)
    {
      char *equals = strchr (fields[i], '=');
      PsKey key =
          equals != NULL ? ps_entry_find_key (fields[i], (gsize) (equals - fields[i])) : PS_N_KEYS;
      g_autofree char *value = equals != NULL ? g_strcompress (equals + 1) : NULL;

      if (key == PS_N_KEYS)
        {
          fprintf (stderr, "print-picture: %s\n", fields[i]);
          exit (EXIT_FAILURE);
        }
      strcpy (equals + 1, value);
      entry->values[key] = equals + 1;
    }
}

static void
add_line (PsLives *lives, PsBlame *blame, const char *line)
{
  char *rest;
  double at_ms = g_ascii_strtod (line, &rest);
  g_auto (GStrv) words = g_strsplit (g_strchug (rest), " ", 2);
  g_auto (GStrv) fields = g_strsplit (words[1] != NULL ? words[1] : "", "|", -1);
  gint64 at_us = (gint64) (at_ms * 1000 + 0.5);
  PsEntry entry = { .realtime_us = EPOCH_US + at_us, .monotonic_us = at_us };

  entry.values[PS_KEY_MESSAGE_ID] = find_kind (words[0]);
  entry.values[PS_KEY_BOOT_ID] = entry.values[PS_KEY_MACHINE_ID] = "1";
  entry.values[PS_KEY_HOSTNAME] = "inbox1";
  entry.values[PS_KEY_PID] = "4711";
  entry.values[PS_KEY_UNIT] = "inboxd.service";
  take_fields (&entry, fields);
  ps_lives_add (lives, &entry);
  ps_blame_add (blame, &entry);
}

int
main (int argc, char **argv)
{
  g_autoptr (PsLives) lives = ps_lives_new (PS_LIVES_WHOLE);
  g_autoptr (PsBlame) blame = ps_blame_new ();
  g_autofree char *text = NULL;
  char line[65536];

  while (fgets (line, sizeof line, stdin) != NULL)
    if (*g_strstrip (line) != '\0' && *line != '#')
      add_line (lives, blame, line);
  ps_lives_finish (lives, NULL, NULL);
  ps_blame_finish (blame);
  if (argc != 2 || ps_lives_get_n (lives) == 0)
    return EXIT_FAILURE;
  text = strcmp (argv[1], "blame") == 0
             ? ps_svg_blame (blame)
             : ps_svg_exit (ps_lives_get (lives, ps_lives_get_n (lives) - 1));
  /* Of steps that nobody told of there is no picture. */
  if (text != NULL)
    fputs (text, stdout);
  return EXIT_SUCCESS;
}
