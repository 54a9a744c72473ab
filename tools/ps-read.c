/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One life is read in two passes: the first lists lives by what is told once for each, the second
 * takes everything of the one that is asked for. So the memory it takes is that of a list.
 */

#include "ps-read.h"

#include <pwd.h>
#include <string.h>

#include "ps-clean.h"
#include "ps-output.h"

static const char *const suffixes[] = { ".service", ".scope",  ".socket", ".target", ".slice",
                                        ".timer",   ".device", ".mount",  ".path",   ".swap" };

char *
ps_read_unit_name (const char *argument)
{
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (argument, suffixes[i]))
      return g_strdup (argument);
  return g_strconcat (argument, ".service", NULL);
}

char **
ps_read_unit_names (char **arguments)
{
  gsize n = 0;
  char **names;

  if (arguments[0] != NULL && strcmp (arguments[0], "--") == 0)
    arguments++;
  if (arguments[0] == NULL)
    return NULL;
  names = g_new0 (char *, g_strv_length (arguments) + 1);
  for (; arguments[n] != NULL; n++)
    names[n] = ps_read_unit_name (arguments[n]);
  return names;
}

static void
complain (const GError *error, PsExit *status)
{
  ps_verb_complain ("%s", error->message);
  *status = error->domain == PS_READER_ERROR ? (PsExit) error->code : PS_EXIT_FAILED;
}

PsJournalReader *
ps_read_open (const PsOptions *options, PsExit *status)
{
  g_autoptr (GError) error = NULL;
  PsJournalReader *reader = ps_journal_reader_open (options, &error);

  if (reader == NULL)
    complain (error, status);
  return reader;
}

void
ps_read_all (PsJournalReader *reader, const PsOptions *options, PsTakeEntry take,
             gpointer user_data)
{
  PsProgress progress;
  PsEntry entry;

  ps_progress_begin (&progress, options);
  while (ps_journal_reader_next (reader, &entry))
    {
      take (&entry, user_data);
      ps_progress_step (&progress);
    }
  ps_progress_end (&progress);
}

static void
take_life (const PsEntry *entry, gpointer lives)
{
  ps_lives_add (lives, entry);
}

PsLives *
ps_read_lives (PsJournalReader *reader, const PsOptions *options, char **units, PsExit *status)
{
  g_autoptr (GError) error = NULL;
  PsLives *lives;

  if (!ps_journal_reader_select (reader, units, PS_MATCH_LIVES, &error))
    {
      complain (error, status);
      return NULL;
    }
  lives = ps_lives_new (PS_LIVES_PLAIN);
  ps_read_all (reader, options, take_life, lives);
  ps_lives_finish (lives, ps_journal_reader_is_boot_over, reader);
  ps_read_complain_of_foreign (options, ps_lives_get_n_foreign (lives));
  return lives;
}

/* The one that was listed, among those that its records tell of. It may begin with another record
 * there, but not at another time than those of the same number do. */
static PsLife *
find_again (const PsLives *lives, const PsLife *listed)
{
  PsLife *found = NULL;

  for (guint i = 0; i < ps_lives_get_n (lives); i++)
    {
      PsLife *life = ps_lives_get (lives, i);

      if (life->pid == listed->pid && strcmp (life->boot_id, listed->boot_id) == 0
          && strcmp (life->invocation_id, listed->invocation_id) == 0
          && (found == NULL
              || ABS (life->begun_us - listed->begun_us)
                     < ABS (found->begun_us - listed->begun_us)))
        found = life;
    }
  return found;
}

/* What follows from the lives around it, or was told by one of them, is known from the list. */
static void
take_over (PsLife *life, const PsLife *listed)
{
  life->run = listed->run;
  if (life->fate == PS_FATE_RUNNING)
    {
      life->fate = listed->fate;
      life->teller = listed->teller;
    }
  if (life->is_settled)
    return;
  life->is_settled = listed->is_settled;
  life->settled_by = listed->settled_by;
  life->clauses_done = listed->clauses_done;
  life->clauses_skipped = listed->clauses_skipped;
  life->clauses_failed = listed->clauses_failed;
}

PsLife *
ps_read_whole (PsJournalReader *reader, const PsOptions *options, const PsLife *listed,
               PsLives **lives, PsExit *status)
{
  g_autoptr (GError) error = NULL;
  PsLife *life;

  if (!ps_journal_reader_select_life (reader, listed, &error))
    {
      complain (error, status);
      return NULL;
    }
  *lives = ps_lives_new (PS_LIVES_WHOLE);
  ps_read_all (reader, options, take_life, *lives);
  ps_lives_finish (*lives, NULL, NULL);
  life = find_again (*lives, listed);
  if (life == NULL)
    {
      ps_verb_complain ("its records could not be read again");
      *status = PS_EXIT_FAILED;
      return NULL;
    }
  take_over (life, listed);
  return life;
}

static gboolean
is_invocation (const PsLife *life, const char *run)
{
  return strlen (run) >= 4 && g_str_has_prefix (life->invocation_id, run);
}

/* Eight digits may be an invocation ID. */
static gboolean
is_run_number (const char *run, gint64 *number)
{
  return run != NULL && strlen (run) < 8
         && g_ascii_string_to_signed (run, 10, 1, G_MAXINT32, number, NULL);
}

/* The run that somebody named: a number counted back from the newest, which is 1, or the begin of
 * an invocation ID; NULL: the newest that is over. NULL when there is none. */
static PsLife *
find_run (const PsLives *lives, const char *unit, const char *run)
{
  gint64 number;
  gboolean is_number = is_run_number (run, &number);

  for (guint i = ps_lives_get_n (lives); i-- > 0;)
    {
      PsLife *life = ps_lives_get (lives, i);

      if (unit != NULL && strcmp (life->unit, unit) != 0)
        continue;
      if (run == NULL                                ? ps_life_is_over (life)
          : is_number && life->run == (guint) number ? TRUE
                                                     : is_invocation (life, run))
        return life;
    }
  return NULL;
}

/* Each host counts for itself: the run of that number of another one. */
static const PsLife *
find_namesake (const PsLives *lives, const PsLife *life)
{
  for (guint i = 0; i < ps_lives_get_n (lives); i++)
    {
      const PsLife *other = ps_lives_get (lives, i);

      if (other->run == life->run && strcmp (other->unit, life->unit) == 0
          && strcmp (other->host, life->host) != 0)
        return other;
    }
  return NULL;
}

static void
complain_of_namesake (const PsLife *life, const PsLife *other)
{
  g_autofree char *unit = ps_clean (life->unit);
  g_autofree char *one = ps_clean (other->host), *another = ps_clean (life->host);

  ps_verb_complain (
      "%s and %s both have a run %u of %s; choose with --host=, or by the invocation ID", one,
      another, life->run, unit);
}

PsExit
ps_read_close (PsJournalReader *reader, const PsOptions *options, gboolean found)
{
  g_auto (GStrv) damage = ps_journal_reader_get_damage (reader);
  guint n_denied = ps_journal_reader_get_n_denied (reader);

  for (gsize i = 0; damage != NULL && damage[i] != NULL; i++)
    if (!options->quiet)
      ps_verb_complain ("%s", damage[i]);
  if (n_denied > 0 && !options->quiet)
    ps_verb_complain ("you may not read %u of the journals; the groups systemd-journal and adm may",
                      n_denied);
  if (!found && n_denied > 0)
    return PS_EXIT_DENIED;
  if (damage != NULL)
    return PS_EXIT_PARTLY;
  return found ? PS_EXIT_DONE : PS_EXIT_NOTHING;
}

void
ps_read_complain_of_foreign (const PsOptions *options, guint n)
{
  if (n > 0 && !options->quiet)
    ps_verb_complain ("left out %u records that claim to be of a unit and are not", n);
}

void
ps_read_complain_of_nothing (PsJournalReader *reader, const PsOptions *options, const char *what)
{
  g_autofree char *names = NULL;

  if (options->quiet)
    return;
  names = ps_journal_reader_get_namespaces (reader);
  if (names == NULL)
    ps_verb_complain ("%s", what);
  else
    ps_verb_complain ("%s; units with LogNamespace= have journals of their own: --namespace= %s",
                      what, names);
}

char *
ps_read_name_user (gint64 uid)
{
  const struct passwd *user = getpwuid ((uid_t) uid);

  return user != NULL ? g_strdup (user->pw_name) : NULL;
}

PsLife *
ps_read_one (PsReadOne *self, const PsOptions *options, const char *unit, const char *run,
             PsExit *status)
{
  char *units[] = { (char *) unit, NULL };
  const PsLife *namesake;
  gint64 number;
  PsLife *life;

  *self = (PsReadOne){ .reader = ps_read_open (options, status) };
  if (self->reader != NULL)
    self->list = ps_read_lives (self->reader, options, unit != NULL ? units : NULL, status);
  if (self->list == NULL)
    return NULL;
  life = find_run (self->list, unit, run);
  namesake = life != NULL && is_run_number (run, &number) ? find_namesake (self->list, life) : NULL;
  if (namesake != NULL)
    {
      complain_of_namesake (life, namesake);
      *status = PS_EXIT_USAGE;
      return NULL;
    }
  if (life != NULL)
    {
      life = ps_read_whole (self->reader, options, life, &self->whole, status);
      if (life == NULL)
        return NULL;
    }
  *status = ps_read_close (self->reader, options, life != NULL);
  return life;
}

void
ps_read_one_clear (PsReadOne *self)
{
  g_clear_pointer (&self->whole, ps_lives_free);
  g_clear_pointer (&self->list, ps_lives_free);
  g_clear_pointer (&self->reader, ps_journal_reader_free);
}
