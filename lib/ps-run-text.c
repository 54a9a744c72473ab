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

#include "ps-run-text.h"

#include <string.h>

/* floor 0 */
#include "ps-line.h"

#define VERSION "1"
#define SHORT_ID 8

/* --- Printing -------------------------------------------------------------------------------- */

static void
begin (PsLine *line, char *buffer, size_t size, const char *verb, const char *id)
{
  char start[SHORT_ID + 1] = "";

  memcpy (start, id, strnlen (id, SHORT_ID));
  ps_line_begin (line, buffer, size, verb);
  ps_line_add (line, "life", start);
}

/* What is not known is left out. */
static void
add (PsLine *line, const char *key, const char *value)
{
  if (value[0] != '\0')
    ps_line_add (line, key, value);
}

static void
add_time (PsLine *line, const PsRunLifeTime *time)
{
  ps_line_add_int (line, "at", time->boot_us);
  ps_line_add_int (line, "time", time->real_us);
}

static size_t
end (PsLine *line, const PsRunLifeTime *time)
{
  add_time (line, time);
  return ps_line_end (line);
}

size_t
ps_run_text_put_header (char *buffer, size_t size)
{
  PsLine line;

  ps_line_begin (&line, buffer, size, "postscriptum-run");
  ps_line_add (&line, NULL, VERSION);
  return ps_line_end (&line);
}

size_t
ps_run_text_put_begin (char *buffer, size_t size, const PsRunLifeWho *who,
                       const PsRunLifeTime *time)
{
  PsLine line;

  ps_line_begin (&line, buffer, size, "begin");
  ps_line_add (&line, "id", who->id);
  ps_line_add_int (&line, "pid", who->pid);
  ps_line_add_int (&line, "start", who->start);
  add (&line, "program", who->program);
  add (&line, "version", who->version);
  add (&line, "unit", who->unit);
  add (&line, "invocation", who->invocation);
  add (&line, "boot", who->boot);
  add (&line, "machine", who->machine);
  ps_line_add_hex (&line, "pidns", who->pid_namespace);
  ps_line_add_hex (&line, "inode", who->inode);
  ps_line_add_int (&line, "born", who->born_ns);
  return end (&line, time);
}

size_t
ps_run_text_put_state (char *buffer, size_t size, const char *id, const PsRunLifeTime *time,
                       const char *state)
{
  PsLine line;

  begin (&line, buffer, size, "state", id);
  ps_line_add (&line, "now", state);
  return end (&line, time);
}

size_t
ps_run_text_put_cause (char *buffer, size_t size, const char *id, const PsRunLifeTime *time,
                       const PsRunLifeCause *cause)
{
  PsLine line;

  begin (&line, buffer, size, "cause", id);
  ps_line_add (&line, "kind", cause->kind);
  if (cause->signum > 0)
    ps_line_add_int (&line, "signal", cause->signum);
  else
    ps_line_add_int (&line, "code", cause->code);
  if (cause->sender_pid >= 0)
    {
      ps_line_add_int (&line, "pid", cause->sender_pid);
      ps_line_add_int (&line, "uid", cause->sender_uid);
      add (&line, "comm", cause->sender_comm);
      add (&line, "unit", cause->sender_unit);
      add (&line, "user-unit", cause->sender_user_unit);
    }
  return end (&line, time);
}

static void
add_step (PsLine *line, const PsRunLifeBreak *what)
{
  add (line, "event", what->event);
  add (line, "step", what->step);
}

size_t
ps_run_text_put_crash (char *buffer, size_t size, const char *id, const PsRunLifeTime *time,
                       const PsRunLifeBreak *crash)
{
  PsLine line;

  begin (&line, buffer, size, "crash", id);
  ps_line_add_int (&line, "signal", crash->signum);
  if (crash->is_watchdog)
    ps_line_add (&line, "watchdog", "1");
  add_step (&line, crash);
  return end (&line, time);
}

size_t
ps_run_text_put_forced (char *buffer, size_t size, const char *id, const PsRunLifeTime *time,
                        const PsRunLifeBreak *forced)
{
  PsLine line;

  begin (&line, buffer, size, "forced", id);
  ps_line_add_int (&line, "status", forced->status);
  add (&line, "reason", forced->reason);
  add_step (&line, forced);
  return end (&line, time);
}

size_t
ps_run_text_put_end (char *buffer, size_t size, const char *id, const PsRunLifeTime *time,
                     int64_t status)
{
  PsLine line;

  begin (&line, buffer, size, "end", id);
  ps_line_add_int (&line, "status", status);
  return end (&line, time);
}

size_t
ps_run_text_put_detached (char *buffer, size_t size, const char *id, const PsRunLifeTime *time)
{
  PsLine line;

  begin (&line, buffer, size, "detached", id);
  return end (&line, time);
}

/* A forked child goes on with this life. */
size_t
ps_run_text_put_carried (char *buffer, size_t size, const PsRunLifeWho *who,
                         const PsRunLifeTime *time)
{
  PsLine line;

  begin (&line, buffer, size, "carried", who->id);
  ps_line_add_int (&line, "pid", who->pid);
  ps_line_add_int (&line, "start", who->start);
  ps_line_add_hex (&line, "pidns", who->pid_namespace);
  return end (&line, time);
}

size_t
ps_run_text_put_settled (char *buffer, size_t size, const char *id, const PsRunLifeSettled *settled)
{
  PsLine line;

  begin (&line, buffer, size, "settled", id);
  add (&line, "by", settled->by);
  add (&line, "result", settled->result);
  add (&line, "code", settled->code);
  add (&line, "status", settled->status);
  return end (&line, &settled->time);
}

size_t
ps_run_text_put_verdict (char *buffer, size_t size, const char *id, const PsRunLifeTime *time,
                         const char *verdict)
{
  PsLine line;

  begin (&line, buffer, size, "verdict", id);
  ps_line_add (&line, NULL, verdict);
  return end (&line, time);
}

/* --- Reading --------------------------------------------------------------------------------- */

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
  char start[SHORT_ID + 1];

  return ps_line_get (line, "life", start, sizeof start) == SHORT_ID
         && memcmp (start, life->who.id, SHORT_ID) == 0;
}

static void
read_line (PsRunText *record, const PsLineRead *line)
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

static int
is_header (const PsLineRead *line)
{
  char version[PS_RUN_LIFE_WORD];

  return ps_line_is (line, "postscriptum-run")
         && ps_line_get (line, NULL, version, sizeof version) > 0 && strcmp (version, VERSION) == 0;
}

/* The first line that can be read has to be the header. An empty file is a record without lives. */
void
ps_run_text_read (PsRunText *record, const char *text, size_t length)
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
          record->is_foreign = !is_header (&line);
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
ps_run_text_find_last (const char *text, size_t length, unsigned n)
{
  PsRunText record;

  ps_run_text_read (&record, text, length);
  return skip_lives (text, length, record.n_lives > n ? record.n_lives - n : 0);
}
