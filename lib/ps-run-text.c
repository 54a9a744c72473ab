/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One function for each kind of line. All but the first of a life, "begin", carry the first digits
 * of its id: whose they are is to be seen even where an earlier process writes late.
 */

#include "ps-run-text.h"

#include <string.h>

/* floor 0 */
#include "ps-line.h"

static void
begin (PsLine *line, char *buffer, size_t size, const char *verb, const char *id)
{
  char start[PS_RUN_LIFE_SHORT_ID + 1] = "";

  memcpy (start, id, strnlen (id, PS_RUN_LIFE_SHORT_ID));
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
  return ps_line_put_header (buffer, size, PS_RUN_LIFE_FILE, PS_RUN_LIFE_VERSION);
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
