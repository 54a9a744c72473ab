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

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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
  /* A run may have begun while the clause before was carried out. */
  if (s->how->look != NULL && !s->how->look (s->how->data))
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
    return ps_settle_tell_end (s->how, s->store->name, &s->tally, PS_SETTLE_LEFT,
                               left_us (s->how) <= 0
                                   ? "its time was over"
                                   : "there is no room for marks, or for commands");
  if (ps_store_remove (s->store) < 0 && errno != ENOENT)
    return ps_settle_tell_end (s->how, s->store->name, &s->tally, PS_SETTLE_LEFT,
                               ps_will_text_error (errno));
  if (open == 0)
    return PS_SETTLE_NOTHING;
  return ps_settle_tell_end (s->how, s->store->name, &s->tally, PS_SETTLE_DONE, NULL);
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
  return ps_settle_tell_end (s->how, s->store->name, NULL, PS_SETTLE_DAMAGED, reason);
}

/* 0: errno. */
static int
read_text (Settling *s)
{
  PsSettleWork *work = s->work;
  ssize_t n;

  s->length = (size_t) s->store->length;
  if (ps_settle_work_reserve_file (work, s->length) < 0)
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
      return ps_settle_tell_end (s->how, file, NULL, PS_SETTLE_FOREIGN, reason);
    }
  s->is_same_boot =
      s->how->by == PS_SETTLE_BY_PROCESS ? 1 : ps_owner_is_of_this_boot (&s->text.owner);
  if (s->is_same_boot < 0)
    return ps_settle_tell_end (s->how, file, NULL, PS_SETTLE_FAILED, ps_will_text_error (errno));
  if (s->how->by != PS_SETTLE_BY_PROCESS && ps_owner_is_alive (&s->text.owner))
    return PS_SETTLE_ALIVE;
  if (find_unreadable (s) != 0)
    {
      snprintf (reason, sizeof reason, "clause %u is not understood; left alone",
                find_unreadable (s));
      return ps_settle_tell_end (s->how, file, NULL, PS_SETTLE_FOREIGN, reason);
    }
  /* What is appended must not begin within a line. */
  if (s->text.is_torn && ps_store_cut (s->store, (off_t) s->text.whole) < 0)
    return ps_settle_tell_end (s->how, file, NULL, PS_SETTLE_FAILED, ps_will_text_error (errno));
  return settle_entries (s);
}

/* A store that is open and locked. */
PsSettleEnd
ps_settle_store (PsStore *store, PsSettleWork *work, const PsSettleHow *how)
{
  Settling s = { .store = store, .work = work, .how = how };

  if (!read_text (&s))
    return ps_settle_tell_end (how, store->name, NULL, PS_SETTLE_FAILED,
                               ps_will_text_error (errno));
  return settle_text (&s);
}
