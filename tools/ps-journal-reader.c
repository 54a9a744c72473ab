/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * sd-journal does the work: it finds the files, merges them, and finds what matches. Here that
 * comes one entry after the other, from one time until another, and what goes wrong is put into
 * words: an error to end with, or lines of damage when everything is read.
 */

#include "ps-journal-reader.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#include "ps-journal-files.h"
#include "ps-journal-matches.h"
#include "ps-journal-opened.h"
#include "ps-journal-values.h"
#include "ps-verb.h"
#include "ps-when.h"

/* A damaged file can lead in a circle; an entry is not read twice in a row so often. */
#define STANDSTILL_MAX 1000

struct _PsJournalReader
{
  PsJournalOpened opened;
  char *host;
  gboolean is_default; /* no directory, no file, no namespace was named */
  gboolean has_since, has_until;
  gint64 since_us, until_us;
  guint n_bad_entries;
  guint n_standstill;
  gint64 last_us, last_monotonic_us;
  GHashTable *boots; /* machine ID: its newest boot */
  char own_machine[SD_ID128_STRING_MAX], own_boot[SD_ID128_STRING_MAX];
  PsJournalValues values;
};

G_DEFINE_QUARK (ps - reader - error, ps_reader_error)

static gboolean
fail (GError **error, int code, const char *what)
{
  gboolean is_denied = code == -EACCES || code == -EPERM;

  g_set_error (error, PS_READER_ERROR, is_denied ? PS_EXIT_DENIED : PS_EXIT_FAILED, "%s: %s", what,
               g_strerror (-code));
  return FALSE;
}

/* --- Opening --------------------------------------------------------------------------------- */

static gboolean
take_times (PsJournalReader *self, const PsOptions *options, GError **error)
{
  self->has_since = options->since != NULL;
  self->has_until = options->until != NULL;
  if (self->has_since && !ps_when_parse (options->since, g_get_real_time (), &self->since_us))
    g_set_error (error, PS_READER_ERROR, PS_EXIT_USAGE, "--since=%s: not a time", options->since);
  else if (self->has_until && !ps_when_parse (options->until, g_get_real_time (), &self->until_us))
    g_set_error (error, PS_READER_ERROR, PS_EXIT_USAGE, "--until=%s: not a time", options->until);
  else
    return TRUE;
  return FALSE;
}

static void
find_own_ids (PsJournalReader *self)
{
  sd_id128_t id;

  if (sd_id128_get_machine (&id) >= 0)
    sd_id128_to_string (id, self->own_machine);
  if (sd_id128_get_boot (&id) >= 0)
    sd_id128_to_string (id, self->own_boot);
}

static void
fail_to_open (const PsJournalReader *self, const PsOptions *options, int code, GError **error)
{
  if (ps_journal_opened_is_denied (&self->opened))
    g_set_error (error, PS_READER_ERROR, PS_EXIT_DENIED,
                 "you may not read this journal; the groups systemd-journal and adm may");
  else if (code == -ENODATA || code == -ENOENT || code == -EBADMSG)
    g_set_error (error, PS_READER_ERROR, PS_EXIT_FAILED, "there is no journal to be read%s%s",
                 options->directory != NULL ? " in " : "",
                 options->directory != NULL ? options->directory : "");
  else
    fail (error, code, "the journal cannot be opened");
}

PsJournalReader *
ps_journal_reader_open (const PsOptions *options, GError **error)
{
  g_autoptr (PsJournalReader) self = g_new0 (PsJournalReader, 1);
  int r;

  if (!take_times (self, options, error))
    return NULL;
  find_own_ids (self);
  self->host = g_strdup (options->host);
  self->is_default = options->directory == NULL && options->files == NULL && options->root == NULL
                     && options->name_space == NULL;
  self->boots = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  r = ps_journal_opened_init (&self->opened, options, self->own_machine);
  if (r < 0)
    {
      fail_to_open (self, options, r, error);
      return NULL;
    }
  ps_journal_values_bound (self->opened.journal);
  return g_steal_pointer (&self);
}

void
ps_journal_reader_free (PsJournalReader *self)
{
  if (self == NULL)
    return;
  ps_journal_opened_clear (&self->opened);
  g_clear_pointer (&self->boots, g_hash_table_unref);
  g_free (self->host);
  g_free (self);
}

/* --- Selecting ------------------------------------------------------------------------------- */

/* r: how selecting went. */
static gboolean
begin (PsJournalReader *self, int r, GError **error)
{
  self->n_standstill = 0;
  if (r >= 0)
    r = self->has_since
            ? sd_journal_seek_realtime_usec (self->opened.journal, (guint64) self->since_us)
            : sd_journal_seek_head (self->opened.journal);
  return r >= 0 ? TRUE : fail (error, r, "the journal cannot be searched");
}

gboolean
ps_journal_reader_select (PsJournalReader *self, char **units, PsMatch what, GError **error)
{
  int r = what == PS_MATCH_LIVES
              ? ps_journal_matches_lives (self->opened.journal, self->host, units)
              : ps_journal_matches_steps (self->opened.journal, self->host, units);

  return begin (self, r, error);
}

gboolean
ps_journal_reader_select_life (PsJournalReader *self, const PsLife *life, GError **error)
{
  return begin (self, ps_journal_matches_life (self->opened.journal, self->host, life), error);
}

/* --- Reading --------------------------------------------------------------------------------- */

static gboolean
is_standing_still (PsJournalReader *self, const PsEntry *entry)
{
  gboolean is_same =
      entry->realtime_us == self->last_us && entry->monotonic_us == self->last_monotonic_us;

  self->n_standstill = is_same ? self->n_standstill + 1 : 0;
  self->last_us = entry->realtime_us;
  self->last_monotonic_us = entry->monotonic_us;
  return self->n_standstill > STANDSTILL_MAX;
}

gboolean
ps_journal_reader_next (PsJournalReader *self, PsEntry *entry)
{
  int r;

  while ((r = sd_journal_next (self->opened.journal)) > 0)
    {
      gboolean is_whole = ps_journal_values_take (&self->values, self->opened.journal, entry);

      self->n_bad_entries += !is_whole;
      if (is_standing_still (self, entry))
        {
          self->n_bad_entries++;
          return FALSE;
        }
      if (self->has_until && entry->realtime_us > self->until_us)
        return FALSE;
      if (is_whole || entry->values[PS_KEY_MESSAGE_ID] != NULL)
        return TRUE;
    }
  self->n_bad_entries += r < 0;
  return FALSE;
}

/* --- Questions ------------------------------------------------------------------------------- */

static int
seek_end (PsJournalReader *self)
{
  return self->has_until
             ? sd_journal_seek_realtime_usec (self->opened.journal, (guint64) self->until_us)
             : sd_journal_seek_tail (self->opened.journal);
}

static char *
find_newest_boot (PsJournalReader *self, const char *machine_id)
{
  char text[SD_ID128_STRING_MAX];
  guint64 monotonic_us;
  sd_id128_t boot;

  if (ps_journal_matches_machine (self->opened.journal, machine_id) < 0 || seek_end (self) < 0
      || sd_journal_previous (self->opened.journal) <= 0
      || sd_journal_get_monotonic_usec (self->opened.journal, &monotonic_us, &boot) < 0)
    return NULL;
  return g_strdup (sd_id128_to_string (boot, text));
}

/* At the end of what is read: what came later may tell of an end that is not read, too. */
gboolean
ps_journal_reader_is_boot_over (const char *machine_id, const char *boot_id, gpointer reader)
{
  PsJournalReader *self = reader;
  const char *newest = self->own_boot;
  gpointer found;

  if (self->has_until || strcmp (machine_id, self->own_machine) != 0)
    {
      if (!g_hash_table_lookup_extended (self->boots, machine_id, NULL, &found))
        {
          found = find_newest_boot (self, machine_id);
          g_hash_table_insert (self->boots, g_strdup (machine_id), found);
        }
      newest = found;
    }
  return newest != NULL && *newest != '\0' && strcmp (newest, boot_id) != 0;
}

char **
ps_journal_reader_get_damage (PsJournalReader *self)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();

  ps_journal_opened_add_damage (&self->opened, lines);
  if (self->n_bad_entries > 0)
    g_ptr_array_add (lines, g_strdup_printf ("%u damaged entries could be read only in part",
                                             self->n_bad_entries));
  if (lines->len == 0)
    return NULL;
  g_ptr_array_add (lines, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&lines), FALSE);
}

guint
ps_journal_reader_get_n_denied (const PsJournalReader *self)
{
  return self->opened.files->n_denied;
}

char *
ps_journal_reader_get_namespaces (const PsJournalReader *self)
{
  return self->is_default ? ps_journal_files_namespaces (self->own_machine) : NULL;
}
