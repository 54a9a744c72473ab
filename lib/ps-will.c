/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The file is made when the first clause is: a daemon without any leaves nothing behind. From then
 * on a clause is one line at its end, and so is what revokes it; nothing is written in between. Of
 * what is in the file a small table is kept, which says where each clause stands, so that a file
 * that has become large by clauses long revoked can be written anew.
 *
 * A clause names a file by an absolute path below a directory that was declared; it is kept as the
 * number of that directory and the path from there. The directories are held open, and so is the
 * memory that carrying it out takes: at the end there may be no descriptor and no memory left.
 *
 * Any thread may come. The lock is held while the disk is waited for, in synced mode; threads that
 * could be cancelled there cannot.
 */

#include "ps-will.h"
#include "ps-error.h"
#include "ps-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMPACT_FROM (64 * 1024)

struct _PsWill
{
  GMutex lock;
  int dir;
  gboolean is_synced;
  gboolean is_over;
  char *name;
  PsOwner owner;
  PsStore store;
  PsSettleWork *work;

  guint n_places;
  char *places[PS_WILL_PLACES + 1]; /* by number, from 1 */
  int fds[PS_WILL_PLACES + 1];
  PsBeneathId ids[PS_WILL_PLACES + 1];

  PsWillEntry *clauses;
  guint n_clauses, room, last;
  gsize dead; /* bytes of lines that mean nothing any more */
};

/* --- Errors ---------------------------------------------------------------------------------- */

static PsError
code_of (int error)
{
  switch (error)
    {
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EFBIG:
      return PS_ERROR_EXHAUSTED;
    default:
      return PS_ERROR_INVALID;
    }
}

static void
set_failed (PsWill *will, GError **error, int number, const char *why)
{
  g_set_error (error, PS_ERROR, code_of (number), "%s: the will cannot be written: %s", will->name,
               why != NULL ? why : g_strerror (number));
}

static gboolean
check_open (PsWill *will, GError **error)
{
  if (!will->is_over)
    return TRUE;
  g_set_error_literal (error, PS_ERROR, PS_ERROR_OVER, "the will has been carried out already");
  return FALSE;
}

/* --- Directories ----------------------------------------------------------------------------- */

/* A path without slashes at its end. */
static char *
trim (const char *path)
{
  gsize length = strlen (path);

  while (length > 1 && path[length - 1] == '/')
    length--;
  return g_strndup (path, length);
}

static guint
find_number (PsWill *will, const char *path)
{
  for (guint i = 1; i <= will->n_places; i++)
    if (strcmp (will->places[i], path) == 0)
      return i;
  return 0;
}

/* FALSE: errno. */
static gboolean
open_place (PsWill *will, const char *path)
{
  guint number = will->n_places + 1;
  int fd = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return FALSE;
  if (ps_beneath_identify (fd, "", &will->ids[number]) < 0)
    {
      int error = errno;

      close (fd);
      errno = error;
      return FALSE;
    }
  will->places[number] = g_strdup (path);
  will->fds[number] = fd;
  will->n_places = number;
  return TRUE;
}

static void
close_last_place (PsWill *will)
{
  close (will->fds[will->n_places]);
  will->fds[will->n_places] = -1;
  g_clear_pointer (&will->places[will->n_places], g_free);
  will->n_places--;
}

static const char *
place_fault (PsWill *will, const char *path)
{
  if (path[0] != '/')
    return "it is not absolute";
  if (will->n_places == PS_WILL_PLACES)
    return "there are 32 directories already; name one above them";
  return ps_beneath_fault (path + 1);
}

/* Where the service manager says that the unit may write: as good as declared. */
static void
open_places_of (PsWill *will, const char *variable)
{
  const char *list = secure_getenv (variable);
  g_auto (GStrv) paths = g_strsplit (list != NULL ? list : "", ":", -1);

  for (char **path = paths; *path != NULL; path++)
    {
      g_autofree char *trimmed = trim (*path);

      if (place_fault (will, trimmed) == NULL && find_number (will, trimmed) == 0)
        (void) open_place (will, trimmed);
    }
}

/* --- The file -------------------------------------------------------------------------------- */

/* directory: the path of dir, which stays the caller's. NULL: errno. */
PsWill *
ps_will_new (int dir, const char *directory, const char *name, const PsOwner *owner,
             gboolean is_synced)
{
  PsWill *will = g_new0 (PsWill, 1);
  g_autofree char *own = trim (directory);

  g_mutex_init (&will->lock);
  will->store = (PsStore) PS_STORE_CLOSED;
  will->is_synced = is_synced;
  will->owner = *owner;
  will->name = g_strdup_printf ("%s.%s.will", name, owner->run);
  will->dir = fcntl (dir, F_DUPFD_CLOEXEC, 3);
  will->work = ps_settle_work_new ();
  memset (will->fds, -1, sizeof will->fds);
  if (will->dir < 0 || will->work == NULL)
    {
      ps_will_free (will);
      return NULL;
    }
  if (place_fault (will, own) == NULL)
    (void) open_place (will, own);
  open_places_of (will, "RUNTIME_DIRECTORY");
  open_places_of (will, "STATE_DIRECTORY");
  open_places_of (will, "CACHE_DIRECTORY");
  open_places_of (will, "LOGS_DIRECTORY");
  return will;
}

/* What is in the file stays there, to be carried out when the process has ended. */
void
ps_will_free (PsWill *will)
{
  if (will == NULL)
    return;
  while (will->n_places > 0)
    close_last_place (will);
  ps_store_close (&will->store);
  if (will->dir >= 0)
    close (will->dir);
  ps_settle_work_free (will->work);
  free (will->clauses);
  g_free (will->name);
  g_mutex_clear (&will->lock);
  g_free (will);
}

gboolean
ps_will_is_at_rest (PsWill *will)
{
  return ps_lock_is_free (&will->lock);
}

/* Appends a line to those in the work memory, which has length bytes so far. FALSE: errno. */
static gboolean
collect (PsWill *will, gsize *length, const char *line, gsize n)
{
  if (n == 0 || ps_settle_work_reserve (will->work, *length + n) < 0)
    {
      errno = n == 0 ? EFBIG : ENOMEM;
      return FALSE;
    }
  memcpy (will->work->bytes + *length, line, n);
  *length += n;
  return TRUE;
}

/* What a file begins with. */
static gboolean
collect_head (PsWill *will, gsize *length)
{
  char *line = will->work->line;
  const gsize size = sizeof will->work->line;

  if (!collect (will, length, line, ps_will_text_header (line, size))
      || !collect (will, length, line, ps_will_text_owner (line, size, &will->owner)))
    return FALSE;
  for (guint i = 1; i <= will->n_places; i++)
    if (!collect (will, length, line,
                  ps_will_text_place (line, size, i, will->places[i], &will->ids[i])))
      return FALSE;
  return TRUE;
}

static gboolean
make_file (PsWill *will, const char **why)
{
  gsize length = 0;
  int error;

  if (ps_store_open (&will->store, will->dir, will->name,
                     PS_STORE_NEW | (will->is_synced ? PS_STORE_SYNC : 0), why)
      < 0)
    return FALSE;
  if (ps_store_lock (&will->store, NULL) == 0 && collect_head (will, &length)
      && ps_store_append (&will->store, will->work->bytes, length) == 0)
    return TRUE;
  error = errno;
  (void) ps_store_remove (&will->store);
  ps_store_close (&will->store);
  errno = error;
  return FALSE;
}

/* One line at the end of the file, which is made where it is the first. So much memory is kept
 * that the file can be carried out. FALSE: errno. */
static gboolean
append (PsWill *will, gsize n, const char **why)
{
  g_autofree char *copy = NULL;
  const char *line = will->work->line;
  gsize whole;

  *why = NULL;
  if (n == 0)
    {
      errno = EFBIG;
      return FALSE;
    }
  if (will->store.fd < 0)
    {
      line = copy = g_memdup2 (line, n);
      if (!make_file (will, why))
        return FALSE;
    }
  whole = (gsize) will->store.length + n;
  return ps_settle_work_reserve_file (will->work, whole) == 0
         && ps_store_append (&will->store, line, n) == 0;
}

/* --- Compaction ------------------------------------------------------------------------------ */

/* The lines of the clauses that still count, as they stand there. */
static gboolean
collect_living (PsWill *will, const char *old, gsize n_old, gsize *length)
{
  for (guint i = 0; i < will->n_clauses; i++)
    {
      const PsWillEntry *entry = &will->clauses[i];

      if (entry->state != PS_WILL_OPEN)
        continue;
      if (entry->offset + entry->length > n_old
          || !collect (will, length, old + entry->offset, entry->length))
        return FALSE;
    }
  return TRUE;
}

/* As collect_living() has laid them out, from the byte on where the head ends. */
static void
forget_dead (PsWill *will, gsize from)
{
  guint n = 0;

  for (guint i = 0; i < will->n_clauses; i++)
    if (will->clauses[i].state == PS_WILL_OPEN)
      {
        will->clauses[n] = will->clauses[i];
        will->clauses[n].offset = (guint) from;
        from += will->clauses[n++].length;
      }
  will->n_clauses = n;
  will->dead = 0;
}

/* Where it cannot be done it is left as it is: nothing depends on it. */
static void
compact (PsWill *will)
{
  gsize n_old = (gsize) will->store.length, length = 0, head;
  char *old = malloc (n_old);

  if (old != NULL && ps_store_read (&will->store, old, n_old) == (gssize) n_old
      && collect_head (will, &length))
    {
      head = length;
      if (collect_living (will, old, n_old, &length)
          && ps_store_replace (&will->store, will->work->bytes, length) == 0)
        forget_dead (will, head);
    }
  free (old);
}

/* --- Clauses --------------------------------------------------------------------------------- */

static gboolean
make_room (PsWill *will)
{
  guint room = 2 * will->room + 16;
  PsWillEntry *larger;

  if (will->n_clauses < will->room)
    return TRUE;
  larger = realloc (will->clauses, room * sizeof *larger);
  if (larger == NULL)
    return FALSE;
  will->clauses = larger;
  will->room = room;
  return TRUE;
}

/* The line is in the work memory. 0: error is set. */
static guint
add_line (PsWill *will, PsWillVerb verb, gsize n, GError **error)
{
  const char *why = NULL;

  errno = ENOMEM;
  if (!make_room (will) || !append (will, n, &why))
    {
      set_failed (will, error, errno, why);
      return 0;
    }
  will->last++;
  will->clauses[will->n_clauses++] =
      (PsWillEntry){ .number = will->last,
                     .offset = (guint) (will->store.length - (off_t) n),
                     .length = (guint) n,
                     .verb = (guchar) verb };
  return will->last;
}

/* The longest of the directories that the path is in; 0: none. *rest: from there. */
static guint
find_place (PsWill *will, const char *path, const char **rest)
{
  gsize longest = 0;
  guint found = 0;

  for (guint i = 1; i <= will->n_places; i++)
    {
      gsize length = strlen (will->places[i]);

      if (length > longest && strncmp (path, will->places[i], length) == 0 && path[length] == '/')
        {
          longest = length;
          found = i;
          *rest = path + length + 1;
        }
    }
  return found;
}

/* 0: error is set. */
static guint
locate (PsWill *will, const char *path, const char **rest, GError **error)
{
  const char *fault = path[0] != '/' ? "it is not absolute" : ps_beneath_fault (path + 1);
  guint place = fault == NULL ? find_place (will, path, rest) : 0;

  if (fault != NULL)
    g_set_error (error, PS_ERROR, PS_ERROR_INVALID, "\"%s\" cannot be in a will: %s", path, fault);
  else if (place == 0)
    g_set_error (error, PS_ERROR, PS_ERROR_INVALID,
                 "\"%s\" is in no directory that the will may name: declare its directory by "
                 "ps_watcher_will_allow(), or by RuntimeDirectory=, StateDirectory=, "
                 "CacheDirectory= or LogsDirectory= in the unit",
                 path);
  return place;
}

/* What the clause is to be known by. FALSE: error is set. */
static gboolean
look (PsWill *will, PsWillVerb verb, guint place, const char *path, const char *rest,
      PsBeneathId *id, gboolean *is_there, GError **error)
{
  const char *leaf, *fault = NULL;
  int parent = ps_beneath_open_parent (will->fds[place], rest, &leaf);
  int number = parent < 0 ? errno : 0;

  *is_there = FALSE;
  if (parent >= 0)
    {
      *is_there = ps_beneath_identify (parent, leaf, id) == 0;
      number = *is_there ? 0 : errno;
      close (parent);
    }
  if (number != 0 && number != ENOENT)
    fault = number == ELOOP   ? "it leads through a symbolic link"
            : number == EXDEV ? "it leads to another file system: declare a directory there"
                              : g_strerror (number);
  else if (*is_there && (verb == PS_WILL_RMDIR) != S_ISDIR (id->type))
    fault = verb == PS_WILL_RMDIR ? "it is not a directory" : "it is a directory";
  if (fault != NULL)
    g_set_error (error, PS_ERROR, code_of (number), "\"%s\" cannot be in a will: %s", path, fault);
  return fault == NULL;
}

static guint
add_file (PsWill *will, PsWillVerb verb, const char *path, GError **error)
{
  const char *rest;
  PsBeneathId id;
  gboolean is_there;
  guint place;

  if (!check_open (will, error))
    return 0;
  place = locate (will, path, &rest, error);
  if (place == 0 || !look (will, verb, place, path, rest, &id, &is_there, error))
    return 0;
  return add_line (will, verb,
                   ps_will_text_file (will->work->line, sizeof will->work->line, verb,
                                      will->last + 1, place, rest, is_there ? &id : NULL),
                   error);
}

guint
ps_will_add_file (PsWill *will, PsWillVerb verb, const char *path, GError **error)
{
  int cancel_state = ps_cancel_forbid ();
  guint clause;

  g_mutex_lock (&will->lock);
  clause = add_file (will, verb, path, error);
  g_mutex_unlock (&will->lock);
  ps_cancel_restore (cancel_state);
  return clause;
}

guint
ps_will_add_command (PsWill *will, const char *const *argv, GError **error)
{
  const char *fault = argv[0] == NULL || argv[0][0] != '/' ? "a command is an absolute path" : NULL;
  int cancel_state;
  guint clause = 0;

  if (fault == NULL && g_strv_length ((char **) argv) > PS_WILL_ARGUMENTS)
    fault = "a command has no more than 64 words";
  if (fault != NULL)
    {
      g_set_error (error, PS_ERROR, PS_ERROR_INVALID, "\"%s\" cannot be in a will: %s",
                   argv[0] != NULL ? argv[0] : "", fault);
      return 0;
    }
  cancel_state = ps_cancel_forbid ();
  g_mutex_lock (&will->lock);
  if (check_open (will, error))
    clause = add_line (
        will, PS_WILL_RUN,
        ps_will_text_command (will->work->line, sizeof will->work->line, will->last + 1, argv),
        error);
  g_mutex_unlock (&will->lock);
  ps_cancel_restore (cancel_state);
  return clause;
}

static gboolean
strike_out (PsWill *will, guint number)
{
  PsWillEntry *entry = ps_will_text_find (will->clauses, will->n_clauses, number);
  const char *why;
  gsize n;

  if (will->is_over || entry == NULL || entry->state != PS_WILL_OPEN)
    return FALSE;
  n = ps_will_text_mark (will->work->line, sizeof will->work->line, "revoke", number, NULL);
  if (!append (will, n, &why))
    return FALSE;
  entry->state = PS_WILL_REVOKED;
  will->dead += entry->length + n;
  if (will->store.length > COMPACT_FROM && 2 * will->dead > (gsize) will->store.length)
    compact (will);
  return TRUE;
}

/* FALSE: there is no such clause (any more), or it could not be written down. */
gboolean
ps_will_revoke (PsWill *will, guint clause)
{
  int cancel_state = ps_cancel_forbid ();
  gboolean revoked;

  g_mutex_lock (&will->lock);
  revoked = strike_out (will, clause);
  g_mutex_unlock (&will->lock);
  ps_cancel_restore (cancel_state);
  return revoked;
}

static gboolean
allow (PsWill *will, const char *path, GError **error)
{
  const char *fault, *why = NULL;
  guint number;

  if (!check_open (will, error))
    return FALSE;
  if (find_number (will, path) != 0)
    return TRUE;
  fault = place_fault (will, path);
  if (fault == NULL && !open_place (will, path))
    fault = g_strerror (errno);
  if (fault != NULL)
    {
      g_set_error (error, PS_ERROR, PS_ERROR_INVALID, "\"%s\" cannot be a directory of a will: %s",
                   path, fault);
      return FALSE;
    }
  number = will->n_places;
  if (will->store.fd < 0
      || append (will,
                 ps_will_text_place (will->work->line, sizeof will->work->line, number, path,
                                     &will->ids[number]),
                 &why))
    return TRUE;
  set_failed (will, error, errno, why);
  close_last_place (will);
  return FALSE;
}

gboolean
ps_will_allow (PsWill *will, const char *path, GError **error)
{
  g_autofree char *trimmed = trim (path);
  int cancel_state = ps_cancel_forbid ();
  gboolean allowed;

  g_mutex_lock (&will->lock);
  allowed = allow (will, trimmed, error);
  g_mutex_unlock (&will->lock);
  ps_cancel_restore (cancel_state);
  return allowed;
}

/* --- Other hands ----------------------------------------------------------------------------- */

/* In a child that has taken the watch over: locks are not handed on by a fork, and the file says
 * that it is the parent's. As long as that lives it has the lock; then the owner's being alive has
 * to do. */
gboolean
ps_will_inherit (PsWill *will)
{
  const char *why;
  PsOwner owner;

  if (ps_owner_init_self (&owner, will->owner.run, will->owner.invocation) < 0)
    return FALSE;
  will->owner = owner;
  if (will->store.fd < 0)
    return TRUE;
  (void) ps_store_lock (&will->store, NULL);
  return append (will, ps_will_text_owner (will->work->line, sizeof will->work->line, &will->owner),
                 &why);
}

/* Takes no memory. Nothing can be added afterwards. */
PsSettleEnd
ps_will_carry_out (PsWill *will, const PsSettleHow *how)
{
  PsSettleHow ours = *how;
  PsSettleEnd end = PS_SETTLE_NOTHING;
  int cancel_state = ps_cancel_forbid ();

  g_mutex_lock (&will->lock);
  ours.places = will->fds;
  will->is_over = TRUE;
  if (will->store.fd >= 0 && ps_store_is_ours (&will->store))
    end = ps_settle_store (&will->store, will->work, &ours);
  g_mutex_unlock (&will->lock);
  ps_cancel_restore (cancel_state);
  return end;
}
