/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * sd-journal opens what it can of a directory, and says nothing of the rest. Somebody who asks why
 * a daemon ended must learn that half of the answer was not read, so the files are looked at first:
 * whether they may be opened, and whether the header is that of a journal which is all there.
 *
 * The header's layout is documented (systemd.io/JOURNAL_FILE_FORMAT): eight bytes of signature;
 * header_size and arena_size, little-endian, at 88 and 96.
 */

#include "ps-journal-files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIGNATURE "LPKSHHRH"
#define SIGNATURE_BYTES 8
#define HEADER_SIZE_AT 88
#define ARENA_SIZE_AT 96
#define HEADER_BYTES_MIN 208

/* A copy is not made of what is larger: journald keeps its files smaller. */
#define MEND_BYTES_MAX ((gint64) 4 << 30)

/* Journald's. */
static const char *const places[] = { "/var/log/journal", "/run/log/journal" };

typedef enum
{
  FILE_WHOLE,
  FILE_CUT,
  FILE_DAMAGED,
} FileState;

/* size: what it should be. */
static FileState
look (int fd, gint64 *size)
{
  unsigned char header[HEADER_BYTES_MIN];
  guint64 header_size, arena_size;
  struct stat st;

  if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode)
      || pread (fd, header, sizeof header, 0) != sizeof header
      || memcmp (header, SIGNATURE, SIGNATURE_BYTES) != 0)
    return FILE_DAMAGED;
  memcpy (&header_size, header + HEADER_SIZE_AT, sizeof header_size);
  memcpy (&arena_size, header + ARENA_SIZE_AT, sizeof arena_size);
  header_size = GUINT64_FROM_LE (header_size);
  arena_size = GUINT64_FROM_LE (arena_size);
  if (header_size < HEADER_BYTES_MIN || header_size > 4096 || arena_size > MEND_BYTES_MAX)
    return FILE_DAMAGED;
  *size = (gint64) (header_size + arena_size);
  return *size > st.st_size ? FILE_CUT : FILE_WHOLE;
}

static void
take_file (PsJournalFiles *self, const char *path)
{
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  gint64 size;

  if (fd < 0)
    {
      if (errno == EACCES || errno == EPERM)
        self->n_denied++;
      return;
    }
  switch (look (fd, &size))
    {
    case FILE_WHOLE:
      g_ptr_array_add (self->whole, g_strdup (path));
      break;
    case FILE_CUT:
      g_ptr_array_add (self->cut, g_strdup (path));
      break;
    case FILE_DAMAGED:
      g_ptr_array_add (self->damaged, g_strdup (path));
      break;
    }
  close (fd);
}

/* OWNER.journal, or OWNER@… of one that was rotated away. */
static gboolean
is_of (const char *name, const char *owner)
{
  return g_str_has_prefix (name, owner) && strchr (".@", name[strlen (owner)]) != NULL;
}

/* As sd-journal tells by the name: those of the system, and those of the users. */
static gboolean
is_asked_for (const PsOptions *options, const char *name)
{
  g_autofree char *of_user = NULL;

  if (!g_str_has_suffix (name, ".journal") && !g_str_has_suffix (name, ".journal~"))
    return FALSE;
  if (options->user == options->system || options->directory != NULL)
    return TRUE;
  of_user = g_strdup_printf ("user-%u", (unsigned) getuid ());
  return is_of (name, options->user ? of_user : "system");
}

/* Returns FALSE when the directory may not be listed. */
static gboolean
take_directory (PsJournalFiles *self, const PsOptions *options, const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  if (dir == NULL)
    return errno != EACCES && errno != EPERM;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (is_asked_for (options, name))
        take_file (self, file);
    }
  return TRUE;
}

/* Below it there is a directory for each machine: MACHINE-ID, or MACHINE-ID.NAMESPACE. */
static void
take_tree (PsJournalFiles *self, const PsOptions *options, const char *path, const char *only)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  if (dir == NULL)
    {
      self->n_denied += errno == EACCES || errno == EPERM;
      return;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *below = g_build_filename (path, name, NULL);

      if (strcspn (name, ".") != 32 || (only != NULL && strcmp (name, only) != 0)
          || !g_file_test (below, G_FILE_TEST_IS_DIR))
        continue;
      if (!take_directory (self, options, below))
        self->n_denied++;
    }
}

static void
take_globs (PsJournalFiles *self, char **patterns)
{
  for (gsize i = 0; patterns[i] != NULL; i++)
    {
      glob_t found;

      if (glob (patterns[i], GLOB_NOCHECK, NULL, &found) != 0)
        continue;
      for (gsize j = 0; j < found.gl_pathc; j++)
        take_file (self, found.gl_pathv[j]);
      globfree (&found);
    }
}

char *
ps_journal_files_namespaces (const char *machine_id)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (GDir) dir = g_dir_open (places[i], 0, NULL);
      const char *name;

      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        if (g_str_has_prefix (name, machine_id) && name[strlen (machine_id)] == '.'
            && !g_ptr_array_find_with_equal_func (names, name + strlen (machine_id) + 1,
                                                  g_str_equal, NULL))
          g_ptr_array_add (names, g_strdup (name + strlen (machine_id) + 1));
    }
  if (names->len == 0)
    return NULL;
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **) names->pdata);
}

static void
take_default (PsJournalFiles *self, const PsOptions *options, const char *machine_id)
{
  g_autofree char *only = options->merge || options->root != NULL ? NULL
                          : options->name_space != NULL
                              ? g_strdup_printf ("%s.%s", machine_id, options->name_space)
                              : g_strdup (machine_id);

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path =
          g_build_filename (options->root != NULL ? options->root : "/", places[i], NULL);

      take_tree (self, options, path, only);
    }
}

PsJournalFiles *
ps_journal_files_find (const PsOptions *options, const char *machine_id)
{
  PsJournalFiles *self = g_new0 (PsJournalFiles, 1);

  self->whole = g_ptr_array_new_with_free_func (g_free);
  self->cut = g_ptr_array_new_with_free_func (g_free);
  self->damaged = g_ptr_array_new_with_free_func (g_free);
  if (options->files != NULL)
    take_globs (self, options->files);
  else if (options->directory != NULL)
    {
      if (!take_directory (self, options, options->directory))
        self->n_denied++;
      take_tree (self, options, options->directory, NULL);
    }
  else
    take_default (self, options, machine_id);
  return self;
}

void
ps_journal_files_free (PsJournalFiles *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->whole);
  g_ptr_array_unref (self->cut);
  g_ptr_array_unref (self->damaged);
  g_free (self);
}

static gboolean
copy_bytes (int from, int to)
{
  char bytes[65536];
  ssize_t n;

  while ((n = read (from, bytes, sizeof bytes)) > 0)
    for (ssize_t done = 0; done < n;)
      {
        ssize_t written = write (to, bytes + done, (size_t) (n - done));

        if (written <= 0)
          return FALSE;
        done += written;
      }
  return n == 0;
}

int
ps_journal_files_mend (const char *path, char **copy)
{
  g_autofree char *name = g_build_filename (g_get_tmp_dir (), "psctl-XXXXXX.journal", NULL);
  int from = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  int to = from >= 0 ? mkostemps (name, (int) strlen (".journal"), O_CLOEXEC) : -1;
  gint64 size;
  gboolean ok = to >= 0 && look (from, &size) == FILE_CUT && copy_bytes (from, to)
                && ftruncate (to, size) == 0;

  if (from >= 0)
    close (from);
  if (ok)
    *copy = g_steal_pointer (&name);
  else if (to >= 0)
    {
      close (to);
      unlink (name);
      to = -1;
    }
  return to;
}
