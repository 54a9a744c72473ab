/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * sd-journal does the work: it finds the files, merges them, and finds what matches. What is added
 * here:
 *
 * - Damage. It drops a file in which it finds no way on, without a word; the space that open files
 *   take (sd_journal_get_usage) then shrinks, and that is how we know. A file that shrinks while it
 *   is mapped kills its reader by SIGBUS, so that says what it is.
 */

#include "ps-journal-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#include "ps-journal-files.h"
#include "ps-journal-matches.h"
#include "ps-journal-values.h"
#include "ps-verb.h"
#include "ps-when.h"

/* A damaged file can lead in a circle; an entry is not read twice in a row so often. */
#define STANDSTILL_MAX 1000

struct _PsJournalReader
{
  sd_journal *journal;
  char *host;
  gboolean is_default; /* no directory, no file, no namespace was named */
  gboolean has_since, has_until;
  gint64 since_us, until_us;
  PsJournalFiles *files;
  GArray *fds; /* of int: of mended copies, and of the files beside them; NULL: not needed */
  guint64 usage;
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

static void
complain_of_bus (int signum)
{
  static const char words[] = "psctl: a journal shrank, or cannot be read, while it is in use\n";

  if (write (STDERR_FILENO, words, sizeof words - 1) < 0)
    _exit (PS_EXIT_FAILED);
  _exit (PS_EXIT_PARTLY);
}

static int
get_flags (const PsOptions *options)
{
  return (options->merge ? 0 : SD_JOURNAL_LOCAL_ONLY)
         | (options->user ? SD_JOURNAL_CURRENT_USER : 0)
         | (options->system ? SD_JOURNAL_SYSTEM : 0);
}

static void
add_fd (PsJournalReader *self, int fd)
{
  if (fd >= 0)
    g_array_append_val (self->fds, fd);
}

/* Whether sd-journal closes what it was given differs between its versions. */
static void
close_if_open (int fd)
{
  if (fd >= 0 && fcntl (fd, F_GETFD) >= 0)
    close (fd);
}

/* One that sd-journal does not take would have it refuse all. */
static gboolean
is_taken (int fd)
{
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 0);
  sd_journal *trial = NULL;
  int r = copy >= 0 ? sd_journal_open_files_fd (&trial, &copy, 1, 0) : -errno;

  sd_journal_close (trial);
  close_if_open (copy);
  return r >= 0;
}

static void
add_mended (PsJournalReader *self, const char *path, GPtrArray *copies)
{
  char *copy = NULL;
  int fd = ps_journal_files_mend (path, &copy);

  if (copy != NULL)
    g_ptr_array_add (copies, copy);
  if (fd >= 0 && is_taken (fd))
    add_fd (self, fd);
  else if (fd >= 0)
    close (fd);
}

/* Whole files, and copies of those that are not. */
static int
open_mended (PsJournalReader *self)
{
  g_autoptr (GPtrArray) copies = g_ptr_array_new_with_free_func (g_free);
  int r = -ENODATA;

  self->fds = g_array_new (FALSE, FALSE, sizeof (int));
  for (guint i = 0; i < self->files->whole->len; i++)
    add_fd (self, open (g_ptr_array_index (self->files->whole, i), O_RDONLY | O_CLOEXEC));
  for (guint i = 0; i < self->files->cut->len; i++)
    add_mended (self, g_ptr_array_index (self->files->cut, i), copies);
  if (self->fds->len > 0)
    r = sd_journal_open_files_fd (&self->journal, (int *) (void *) self->fds->data, self->fds->len,
                                  0);
  for (guint i = 0; i < copies->len; i++)
    unlink (g_ptr_array_index (copies, i));
  return r;
}

/* Those that sd-journal refuses, though their header looks sound. */
static void
drop_refused (PsJournalFiles *files)
{
  for (guint i = 0; i < files->whole->len;)
    {
      const char *const paths[] = { g_ptr_array_index (files->whole, i), NULL };
      sd_journal *trial = NULL;
      int r = sd_journal_open_files (&trial, (const char **) paths, 0);

      sd_journal_close (trial);
      if (r >= 0)
        i++;
      else
        g_ptr_array_add (files->damaged, g_ptr_array_steal_index (files->whole, i));
    }
}

static int
open_journal (PsJournalReader *self, const PsOptions *options)
{
  if (self->files->cut->len > 0)
    return open_mended (self);
  if (options->files != NULL)
    {
      g_ptr_array_add (self->files->whole, NULL);
      return self->files->whole->len > 1 ? sd_journal_open_files (
                 &self->journal, (const char **) self->files->whole->pdata, 0)
                                         : -ENODATA;
    }
  if (options->directory != NULL)
    return sd_journal_open_directory (&self->journal, options->directory, 0);
  if (options->root != NULL)
    return sd_journal_open_directory (&self->journal, options->root, SD_JOURNAL_OS_ROOT);
  return sd_journal_open_namespace (&self->journal, options->name_space, get_flags (options));
}

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

static gboolean
is_all_denied (PsJournalReader *self, GError **error)
{
  if (self->files->n_denied == 0 || self->files->whole->len + self->files->cut->len > 0)
    return FALSE;
  g_set_error (error, PS_READER_ERROR, PS_EXIT_DENIED,
               "you may not read this journal; the groups systemd-journal and adm may");
  return TRUE;
}

PsJournalReader *
ps_journal_reader_open (const PsOptions *options, GError **error)
{
  g_autoptr (PsJournalReader) self = g_new0 (PsJournalReader, 1);
  int r;

  if (!take_times (self, options, error))
    return NULL;
  find_own_ids (self);
  signal (SIGBUS, complain_of_bus);
  self->host = g_strdup (options->host);
  self->is_default = options->directory == NULL && options->files == NULL && options->root == NULL
                     && options->name_space == NULL;
  self->boots = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->files = ps_journal_files_find (options, self->own_machine);
  drop_refused (self->files);
  if (is_all_denied (self, error))
    return NULL;
  r = open_journal (self, options);
  if (r < 0)
    {
      if (r == -ENODATA || r == -ENOENT || r == -EBADMSG)
        g_set_error (error, PS_READER_ERROR, PS_EXIT_FAILED, "there is no journal to be read%s%s",
                     options->directory != NULL ? " in " : "",
                     options->directory != NULL ? options->directory : "");
      else
        fail (error, r, "the journal cannot be opened");
      return NULL;
    }
  ps_journal_values_bound (self->journal);
  sd_journal_get_usage (self->journal, &self->usage);
  return g_steal_pointer (&self);
}

void
ps_journal_reader_free (PsJournalReader *self)
{
  if (self == NULL)
    return;
  sd_journal_close (self->journal);
  for (guint i = 0; self->fds != NULL && i < self->fds->len; i++)
    close_if_open (g_array_index (self->fds, int, i));
  g_clear_pointer (&self->fds, g_array_unref);
  g_clear_pointer (&self->files, ps_journal_files_free);
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
    r = self->has_since ? sd_journal_seek_realtime_usec (self->journal, (guint64) self->since_us)
                        : sd_journal_seek_head (self->journal);
  return r >= 0 ? TRUE : fail (error, r, "the journal cannot be searched");
}

gboolean
ps_journal_reader_select (PsJournalReader *self, char **units, PsMatch what, GError **error)
{
  int r = what == PS_MATCH_LIVES ? ps_journal_matches_lives (self->journal, self->host, units)
                                 : ps_journal_matches_steps (self->journal, self->host, units);

  return begin (self, r, error);
}

gboolean
ps_journal_reader_select_life (PsJournalReader *self, const PsLife *life, GError **error)
{
  return begin (self, ps_journal_matches_life (self->journal, self->host, life), error);
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

  while ((r = sd_journal_next (self->journal)) > 0)
    {
      gboolean is_whole = ps_journal_values_take (&self->values, self->journal, entry);

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

static char *
find_newest_boot (PsJournalReader *self, const char *machine_id)
{
  char text[SD_ID128_STRING_MAX];
  guint64 monotonic_us;
  sd_id128_t boot;

  if (ps_journal_matches_machine (self->journal, machine_id) < 0
      || sd_journal_seek_tail (self->journal) < 0 || sd_journal_previous (self->journal) <= 0
      || sd_journal_get_monotonic_usec (self->journal, &monotonic_us, &boot) < 0)
    return NULL;
  return g_strdup (sd_id128_to_string (boot, text));
}

gboolean
ps_journal_reader_is_boot_over (const char *machine_id, const char *boot_id, gpointer reader)
{
  PsJournalReader *self = reader;
  const char *newest = self->own_boot;
  gpointer found;

  if (strcmp (machine_id, self->own_machine) != 0)
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
  guint64 usage = 0;

  for (guint i = 0; i < self->files->cut->len; i++)
    g_ptr_array_add (lines, g_strdup_printf ("the end of %s is missing; the rest was read",
                                             (char *) g_ptr_array_index (self->files->cut, i)));
  for (guint i = 0; i < self->files->damaged->len; i++)
    g_ptr_array_add (lines, g_strdup_printf ("%s is damaged, and was not read",
                                             (char *) g_ptr_array_index (self->files->damaged, i)));
  if (sd_journal_get_usage (self->journal, &usage) >= 0 && usage < self->usage)
    g_ptr_array_add (lines, g_strdup ("a damaged journal could be read only in part"));
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
  return self->files->n_denied;
}

char *
ps_journal_reader_get_namespaces (const PsJournalReader *self)
{
  return self->is_default ? ps_journal_files_namespaces (self->own_machine) : NULL;
}
