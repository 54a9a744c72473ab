/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A will is carried out by whoever has its lock, when the run that wrote it is over (or by that
 * run, at its end). Clauses are taken last written first. What becomes of each is written down
 * before the next begins, so that whoever goes on after us, when we are killed, begins where we
 * were. A command is marked before it begins, too; one that was begun some times and never came to
 * its end is given up.
 *
 * To remove a file twice does no harm: the second time it is not there, or not the same. So where
 * a mark cannot be written, on a full disk, files are removed all the same, and commands are not
 * begun. The will goes when nothing is left of it.
 *
 * libc only, and no memory but that of the PsSettleWork: an exit may have none.
 */

#include "ps-settle.h"
#include "ps-settle-clause.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX ".will"
#define TRIES_TO_LOCK 8

typedef struct
{
  PsStore *store;
  PsSettleWork *work;
  const PsSettleHow *how;
  PsWillText text;
  PsSettleTally tally;
  size_t length;
  int is_same_boot;
} Settling;

/* --- Memory ---------------------------------------------------------------------------------- */

PsSettleWork *
ps_settle_work_new (void)
{
  return calloc (1, sizeof (PsSettleWork));
}

static int
grow (void **memory, size_t size)
{
  void *larger = realloc (*memory, size);

  if (larger == NULL)
    return -1;
  *memory = larger;
  return 0;
}

/* Room for a file of so many bytes and clauses. 0, or -1: no memory. */
int
ps_settle_work_reserve (PsSettleWork *work, size_t bytes, unsigned entries)
{
  if (bytes > work->room)
    {
      size_t room = bytes + bytes / 2 + 4096;

      if (grow ((void **) &work->bytes, room) < 0)
        return -1;
      work->room = room;
    }
  if (entries > work->n_entries)
    {
      unsigned n = entries + entries / 2 + 64;

      if (grow ((void **) &work->entries, n * sizeof (PsWillEntry)) < 0)
        return -1;
      work->n_entries = n;
    }
  return 0;
}

void
ps_settle_work_free (PsSettleWork *work)
{
  if (work == NULL)
    return;
  free (work->bytes);
  free (work->entries);
  free (work);
}

/* --- Telling --------------------------------------------------------------------------------- */

const char *
ps_settle_by (PsSettleBy by)
{
  static const char *const names[] = {
    [PS_SETTLE_BY_PROCESS] = "process",
    [PS_SETTLE_BY_STOP_POST] = "stop-post",
    [PS_SETTLE_BY_START] = "start",
    [PS_SETTLE_BY_BOOT] = "boot",
  };

  return names[by];
}

static PsSettleEnd
tell_end (const PsSettleHow *how, const char *file, const PsSettleTally *tally, PsSettleEnd end,
          const char *reason)
{
  static const PsSettleTally none;
  PsSettleNews news = { .by = how->by,
                        .end = end,
                        .tally = tally != NULL ? tally : &none,
                        .file = file,
                        .reason = reason };

  if (how->tell != NULL)
    how->tell (&news, how->data);
  return end;
}

static const char *
words_of (int error)
{
  const char *words = strerrordesc_np (error);

  return words != NULL ? words : "unknown error";
}

static void
tell_clause (Settling *s, const PsWillPlace *place, int is_skipped)
{
  PsSettleNews news = { .by = s->how->by,
                        .tally = &s->tally,
                        .file = s->store->name,
                        .clause = &s->work->clause,
                        .place = place,
                        .is_skipped = is_skipped,
                        .reason = s->work->reason };

  if (s->how->tell != NULL)
    s->how->tell (&news, s->how->data);
}

/* --- The clauses ----------------------------------------------------------------------------- */

static int64_t
left_us (const PsSettleHow *how)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return how->end_us - (now.tv_sec * (int64_t) 1000000 + now.tv_nsec / 1000);
}

static int
mark (Settling *s, const char *word, unsigned number, const char *reason)
{
  size_t n = ps_will_text_mark (s->work->line, sizeof s->work->line, word, number, reason);

  return ps_store_append (s->store, s->work->line, n);
}

/* NULL: the will does not say. */
static const PsWillPlace *
find_place (Settling *s, const PsWillClause *clause)
{
  if (clause->verb == PS_WILL_RUN)
    return NULL;
  if (s->work->place.number == clause->place)
    return &s->work->place;
  if (ps_will_text_find_place (s->work->bytes, s->length, clause->place, &s->work->place) == 0)
    return &s->work->place;
  s->work->place.number = 0;
  return NULL;
}

/* What did not exist when the clause was written may be that one's now. */
static int
has_later_run (const Settling *s)
{
  const char *last = s->how->last_run;

  return last != NULL && last[0] != '\0' && strcmp (last, s->text.owner.run) != 0;
}

/* A descriptor that is open already, or -1. Whoever gave its rights away may not be able to reach
 * the record's directory by its path any more. */
static int
open_dir_of (const Settling *s, const PsWillPlace *place)
{
  PsBeneathId record;

  if (place == NULL)
    return -1;
  if (s->how->places != NULL)
    return s->how->places[place->number];
  return ps_beneath_identify (s->store->dir, "", &record) == 0
                 && ps_beneath_is_same (&place->id, &record, s->is_same_boot)
             ? s->store->dir
             : -1;
}

static PsClauseEnd
do_clause (Settling *s, const PsWillEntry *entry, const PsWillPlace *place, int64_t time_us)
{
  const PsWillClause *clause = &s->work->clause;
  PsClauseHow how = {
    .place = place,
    .dir = open_dir_of (s, place),
    .is_same_boot = s->is_same_boot,
    .is_synced = s->how->by != PS_SETTLE_BY_PROCESS || s->store->is_synced,
    .has_later_run = has_later_run (s),
    .limit_us = time_us < PS_SETTLE_COMMAND_US ? time_us : PS_SETTLE_COMMAND_US,
  };

  if (clause->verb == PS_WILL_RUN && entry->tries >= PS_WILL_TRIES)
    {
      snprintf (s->work->reason, sizeof s->work->reason,
                "it was begun %u times, and did not come to its end", (unsigned) entry->tries);
      return PS_CLAUSE_FAILED;
    }
  return ps_settle_clause (clause, &how, s->work->reason);
}

/* 0: it is left for another time. */
static int
settle_entry (Settling *s, PsWillEntry *entry)
{
  const PsWillClause *clause = &s->work->clause;
  const PsWillPlace *place = NULL;
  int64_t time_us = left_us (s->how);
  PsClauseEnd end = PS_CLAUSE_FAILED;

  if (time_us <= 0)
    return 0;
  if (ps_will_text_read_clause (s->work->bytes, entry, &s->work->clause) < 0)
    return 0;
  place = find_place (s, clause);
  do
    {
      if (clause->verb == PS_WILL_RUN && mark (s, "begun", clause->number, NULL) < 0)
        return 0;
      end = do_clause (s, entry, place, time_us);
      entry->tries++;
      time_us = left_us (s->how);
    }
  while (end == PS_CLAUSE_CUT && time_us > 0);
  if (end == PS_CLAUSE_LEFT || end == PS_CLAUSE_CUT)
    return 0;
  if (end != PS_CLAUSE_DONE)
    tell_clause (s, place, end == PS_CLAUSE_SKIPPED);
  s->tally.done += end == PS_CLAUSE_DONE;
  s->tally.skipped += end == PS_CLAUSE_SKIPPED;
  s->tally.failed += end == PS_CLAUSE_FAILED;
  (void) mark (s,
               end == PS_CLAUSE_DONE      ? "done"
               : end == PS_CLAUSE_SKIPPED ? "skipped"
                                          : "failed",
               clause->number, end != PS_CLAUSE_DONE ? s->work->reason : NULL);
  return 1;
}

static PsSettleEnd
settle_entries (Settling *s)
{
  unsigned open = 0;

  for (unsigned i = s->text.n; i-- > 0;)
    {
      if (s->text.entries[i].state != PS_WILL_OPEN)
        continue;
      open++;
      if (!settle_entry (s, &s->text.entries[i]))
        s->tally.left++;
    }
  if (s->tally.left > 0)
    return tell_end (s->how, s->store->name, &s->tally, PS_SETTLE_LEFT,
                     left_us (s->how) <= 0 ? "its time was over"
                                           : "there is no room for marks, or for commands");
  if (ps_store_remove (s->store) < 0 && errno != ENOENT)
    return tell_end (s->how, s->store->name, &s->tally, PS_SETTLE_LEFT, words_of (errno));
  if (open == 0)
    return PS_SETTLE_NOTHING;
  return tell_end (s->how, s->store->name, &s->tally, PS_SETTLE_DONE, NULL);
}

/* --- The file -------------------------------------------------------------------------------- */

/* So that nobody meets it again, and somebody can look at it. */
static PsSettleEnd
set_aside (Settling *s)
{
  char name[NAME_MAX + 16];
  char reason[PS_WILL_REASON];

  snprintf (name, sizeof name, "%s.damaged", s->store->name);
  snprintf (reason, sizeof reason,
            "line %u is not as it was written; nothing is carried out, and "
            "the file is kept with the ending .damaged",
            s->text.line);
  (void) ps_store_rename (s->store, name);
  return tell_end (s->how, s->store->name, NULL, PS_SETTLE_DAMAGED, reason);
}

/* 0: there is no memory, or the file is larger than any of ours. */
static int
read_text (Settling *s)
{
  PsSettleWork *work = s->work;
  ssize_t n;

  s->length = (size_t) s->store->length;
  if (s->length > PS_WILL_MAX)
    {
      errno = EFBIG;
      return 0;
    }
  /* No line of a clause is shorter than 32 bytes. */
  if (ps_settle_work_reserve (work, s->length, (unsigned) (s->length / 32) + 1) < 0)
    return 0;
  n = ps_store_read (s->store, work->bytes, s->length);
  if (n < 0)
    return 0;
  s->length = (size_t) n;
  s->text.entries = work->entries;
  s->text.room = work->n_entries;
  ps_will_text_read (&s->text, work->bytes, s->length);
  work->place.number = 0;
  return 1;
}

/* The number of a clause whose checksum is right, and which makes no sense: a later version may see
 * one in it. 0: there is none. */
static unsigned
find_unreadable (Settling *s)
{
  for (unsigned i = 0; i < s->text.n; i++)
    if (s->text.entries[i].state == PS_WILL_OPEN
        && ps_will_text_read_clause (s->work->bytes, &s->text.entries[i], &s->work->clause) < 0)
      return s->text.entries[i].number;
  return 0;
}

static PsSettleEnd
settle_text (Settling *s)
{
  const char *file = s->store->name;
  char reason[PS_WILL_REASON];

  switch (s->text.kind)
    {
    case PS_WILL_READABLE:
      break;
    case PS_WILL_EMPTY:
      (void) ps_store_remove (s->store);
      return PS_SETTLE_NOTHING;
    case PS_WILL_DAMAGED:
      return set_aside (s);
    case PS_WILL_FOREIGN:
    case PS_WILL_TOO_LONG:
      snprintf (reason, sizeof reason, "line %u is of a later version; left alone", s->text.line);
      return tell_end (s->how, file, NULL, PS_SETTLE_FOREIGN, reason);
    }
  s->is_same_boot =
      s->how->by == PS_SETTLE_BY_PROCESS ? 1 : ps_owner_is_of_this_boot (&s->text.owner);
  if (s->is_same_boot < 0)
    return tell_end (s->how, file, NULL, PS_SETTLE_FAILED, words_of (errno));
  if (s->how->by != PS_SETTLE_BY_PROCESS && ps_owner_is_alive (&s->text.owner))
    return PS_SETTLE_ALIVE;
  if (find_unreadable (s) != 0)
    {
      snprintf (reason, sizeof reason, "clause %u is not understood; left alone",
                find_unreadable (s));
      return tell_end (s->how, file, NULL, PS_SETTLE_FOREIGN, reason);
    }
  /* What is appended must not begin within a line. */
  if (s->text.is_torn && ps_store_cut (s->store, (off_t) s->text.whole) < 0)
    return tell_end (s->how, file, NULL, PS_SETTLE_FAILED, words_of (errno));
  return settle_entries (s);
}

/* A store that is open and locked. */
PsSettleEnd
ps_settle_store (PsStore *store, PsSettleWork *work, const PsSettleHow *how)
{
  Settling s = { .store = store, .work = work, .how = how };

  if (!read_text (&s))
    return tell_end (how, store->name, NULL, PS_SETTLE_FAILED, words_of (errno));
  return settle_text (&s);
}

static PsSettleEnd
explain_open (const char *name, const PsSettleHow *how, int error, const char *why)
{
  if (error == ENOENT)
    return PS_SETTLE_NOTHING;
  return tell_end (how, name, NULL,
                   why != NULL || error == EACCES || error == EPERM ? PS_SETTLE_REFUSED
                                                                    : PS_SETTLE_FAILED,
                   why != NULL ? why : words_of (error));
}

PsSettleEnd
ps_settle_file (int dir, const char *name, PsSettleWork *work, const PsSettleHow *how)
{
  PsSettleEnd end = PS_SETTLE_ALIVE;
  const char *why;
  PsStore store;
  int error;

  /* Replaced between the opening and the locking: then it is somebody's who lives, or lived. */
  for (int i = 0; i < TRIES_TO_LOCK; i++)
    {
      if (ps_store_open (&store, dir, name, PS_STORE_SYNC, &why) < 0)
        return explain_open (name, how, errno, why);
      if (ps_store_lock (&store, NULL) == 0)
        {
          end = ps_settle_store (&store, work, how);
          ps_store_close (&store);
          return end;
        }
      error = errno;
      ps_store_close (&store);
      if (error == EAGAIN)
        break;
      if (error != ESTALE)
        return tell_end (how, name, NULL, PS_SETTLE_FAILED, words_of (error));
    }
  return end;
}

/* The last life that a run record (docs/run-format.md) tells of. -1: errno. */
int
ps_settle_last_run (PsStore *record, char run[PS_OWNER_ID])
{
  size_t size = (size_t) record->length;
  char *bytes = malloc (size + 1);
  ssize_t n = bytes != NULL && size <= PS_WILL_MAX ? ps_store_read (record, bytes, size) : -1;
  const char *at = bytes;
  PsLineKind kind;
  PsLineRead line;

  run[0] = '\0';
  while (n > 0 && (kind = ps_line_next (&at, bytes + n, &line)) != PS_LINE_NONE)
    if (kind == PS_LINE_GOOD && ps_line_is (&line, "begin")
        && ps_line_get (&line, "id", run, PS_OWNER_ID) < 0)
      run[0] = '\0';
  free (bytes);
  return n < 0 ? -1 : 0;
}

static PsSettleEnd
worse (PsSettleEnd a, PsSettleEnd b)
{
  static const unsigned char rank[] = {
    [PS_SETTLE_NOTHING] = 0, [PS_SETTLE_DONE] = 1,    [PS_SETTLE_ALIVE] = 2,
    [PS_SETTLE_LEFT] = 3,    [PS_SETTLE_FOREIGN] = 4, [PS_SETTLE_DAMAGED] = 5,
    [PS_SETTLE_REFUSED] = 6, [PS_SETTLE_FAILED] = 7,
  };

  return rank[a] >= rank[b] ? a : b;
}

/* NULL and errno 0: there are no more. */
static const struct dirent *
next_entry (DIR *entries)
{
  errno = 0;
  return readdir (entries);
}

/* Each will of that owner (NULL: of any) in the directory. Returns the worst of what was met. */
PsSettleEnd
ps_settle_all (int dir, const char *owner, PsSettleWork *work, const PsSettleHow *how)
{
  int fd = openat (dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = fd >= 0 ? fdopendir (fd) : NULL;
  PsSettleEnd end = PS_SETTLE_NOTHING;
  const struct dirent *entry;
  const char *run;

  if (entries == NULL)
    {
      if (fd >= 0)
        close (fd);
      return tell_end (how, owner != NULL ? owner : ".", NULL, PS_SETTLE_FAILED, words_of (errno));
    }
  while ((entry = next_entry (entries)) != NULL)
    if (ps_settle_is_will (entry->d_name, owner, &run))
      end = worse (end, ps_settle_file (dir, entry->d_name, work, how));
  if (errno != 0)
    end = worse (
        end, tell_end (how, owner != NULL ? owner : ".", NULL, PS_SETTLE_FAILED, words_of (errno)));
  closedir (entries);
  return end;
}

/* Whether a file is a will: OWNER.RUN.will, for any owner where that is NULL. *run points into name
 * and has PS_OWNER_ID - 1 digits. */
int
ps_settle_is_will (const char *name, const char *owner, const char **run)
{
  size_t length = strlen (name), tail = 1 + (PS_OWNER_ID - 1) + strlen (SUFFIX);
  const char *dot;

  if (length <= tail || strcmp (name + length - strlen (SUFFIX), SUFFIX) != 0)
    return 0;
  dot = name + length - tail;
  if (*dot != '.' || strspn (dot + 1, "0123456789abcdef") != PS_OWNER_ID - 1)
    return 0;
  if (owner != NULL
      && (strlen (owner) != (size_t) (dot - name) || memcmp (owner, name, strlen (owner)) != 0))
    return 0;
  *run = dot + 1;
  return 1;
}
