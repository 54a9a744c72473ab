/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A life is a "begin" line and the lines after it, up to the next "begin". Each of those carries
 * the first digits of the life's id: what a process of an earlier life writes late, on its way out,
 * is so never taken for a word of the present one.
 *
 * What a line says replaces what earlier ones said, in one respect: a process that crashed and then
 * says anything else has recovered. So an account of a crash, or of a forced end, stands only until
 * the next line of that life.
 *
 * Reading never fails. A line that cannot be read may have been the one that mattered, and that is
 * remembered with the life in which it stands; what a later version wrote is counted and left
 * alone.
 */

#include "ps-run-lives.h"

#include <string.h>

/* floor 0 */
#include "ps-line.h"

/* A text that is not there, or longer than we write any, is none. */
static void
get (const PsLineRead *line, const char *key, char *buffer, size_t size)
{
  if (ps_line_get (line, key, buffer, size) < 0)
    buffer[0] = '\0';
}
#define GET(line, key, array) get ((line), (key), (array), sizeof (array))

static int64_t
get_int (const PsLineRead *line, const char *key, int64_t otherwise)
{
  int64_t value = otherwise;

  ps_line_get_int (line, key, &value);
  return value;
}

static uint64_t
get_hex (const PsLineRead *line, const char *key)
{
  uint64_t value = 0;

  ps_line_get_hex (line, key, &value);
  return value;
}

static PsRunLifeTime
get_time (const PsLineRead *line)
{
  return (PsRunLifeTime){ get_int (line, "at", 0), get_int (line, "time", 0) };
}

static void
read_begin (PsRunLife *life, const PsLineRead *line)
{
  PsRunLifeWho *who = &life->who;

  memset (life, 0, sizeof *life);
  GET (line, "id", who->id);
  GET (line, "invocation", who->invocation);
  GET (line, "boot", who->boot);
  GET (line, "machine", who->machine);
  GET (line, "program", who->program);
  GET (line, "version", who->version);
  GET (line, "unit", who->unit);
  who->pid = get_int (line, "pid", 0);
  who->start = get_int (line, "start", 0);
  who->born_ns = get_int (line, "born", 0);
  who->inode = get_hex (line, "inode");
  who->pid_namespace = get_hex (line, "pidns");
  life->begun = life->last = get_time (line);
  memcpy (life->state, "running", sizeof "running");
}

static void
read_state (PsRunLife *life, const PsLineRead *line)
{
  GET (line, "now", life->state);
}

static void
read_cause (PsRunLife *life, const PsLineRead *line)
{
  PsRunLifeCause *cause = &life->cause;

  life->has_cause = 1;
  GET (line, "kind", cause->kind);
  cause->signum = get_int (line, "signal", 0);
  cause->code = get_int (line, "code", 0);
  cause->sender_pid = get_int (line, "pid", -1);
  cause->sender_uid = get_int (line, "uid", 0);
  GET (line, "comm", cause->sender_comm);
  GET (line, "unit", cause->sender_unit);
  GET (line, "user-unit", cause->sender_user_unit);
}

static void
read_break (PsRunLifeBreak *what, const PsLineRead *line)
{
  char watchdog[2];

  what->is_set = 1;
  what->signum = get_int (line, "signal", 0);
  what->status = get_int (line, "status", 0);
  what->is_watchdog = ps_line_get (line, "watchdog", watchdog, sizeof watchdog) > 0;
  GET (line, "event", what->event);
  GET (line, "step", what->step);
  GET (line, "reason", what->reason);
}

static void
read_crash (PsRunLife *life, const PsLineRead *line)
{
  read_break (&life->crash, line);
}

static void
read_forced (PsRunLife *life, const PsLineRead *line)
{
  read_break (&life->forced, line);
}

static void
read_end (PsRunLife *life, const PsLineRead *line)
{
  life->has_end = 1;
  life->end_status = get_int (line, "status", 0);
}

static void
read_detached (PsRunLife *life, const PsLineRead *line)
{
  life->is_detached = 1;
}

static void
read_carried (PsRunLife *life, const PsLineRead *line)
{
  life->who.pid = get_int (line, "pid", 0);
  life->who.start = get_int (line, "start", 0);
  life->who.pid_namespace = get_hex (line, "pidns");
}

static void
read_settled (PsRunLife *life, const PsLineRead *line)
{
  PsRunLifeSettled *settled = &life->settled;

  settled->is_set = 1;
  GET (line, "by", settled->by);
  GET (line, "result", settled->result);
  GET (line, "code", settled->code);
  GET (line, "status", settled->status);
  settled->time = get_time (line);
}

static void
read_verdict (PsRunLife *life, const PsLineRead *line)
{
  GET (line, NULL, life->verdict);
}

/* Whose word it is: the living one's, or that of somebody who came afterwards. */
static const struct
{
  const char *verb;
  void (*read) (PsRunLife *life, const PsLineRead *line);
  int is_own;
} verbs[] = {
  { "state", read_state, 1 },     { "cause", read_cause, 1 },     { "crash", read_crash, 1 },
  { "forced", read_forced, 1 },   { "end", read_end, 1 },         { "detached", read_detached, 1 },
  { "carried", read_carried, 1 }, { "settled", read_settled, 0 }, { "verdict", read_verdict, 0 },
};
#define N_VERBS (sizeof verbs / sizeof verbs[0])

static int
belongs_to (const PsLineRead *line, const PsRunLife *life)
{
  char start[PS_RUN_LIFE_SHORT_ID + 1];

  return ps_line_get (line, "life", start, sizeof start) == PS_RUN_LIFE_SHORT_ID
         && memcmp (start, life->who.id, PS_RUN_LIFE_SHORT_ID) == 0;
}

static void
read_line (PsRunLives *record, const PsLineRead *line)
{
  PsRunLife *life = &record->last;
  size_t i = 0;

  if (ps_line_is (line, "begin"))
    {
      record->n_lives++;
      read_begin (life, line);
      return;
    }
  while (i < N_VERBS && !ps_line_is (line, verbs[i].verb))
    i++;
  if (i == N_VERBS)
    record->n_unknown++;
  else if (record->n_lives > 0 && belongs_to (line, life))
    {
      if (verbs[i].is_own)
        {
          life->crash.is_set = life->forced.is_set = 0;
          life->last = get_time (line);
        }
      verbs[i].read (life, line);
    }
}

/* The first line that can be read has to be the header. An empty file is a record without lives. */
void
ps_run_lives_read (PsRunLives *record, const char *text, size_t length)
{
  const char *at = text, *stop = text + length;
  int has_header = 0;
  PsLineRead line;
  PsLineKind kind;

  memset (record, 0, sizeof *record);
  while ((kind = ps_line_next (&at, stop, &line)) != PS_LINE_NONE)
    {
      if (kind == PS_LINE_GOOD && !has_header)
        {
          record->is_foreign = !ps_line_is_header (&line, PS_RUN_LIFE_FILE, PS_RUN_LIFE_VERSION);
          if (record->is_foreign)
            return;
          has_header = 1;
        }
      else if (kind == PS_LINE_GOOD)
        read_line (record, &line);
      else
        {
          record->n_bad += kind == PS_LINE_BAD;
          record->is_torn = record->last.is_torn = kind == PS_LINE_TORN;
          record->last.is_damaged |= kind == PS_LINE_BAD;
        }
    }
}

static size_t
skip_lives (const char *text, size_t length, unsigned n)
{
  const char *at = text, *stop = text + length;
  PsLineRead line;
  PsLineKind kind;

  while ((kind = ps_line_next (&at, stop, &line)) != PS_LINE_NONE)
    if (kind == PS_LINE_GOOD && ps_line_is (&line, "begin") && n-- == 0)
      return (size_t) (line.text - text);
  return length;
}

size_t
ps_run_lives_find_last (const char *text, size_t length, unsigned n)
{
  PsRunLives record;

  ps_run_lives_read (&record, text, length);
  return skip_lives (text, length, record.n_lives > n ? record.n_lives - n : 0);
}
