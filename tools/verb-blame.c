/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * psctl blame: where the time of exits goes, the step that takes most of it first.
 */

#include "verbs.h"

#include "ps-blame.h"
#include "ps-clean.h"
#include "ps-json.h"
#include "ps-output.h"
#include "ps-read.h"
#include "ps-table.h"

#include <string.h>

enum
{
  COLUMN_UNIT,
  COLUMN_STEP,
  COLUMN_EVENT,
  COLUMN_COUNT,
  COLUMN_MEDIAN,
  COLUMN_P95,
  COLUMN_WORST,
  COLUMN_SHARE,
  COLUMN_DROPPED,
  N_COLUMNS,
};

static const PsColumn columns_of_blame[N_COLUMNS] = {
  [COLUMN_UNIT] = { .title = "UNIT" },
  [COLUMN_STEP] = { .title = "STEP", .is_elastic = TRUE },
  [COLUMN_EVENT] = { .title = "EVENT" },
  [COLUMN_COUNT] = { .title = "COUNT", .is_right = TRUE },
  [COLUMN_MEDIAN] = { .title = "MEDIAN", .is_right = TRUE },
  [COLUMN_P95] = { .title = "P95", .is_right = TRUE },
  [COLUMN_WORST] = { .title = "WORST", .is_right = TRUE },
  [COLUMN_SHARE] = { .title = "SHARE", .is_right = TRUE },
  [COLUMN_DROPPED] = { .title = "GIVEN UP", .is_right = TRUE },
};

/* In tenths of a percent; -1: not known. */
static gint64
share_of (const PsBlamed *blamed)
{
  return blamed->exits_us > 0
             ? (gint64) ((double) blamed->total_us * 1000 / (double) blamed->exits_us + 0.5)
             : -1;
}

static char *
share_text (const PsBlamed *blamed)
{
  gint64 share = share_of (blamed);

  return share < 0 ? g_strdup ("-")
                   : g_strdup_printf ("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT " %%", share / 10,
                                      share % 10);
}

static void
add_row (PsTable *table, const PsBlamed *blamed)
{
  char *cells[N_COLUMNS] = {
    [COLUMN_UNIT] = ps_clean (blamed->unit),
    [COLUMN_STEP] = ps_clean (blamed->step),
    [COLUMN_EVENT] = ps_clean (blamed->event),
    [COLUMN_COUNT] = g_strdup_printf ("%u", blamed->durations->len),
    [COLUMN_MEDIAN] = ps_clean_duration (blamed->median_us),
    [COLUMN_P95] = ps_clean_duration (blamed->p95_us),
    [COLUMN_WORST] = ps_clean_duration (blamed->worst_us),
    [COLUMN_SHARE] = share_text (blamed),
    [COLUMN_DROPPED] =
        blamed->n_dropped > 0 ? g_strdup_printf ("%u", blamed->n_dropped) : g_strdup ("-"),
  };

  ps_table_add (table, cells, blamed->n_dropped > 0 ? PS_TINT_BAD : PS_TINT_NONE);
}

static gboolean
is_of_one_unit (const PsBlame *blame)
{
  for (guint i = 1; i < ps_blame_get_n (blame); i++)
    if (strcmp (ps_blame_get (blame, i)->unit, ps_blame_get (blame, 0)->unit) != 0)
      return FALSE;
  return TRUE;
}

static void
print_table (const PsBlame *blame, const PsOptions *options)
{
  PsColumn columns[N_COLUMNS];
  g_autoptr (PsTable) table = NULL;
  PsOutput output;

  memcpy (columns, columns_of_blame, sizeof columns);
  columns[COLUMN_UNIT].is_left_out = is_of_one_unit (blame);
  table = ps_table_new (columns, N_COLUMNS);
  for (guint i = 0; i < ps_blame_get_n (blame); i++)
    add_row (table, ps_blame_get (blame, i));
  ps_output_open (&output, options);
  ps_table_print (table, &output);
  ps_output_close (&output);
}

static void
print_json (const PsBlame *blame, const PsOptions *options)
{
  PsOutput output;
  PsJson json;

  ps_output_open (&output, options);
  ps_json_init (&json);
  for (guint i = 0; i < ps_blame_get_n (blame); i++)
    {
      const PsBlamed *blamed = ps_blame_get (blame, i);

      ps_json_begin (&json, NULL, '{');
      ps_json_string (&json, "unit", blamed->unit);
      ps_json_string (&json, "event", blamed->event);
      ps_json_string (&json, "step", blamed->step);
      ps_json_int (&json, "count", blamed->durations->len);
      ps_json_known (&json, "median_us", blamed->median_us);
      ps_json_known (&json, "p95_us", blamed->p95_us);
      ps_json_known (&json, "worst_us", blamed->worst_us);
      ps_json_int (&json, "total_us", blamed->total_us);
      ps_json_int (&json, "exits_us", blamed->exits_us);
      ps_json_known (&json, "share_permille", share_of (blamed));
      ps_json_int (&json, "holds_dropped", blamed->n_dropped);
      ps_json_int (&json, "skipped", blamed->n_skipped);
      ps_json_int (&json, "failed", blamed->n_failed);
      ps_json_end (&json, '}');
      ps_json_print (&json);
    }
  ps_json_clear (&json);
  ps_output_close (&output);
}

static void
take_step (const PsEntry *entry, gpointer blame)
{
  ps_blame_add (blame, entry);
}

PsExit
ps_verb_blame (const PsOptions *options, char **arguments)
{
  g_auto (GStrv) units = ps_read_unit_names (arguments);
  g_autoptr (PsJournalReader) reader = NULL;
  g_autoptr (PsBlame) blame = ps_blame_new ();
  g_autoptr (GError) error = NULL;
  PsExit status = PS_EXIT_FAILED;
  guint n;

  reader = ps_read_open (options, &status);
  if (reader == NULL)
    return status;
  if (!ps_journal_reader_select (reader, units, PS_MATCH_STEPS, &error))
    {
      ps_verb_complain ("%s", error->message);
      return (PsExit) error->code;
    }
  ps_read_all (reader, options, take_step, blame);
  ps_blame_finish (blame);
  n = ps_blame_get_n (blame);
  status = ps_read_close (reader, options, n > 0);
  ps_read_complain_of_foreign (options, ps_blame_get_n_foreign (blame));
  if (n == 0 && status == PS_EXIT_NOTHING)
    ps_read_complain_of_nothing (reader, options, "no such exit is in this journal");
  if (options->json)
    print_json (blame, options);
  else if (n > 0)
    print_table (blame, options);
  return status;
}
