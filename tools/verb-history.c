/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * psctl history: a line for every life, the newest last, as one reads a log.
 */

#include "verbs.h"

#include "ps-clean.h"
#include "ps-life-text.h"
#include "ps-output.h"
#include "ps-read.h"
#include "ps-table.h"

#include <string.h>

enum
{
  COLUMN_HOST,
  COLUMN_UNIT,
  COLUMN_RUN,
  COLUMN_BEGUN,
  COLUMN_LIVED,
  COLUMN_ENDING,
  COLUMN_STATUS,
  COLUMN_TOOK,
  N_COLUMNS,
};

static const PsColumn columns_of_history[N_COLUMNS] = {
  [COLUMN_HOST] = { .title = "HOST" },
  [COLUMN_UNIT] = { .title = "UNIT" },
  [COLUMN_RUN] = { .title = "RUN", .is_right = TRUE },
  [COLUMN_BEGUN] = { .title = "BEGUN" },
  [COLUMN_LIVED] = { .title = "LIVED", .is_right = TRUE },
  [COLUMN_ENDING] = { .title = "ENDED BY", .is_elastic = TRUE },
  [COLUMN_STATUS] = { .title = "STATUS" },
  [COLUMN_TOOK] = { .title = "EXIT TOOK", .is_right = TRUE },
};

static PsTint
tint_of (PsFate fate)
{
  switch (fate)
    {
    case PS_FATE_RUNNING:
      return PS_TINT_GOOD;
    case PS_FATE_CLEAN:
    case PS_FATE_TERMINATED:
      return PS_TINT_NONE;
    case PS_FATE_QUIT:
    case PS_FATE_UNKNOWN:
      return PS_TINT_WARN;
    case PS_FATE_CRASHED:
    case PS_FATE_KILLED:
    case PS_FATE_OUT_OF_MEMORY:
    case PS_FATE_WATCHDOG:
    case PS_FATE_FORCED:
    case PS_FATE_POWER_LOSS:
      return PS_TINT_BAD;
    }
  return PS_TINT_NONE;
}

static const char *
name_of (const PsLife *life)
{
  return *life->unit != '\0' ? life->unit : life->program;
}

static void
add_row (PsTable *table, const PsLife *life)
{
  char *cells[N_COLUMNS] = {
    [COLUMN_HOST] = ps_clean (life->host),
    [COLUMN_UNIT] = ps_clean (name_of (life)),
    [COLUMN_RUN] = g_strdup_printf ("%u", life->run),
    [COLUMN_BEGUN] = ps_clean_time (life->has_begin ? life->begun_us : PS_UNKNOWN),
    [COLUMN_LIVED] = ps_clean_duration (life->lived_us),
    [COLUMN_ENDING] = ps_life_text_ending (life, ps_read_name_user),
    [COLUMN_STATUS] = ps_life_text_status (life),
    [COLUMN_TOOK] = ps_clean_duration (life->exit_duration_us),
  };

  ps_table_add (table, cells, tint_of (life->fate));
}

/* A column that says the same everywhere says nothing. */
static void
choose_columns (PsColumn *columns, const PsLives *lives)
{
  const PsLife *first = ps_lives_get (lives, 0);

  memcpy (columns, columns_of_history, sizeof columns_of_history);
  columns[COLUMN_HOST].is_left_out = columns[COLUMN_UNIT].is_left_out = TRUE;
  for (guint i = 1; i < ps_lives_get_n (lives); i++)
    {
      const PsLife *life = ps_lives_get (lives, i);

      if (strcmp (life->host, first->host) != 0)
        columns[COLUMN_HOST].is_left_out = FALSE;
      if (strcmp (name_of (life), name_of (first)) != 0)
        columns[COLUMN_UNIT].is_left_out = FALSE;
    }
}

static void
print_table (const PsLives *lives, const PsOptions *options, gboolean is_of_one)
{
  PsColumn columns[N_COLUMNS];
  g_autoptr (PsTable) table = NULL;
  PsOutput output;

  choose_columns (columns, lives);
  if (!is_of_one)
    columns[COLUMN_UNIT].is_left_out = FALSE;
  /* Whoever asks for all hosts wants to know which it was, though it be one. */
  if (options->merge)
    columns[COLUMN_HOST].is_left_out = FALSE;
  table = ps_table_new (columns, N_COLUMNS);
  for (guint i = 0; i < ps_lives_get_n (lives); i++)
    add_row (table, ps_lives_get (lives, i));
  ps_output_open (&output, options);
  ps_table_print (table, &output);
  ps_output_close (&output);
}

static void
print_json (const PsLives *lives, const PsOptions *options)
{
  PsOutput output;
  PsJson json;

  ps_output_open (&output, options);
  ps_json_init (&json);
  for (guint i = 0; i < ps_lives_get_n (lives); i++)
    {
      ps_json_begin (&json, NULL, '{');
      ps_life_json (&json, ps_lives_get (lives, i), FALSE);
      ps_json_end (&json, '}');
      ps_json_print (&json);
    }
  ps_json_clear (&json);
  ps_output_close (&output);
}

PsExit
ps_verb_history (const PsOptions *options, char **arguments)
{
  g_auto (GStrv) units = ps_read_unit_names (arguments);
  g_autoptr (PsJournalReader) reader = NULL;
  g_autoptr (PsLives) lives = NULL;
  PsExit status = PS_EXIT_FAILED;
  guint n;

  reader = ps_read_open (options, &status);
  lives = reader != NULL ? ps_read_lives (reader, options, units, &status) : NULL;
  if (lives == NULL)
    return status;
  n = ps_lives_get_n (lives);
  status = ps_read_close (reader, options, n > 0);
  if (n == 0 && status == PS_EXIT_NOTHING)
    ps_read_complain_of_nothing (reader, options, "no such life is in this journal");
  if (options->json)
    print_json (lives, options);
  else if (n > 0)
    print_table (lives, options, units != NULL && units[1] == NULL);
  return status;
}
