/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * psctl status: of one unit what the manager knows, how its previous life ended, and which wills
 * are still to be carried out. Each of the three comes from somewhere else; where one cannot be had
 * the others are told, and that is said.
 */

#include "verbs.h"

#include "ps-clean.h"
#include "ps-json.h"
#include "ps-life-text.h"
#include "ps-output.h"
#include "ps-read.h"
#include "ps-unit-state.h"
#include "ps-unit-wills.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  char *unit;
  PsUnitState state;
  PsUnitWills wills;
  PsLives *lives;
  PsLife *previous; /* NULL: none is known */
} Status;

static const char *
get (const Status *self, const char *name)
{
  return ps_unit_state_get (&self->state, name);
}

static gboolean
is_up (const Status *self)
{
  return strcmp (get (self, "MainPID"), "0") != 0 && *get (self, "MainPID") != '\0';
}

/* --- Finding out ----------------------------------------------------------------------------- */

static PsExit
read_previous (Status *self, const PsOptions *options)
{
  char *units[] = { self->unit, NULL };
  g_autoptr (PsJournalReader) reader = NULL;
  PsExit status;

  reader = ps_read_open (options, &status);
  if (reader == NULL)
    return status;
  self->lives = ps_read_lives (reader, options, units, &status);
  if (self->lives == NULL)
    return status;
  self->previous = ps_lives_get_last_over (self->lives);
  return ps_read_close (reader, options, TRUE);
}

static PsExit
find_out (Status *self, const PsOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) directories = NULL;
  PsExit status = PS_EXIT_DONE, read;

  if (!ps_unit_state_init (&self->state, self->unit, options->user, &error))
    {
      ps_verb_complain ("%s", error->message);
      status = PS_EXIT_FAILED;
    }
  directories = ps_unit_state_directories (&self->state, options->user);
  ps_unit_wills_init (&self->wills, directories, self->unit, is_up (self));
  read = read_previous (self, options);
  if (status == PS_EXIT_DONE)
    status = read;
  if (self->previous == NULL && strcmp (get (self, "LoadState"), "not-found") == 0)
    {
      ps_verb_complain ("there is no unit %s, and no life of it in this journal", self->unit);
      return PS_EXIT_NOTHING;
    }
  return status;
}

/* --- Saying it ------------------------------------------------------------------------------- */

static void
print_fact (const PsOutput *output, const char *name, const char *text)
{
  g_autofree char *clean = ps_clean (text);

  if (*clean != '\0')
    printf ("  %s%-10s%s %s\n", ps_output_tint (output, PS_TINT_DIM), name,
            ps_output_plain (output), clean);
}

static void
print_state (const Status *self, const PsOutput *output)
{
  const char *active = get (self, "ActiveState"), *since = get (self, "ActiveEnterTimestamp");
  PsTint tint = strcmp (active, "failed") == 0 ? PS_TINT_BAD
                : is_up (self)                 ? PS_TINT_GOOD
                                               : PS_TINT_DIM;
  g_autofree char *unit = ps_clean (self->unit);

  printf ("%s%s%s: %s%s%s", ps_output_tint (output, PS_TINT_BOLD), unit, ps_output_plain (output),
          ps_output_tint (output, tint), *active != '\0' ? active : "state unknown",
          ps_output_plain (output));
  if (*get (self, "SubState") != '\0')
    printf (" (%s)", get (self, "SubState"));
  if (is_up (self))
    printf (", process %s%s%s", get (self, "MainPID"), *since != '\0' ? ", since " : "", since);
  putchar ('\n');
  print_fact (output, "status", get (self, "StatusText"));
  if (strcmp (get (self, "Result"), "success") != 0)
    print_fact (output, "result", get (self, "Result"));
  if (strcmp (get (self, "NRestarts"), "0") != 0)
    print_fact (output, "restarts", get (self, "NRestarts"));
}

static void
print_previous (const Status *self, const PsOutput *output)
{
  const PsLife *life = self->previous;
  g_autofree char *ending = NULL, *status = NULL, *ended = NULL, *lived = NULL, *text = NULL;

  if (life == NULL)
    {
      print_fact (output, "previous", "none that this journal tells of");
      return;
    }
  ending = ps_life_text_ending (life, ps_read_name_user);
  status = ps_life_text_status (life);
  ended = ps_clean_time (life->ended_us);
  lived = ps_clean_duration (life->lived_us);
  text = g_strdup_printf ("%s, status %s; %s %s, after %s", ending, status,
                          life->ends_exactly ? "at" : "last seen at", ended, lived);
  print_fact (output, "previous", text);
}

static void
print_wills (const Status *self, const PsOutput *output)
{
  if (self->wills.n_in_force > 0)
    print_fact (output, "will", "in force, carried out when this life ends");
  for (guint i = 0; i < self->wills.paths->len; i++)
    {
      g_autofree char *text =
          g_strdup_printf ("%s, for psctl settle", (char *) self->wills.paths->pdata[i]);

      print_fact (output, i == 0 ? "left to do" : "", text);
    }
  if (self->wills.is_denied)
    print_fact (output, "will", "not known: not allowed to look into its directory");
}

static void
print_text (const Status *self, const PsOptions *options)
{
  PsOutput output;

  ps_output_open (&output, options);
  print_state (self, &output);
  print_previous (self, &output);
  print_wills (self, &output);
  ps_output_close (&output);
}

static gint64
number_of (const Status *self, const char *name)
{
  gint64 number;

  return g_ascii_string_to_signed (get (self, name), 10, 0, G_MAXINT64, &number, NULL) ? number
                                                                                       : PS_UNKNOWN;
}

static void
print_json (const Status *self)
{
  PsJson json;

  ps_json_init (&json);
  ps_json_begin (&json, NULL, '{');
  ps_json_string (&json, "unit", self->unit);
  ps_json_string (&json, "load_state", get (self, "LoadState"));
  ps_json_string (&json, "active_state", get (self, "ActiveState"));
  ps_json_string (&json, "sub_state", get (self, "SubState"));
  ps_json_known (&json, "main_pid", is_up (self) ? number_of (self, "MainPID") : PS_UNKNOWN);
  ps_json_string (&json, "status_text", get (self, "StatusText"));
  ps_json_string (&json, "result", get (self, "Result"));
  ps_json_known (&json, "restarts", number_of (self, "NRestarts"));
  ps_json_known (&json, "wills_in_force", self->wills.n_in_force);
  ps_json_begin (&json, "wills_outstanding", '[');
  for (guint i = 0; i < self->wills.paths->len; i++)
    ps_json_string (&json, NULL, self->wills.paths->pdata[i]);
  ps_json_end (&json, ']');
  if (self->previous != NULL)
    {
      ps_json_begin (&json, "previous", '{');
      ps_life_json (&json, self->previous, FALSE);
      ps_json_end (&json, '}');
    }
  else
    ps_json_null (&json, "previous");
  ps_json_end (&json, '}');
  ps_json_print (&json);
  ps_json_clear (&json);
}

PsExit
ps_verb_status (const PsOptions *options, char **arguments)
{
  Status self = { 0 };
  PsExit status;

  if (arguments[0] == NULL || arguments[1] != NULL)
    {
      ps_verb_complain ("say one unit; see psctl status --help");
      return PS_EXIT_USAGE;
    }
  self.unit = ps_read_unit_name (arguments[0]);
  status = find_out (&self, options);
  if (status != PS_EXIT_NOTHING && options->json)
    print_json (&self);
  else if (status != PS_EXIT_NOTHING)
    print_text (&self, options);
  ps_lives_free (self.lives);
  ps_unit_wills_clear (&self.wills);
  ps_unit_state_clear (&self.state);
  g_free (self.unit);
  return status;
}
