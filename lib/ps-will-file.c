/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The file is made when the first clause is: a daemon without any leaves nothing behind. From then
 * on a clause is one line at its end, and so is what revokes it; nothing is written in between. Of
 * what is in the file a small table is kept, which says where each clause stands, so that a file
 * that has become large by clauses long revoked can be written anew.
 *
 * The memory that carrying it out takes is kept with it: at the end there may be none left.
 */

#include "ps-will-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMPACT_FROM (64 * 1024)

/* places: the caller's, and as they are when the file is made. FALSE: errno; it is to be cleared
 * all the same. */
gboolean
ps_will_file_init (PsWillFile *file, int dir, const char *name, const PsOwner *owner,
                   const PsWillPlaces *places, gboolean is_synced)
{
  *file = (PsWillFile){ .name = g_strdup_printf ("%s.%s.will", name, owner->run),
                        .is_synced = is_synced,
                        .owner = *owner,
                        .places = places,
                        .store = PS_STORE_CLOSED };
  file->dir = fcntl (dir, F_DUPFD_CLOEXEC, 3);
  file->work = ps_settle_work_new ();
  return file->dir >= 0 && file->work != NULL;
}

/* What is in the file stays there, to be carried out when the process has ended. */
void
ps_will_file_clear (PsWillFile *file)
{
  ps_store_close (&file->store);
  if (file->dir >= 0)
    close (file->dir);
  ps_settle_work_free (file->work);
  free (file->clauses);
  g_free (file->name);
}

gboolean
ps_will_file_is_made (const PsWillFile *file)
{
  return file->store.fd >= 0;
}

/* --- Its lines ------------------------------------------------------------------------------- */

/* Appends a line to those in the work memory, which has length bytes so far. FALSE: errno. */
static gboolean
collect (PsWillFile *file, gsize *length, const char *line, gsize n)
{
  if (n == 0 || ps_settle_work_reserve (file->work, *length + n) < 0)
    {
      errno = n == 0 ? EFBIG : ENOMEM;
      return FALSE;
    }
  memcpy (file->work->bytes + *length, line, n);
  *length += n;
  return TRUE;
}

/* What a file begins with. */
static gboolean
collect_head (PsWillFile *file, gsize *length)
{
  char *line = file->work->line;
  const gsize size = sizeof file->work->line;

  if (!collect (file, length, line, ps_will_text_header (line, size))
      || !collect (file, length, line, ps_will_text_owner (line, size, &file->owner)))
    return FALSE;
  for (guint i = 1; i <= file->places->n; i++)
    if (!collect (
            file, length, line,
            ps_will_text_place (line, size, i, file->places->paths[i], &file->places->ids[i])))
      return FALSE;
  return TRUE;
}

static gboolean
make_file (PsWillFile *file, const char **why)
{
  gsize length = 0;
  int error;

  if (ps_store_open (&file->store, file->dir, file->name,
                     PS_STORE_NEW | (file->is_synced ? PS_STORE_SYNC : 0), why)
      < 0)
    return FALSE;
  if (ps_store_lock (&file->store, NULL) == 0 && collect_head (file, &length)
      && ps_store_append (&file->store, file->work->bytes, length) == 0)
    return TRUE;
  error = errno;
  (void) ps_store_remove (&file->store);
  ps_store_close (&file->store);
  errno = error;
  return FALSE;
}

/* One line at the end of the file, which is made where it is the first. So much memory is kept
 * that the file can be carried out. FALSE: errno. */
static gboolean
append (PsWillFile *file, gsize n, const char **why)
{
  g_autofree char *copy = NULL;
  const char *line = file->work->line;
  gsize whole;

  *why = NULL;
  if (n == 0)
    {
      errno = EFBIG;
      return FALSE;
    }
  if (!ps_will_file_is_made (file))
    {
      line = copy = g_memdup2 (line, n);
      if (!make_file (file, why))
        return FALSE;
    }
  whole = (gsize) file->store.length + n;
  return ps_settle_work_reserve_file (file->work, whole) == 0
         && ps_store_append (&file->store, line, n) == 0;
}

/* --- Compaction ------------------------------------------------------------------------------ */

/* The lines of the clauses that still count, as they stand there. */
static gboolean
collect_living (PsWillFile *file, const char *old, gsize n_old, gsize *length)
{
  for (guint i = 0; i < file->n_clauses; i++)
    {
      const PsWillEntry *entry = &file->clauses[i];

      if (entry->state != PS_WILL_OPEN)
        continue;
      if (entry->offset + entry->length > n_old
          || !collect (file, length, old + entry->offset, entry->length))
        return FALSE;
    }
  return TRUE;
}

/* As collect_living() has laid them out, from the byte on where the head ends. */
static void
forget_dead (PsWillFile *file, gsize from)
{
  guint n = 0;

  for (guint i = 0; i < file->n_clauses; i++)
    if (file->clauses[i].state == PS_WILL_OPEN)
      {
        file->clauses[n] = file->clauses[i];
        file->clauses[n].offset = (guint) from;
        from += file->clauses[n++].length;
      }
  file->n_clauses = n;
  file->dead = 0;
}

/* Where it cannot be done it is left as it is: nothing depends on it. */
static void
compact (PsWillFile *file)
{
  gsize n_old = (gsize) file->store.length, length = 0, head;
  char *old = malloc (n_old);

  if (old != NULL && ps_store_read (&file->store, old, n_old) == (gssize) n_old
      && collect_head (file, &length))
    {
      head = length;
      if (collect_living (file, old, n_old, &length)
          && ps_store_replace (&file->store, file->work->bytes, length) == 0)
        forget_dead (file, head);
    }
  free (old);
}

/* --- Clauses --------------------------------------------------------------------------------- */

static gboolean
make_room (PsWillFile *file)
{
  guint room = 2 * file->room + 16;
  PsWillEntry *larger;

  if (file->n_clauses < file->room)
    return TRUE;
  larger = realloc (file->clauses, room * sizeof *larger);
  if (larger == NULL)
    return FALSE;
  file->clauses = larger;
  file->room = room;
  return TRUE;
}

/* The line is in the work memory. Returns the number of the clause. */
static guint
add (PsWillFile *file, PsWillVerb verb, gsize n, const char **why)
{
  *why = NULL;
  errno = ENOMEM;
  if (!make_room (file) || !append (file, n, why))
    return 0;
  file->last++;
  file->clauses[file->n_clauses++] =
      (PsWillEntry){ .number = file->last,
                     .offset = (guint) (file->store.length - (off_t) n),
                     .length = (guint) n,
                     .verb = (guchar) verb };
  return file->last;
}

guint
ps_will_file_add_target (PsWillFile *file, PsWillVerb verb, const PsWillTarget *target,
                         const char **why)
{
  return add (file, verb,
              ps_will_text_file (file->work->line, sizeof file->work->line, verb, file->last + 1,
                                 target->place, target->path,
                                 target->is_there ? &target->id : NULL),
              why);
}

guint
ps_will_file_add_command (PsWillFile *file, const char *const *argv, const char **why)
{
  return add (
      file, PS_WILL_RUN,
      ps_will_text_command (file->work->line, sizeof file->work->line, file->last + 1, argv), why);
}

/* FALSE: there is no such clause (any more), or it could not be written down. */
gboolean
ps_will_file_revoke (PsWillFile *file, guint clause)
{
  PsWillEntry *entry = ps_will_text_find (file->clauses, file->n_clauses, clause);
  const char *why;
  gsize n;

  if (entry == NULL || entry->state != PS_WILL_OPEN)
    return FALSE;
  n = ps_will_text_mark (file->work->line, sizeof file->work->line, "revoke", clause, NULL);
  if (!append (file, n, &why))
    return FALSE;
  entry->state = PS_WILL_REVOKED;
  file->dead += entry->length + n;
  if (file->store.length > COMPACT_FROM && 2 * file->dead > (gsize) file->store.length)
    compact (file);
  return TRUE;
}

/* --- What it says of others ------------------------------------------------------------------ */

/* A file that is yet to be made will begin with it. */
gboolean
ps_will_file_add_place (PsWillFile *file, guint number, const char **why)
{
  *why = NULL;
  return !ps_will_file_is_made (file)
         || append (file,
                    ps_will_text_place (file->work->line, sizeof file->work->line, number,
                                        file->places->paths[number], &file->places->ids[number]),
                    why);
}

/* To a child that has taken the watch over: locks are not handed on by a fork, and the file says
 * that it is the parent's. As long as that lives it has the lock; then the owner's being alive has
 * to do. FALSE: it could not be written down. */
gboolean
ps_will_file_hand_on (PsWillFile *file, const PsOwner *owner)
{
  const char *why;

  file->owner = *owner;
  if (!ps_will_file_is_made (file))
    return TRUE;
  (void) ps_store_lock (&file->store, NULL);
  return append (file, ps_will_text_owner (file->work->line, sizeof file->work->line, &file->owner),
                 &why);
}
