/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is damaged must neither keep the rest from being read nor go unnoticed. sd-journal refuses
 * all for a file that it does not take, so each is tried first; one whose end is missing is opened
 * as a copy that is mended.
 *
 * While it reads, sd-journal drops a file in which it finds no way on, without a word; the space
 * that open files take (sd_journal_get_usage) then shrinks, and that is how we know. A file that
 * shrinks while it is mapped kills its reader by SIGBUS, so that says what it is.
 */

#include "ps-journal-opened.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "ps-verb.h"

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
add_fd (PsJournalOpened *self, int fd)
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
add_mended (PsJournalOpened *self, const char *path, GPtrArray *copies)
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
open_mended (PsJournalOpened *self)
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
open_journal (PsJournalOpened *self, const PsOptions *options)
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

gboolean
ps_journal_opened_is_denied (const PsJournalOpened *self)
{
  return self->files->n_denied > 0 && self->files->whole->len + self->files->cut->len == 0;
}

int
ps_journal_opened_init (PsJournalOpened *self, const PsOptions *options, const char *machine_id)
{
  int r;

  signal (SIGBUS, complain_of_bus);
  *self = (PsJournalOpened){ .files = ps_journal_files_find (options, machine_id) };
  drop_refused (self->files);
  if (ps_journal_opened_is_denied (self))
    return -EACCES;
  r = open_journal (self, options);
  if (r >= 0)
    sd_journal_get_usage (self->journal, &self->usage);
  return r;
}

void
ps_journal_opened_clear (PsJournalOpened *self)
{
  g_clear_pointer (&self->journal, sd_journal_close);
  for (guint i = 0; self->fds != NULL && i < self->fds->len; i++)
    close_if_open (g_array_index (self->fds, int, i));
  g_clear_pointer (&self->fds, g_array_unref);
  g_clear_pointer (&self->files, ps_journal_files_free);
}

void
ps_journal_opened_add_damage (const PsJournalOpened *self, GPtrArray *lines)
{
  guint64 usage = 0;

  for (guint i = 0; i < self->files->cut->len; i++)
    g_ptr_array_add (lines, g_strdup_printf ("the end of %s is missing; the rest was read",
                                             (char *) g_ptr_array_index (self->files->cut, i)));
  for (guint i = 0; i < self->files->damaged->len; i++)
    g_ptr_array_add (lines, g_strdup_printf ("%s is damaged, and was not read",
                                             (char *) g_ptr_array_index (self->files->damaged, i)));
  if (sd_journal_get_usage (self->journal, &usage) >= 0 && usage < self->usage)
    g_ptr_array_add (lines, g_strdup ("a damaged journal could be read only in part"));
}
