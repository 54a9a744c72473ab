/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-cause.h"
#include "ps-text.h"

#include <string.h>

void
ps_cause_clear (PsCause *cause)
{
  *cause = (PsCause){ .kind = PS_CAUSE_NONE };
}

/* The only way to copy one: it points into itself. */
void
ps_cause_copy (PsCause *to, const PsCause *from)
{
  *to = *from;
  if (to->sender.comm != NULL)
    to->sender.comm = to->comm;
  if (to->sender.unit != NULL)
    to->sender.unit = to->unit;
  if (to->sender.user_unit != NULL)
    to->sender.user_unit = to->user_unit;
}

/* from is empty then. */
void
ps_cause_take (PsCause *cause, PsCause *from)
{
  ps_cause_copy (cause, from);
  ps_cause_clear (from);
}

/* NULL where there is no text. */
static const char *
put (char *buffer, gsize size, const char *text)
{
  return text != NULL ? ps_text_put_line (buffer, size, text) : NULL;
}

/* The sender's texts are copied. */
void
ps_cause_set_signal (PsCause *cause, int signum, PsOrigin origin, const PsSender *sender)
{
  ps_cause_clear (cause);
  cause->kind = PS_CAUSE_SIGNAL;
  cause->signum = signum;
  cause->origin = origin;
  cause->sender = (PsSender){
    .pid = sender->pid,
    .uid = sender->uid,
    .comm = put (cause->comm, sizeof cause->comm, sender->comm),
    .unit = put (cause->unit, sizeof cause->unit, sender->unit),
    .user_unit = put (cause->user_unit, sizeof cause->user_unit, sender->user_unit),
  };
}

const PsSender *
ps_cause_get_sender (const PsCause *cause)
{
  switch (cause->origin)
    {
    case PS_ORIGIN_PROCESS:
    case PS_ORIGIN_SELF:
    case PS_ORIGIN_OUTSIDE:
      return &cause->sender;
    case PS_ORIGIN_UNKNOWN:
    case PS_ORIGIN_KERNEL:
    case PS_ORIGIN_TIMER:
      break;
    }
  return NULL;
}

/* sigaction(2): SI_USER, SI_QUEUE and SI_TKILL carry the sender's pid, which is 0 when that
 * process cannot be seen from our PID namespace. SI_TIMER has the timer's ID in the same place. */
PsOrigin
ps_cause_origin (int si_code, pid_t sender, pid_t self)
{
  switch (si_code)
    {
    case SI_USER:
    case SI_QUEUE:
    case SI_TKILL:
      if (sender == 0)
        return PS_ORIGIN_OUTSIDE;
      return sender == self ? PS_ORIGIN_SELF : PS_ORIGIN_PROCESS;
    case SI_KERNEL:
      return PS_ORIGIN_KERNEL;
    case SI_TIMER:
      return PS_ORIGIN_TIMER;
    default:
      return PS_ORIGIN_UNKNOWN;
    }
}

static void
describe_process (const PsSender *sender, char *buffer, gsize size)
{
  const char *comm = sender->comm != NULL ? sender->comm : "an unknown process";
  char where[PS_CAUSE_WORDS] = "";

  if (sender->unit != NULL && sender->user_unit != NULL)
    g_snprintf (where, sizeof where, ", %s of %s", sender->user_unit, sender->unit);
  else if (sender->unit != NULL)
    g_snprintf (where, sizeof where, ", %s", sender->unit);
  if (sender->pid == 1)
    g_snprintf (buffer, size, "%s (pid 1)", comm);
  else
    g_snprintf (buffer, size, "%s (pid %d, uid %u%s)", comm, (int) sender->pid,
                (unsigned) sender->uid, where);
}

static void
describe_sender (const PsCause *cause, char *buffer, gsize size)
{
  switch (cause->origin)
    {
    case PS_ORIGIN_SELF:
      g_strlcpy (buffer, "itself", size);
      break;
    case PS_ORIGIN_OUTSIDE:
      g_strlcpy (buffer, "outside the PID namespace", size);
      break;
    case PS_ORIGIN_KERNEL:
      g_strlcpy (buffer, "the kernel or a terminal", size);
      break;
    case PS_ORIGIN_TIMER:
      g_strlcpy (buffer, "a timer", size);
      break;
    case PS_ORIGIN_UNKNOWN:
      g_strlcpy (buffer, "an unknown sender", size);
      break;
    case PS_ORIGIN_PROCESS:
      describe_process (&cause->sender, buffer, size);
      break;
    }
}

/* In words: "SIGTERM from systemd (pid 1)". Returns the buffer; PS_CAUSE_WORDS is room enough. */
char *
ps_cause_describe (const PsCause *cause, char *buffer, gsize size)
{
  char name[PS_TEXT_SHORT], value[PS_TEXT_SHORT] = "", sender[PS_CAUSE_WORDS];

  switch (cause->kind)
    {
    case PS_CAUSE_SIGNAL:
      ps_text_put_signal (name, sizeof name, cause->signum);
      if (cause->has_value)
        g_snprintf (value, sizeof value, " with value %d", cause->value);
      describe_sender (cause, sender, sizeof sender);
      g_snprintf (buffer, size, "%s%s from %s", name, value, sender);
      break;
    case PS_CAUSE_QUIT:
      g_snprintf (buffer, size, "the program quit with code %d", cause->code);
      break;
    case PS_CAUSE_EXIT:
      g_snprintf (buffer, size, "exit (%d) or return from main", cause->code);
      break;
    case PS_CAUSE_LOOP:
      g_strlcpy (buffer, "the main loop was quit", size);
      break;
    case PS_CAUSE_NONE:
      g_strlcpy (buffer, "nothing", size);
      break;
    }
  return buffer;
}

const char *
ps_cause_kind_name (PsCauseKind kind)
{
  switch (kind)
    {
    case PS_CAUSE_SIGNAL:
      return "signal";
    case PS_CAUSE_QUIT:
      return "quit";
    case PS_CAUSE_EXIT:
      return "exit";
    case PS_CAUSE_LOOP:
      return "loop";
    case PS_CAUSE_NONE:
      break;
    }
  return "none";
}

/* The exit status that the cause alone recommends, before anybody gave a code. */
int
ps_cause_status (const PsCause *cause, PsExitPolicy policy)
{
  if (cause->kind != PS_CAUSE_SIGNAL)
    return cause->code;
  return policy == PS_EXIT_POLICY_SUCCESS ? 0 : 128 + cause->signum;
}

/* The kernel keeps the low byte only, by which 256 would turn into success. */
int
ps_cause_clamp_code (int code)
{
  return code < 0 || code > 255 ? 255 : code;
}
