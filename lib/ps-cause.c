/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-cause.h"
#include "ps-text.h"

#include <string.h>

void
ps_cause_clear (PsCause *cause)
{
  g_clear_pointer (&cause->comm, g_free);
  g_clear_pointer (&cause->unit, g_free);
  g_clear_pointer (&cause->user_unit, g_free);
  *cause = (PsCause){ .kind = PS_CAUSE_NONE };
}

/* from is empty then. */
void
ps_cause_take (PsCause *cause, PsCause *from)
{
  ps_cause_clear (cause);
  *cause = *from;
  *from = (PsCause){ .kind = PS_CAUSE_NONE };
}

static char *
clean (const char *text, gsize max_bytes)
{
  return text != NULL ? ps_text_one_line (text, max_bytes) : NULL;
}

/* The sender's texts are copied. */
void
ps_cause_set_signal (PsCause *cause, int signum, PsOrigin origin, const PsSender *sender)
{
  ps_cause_clear (cause);
  cause->kind = PS_CAUSE_SIGNAL;
  cause->signum = signum;
  cause->origin = origin;
  cause->comm = clean (sender->comm, 64);
  cause->unit = clean (sender->unit, 256);
  cause->user_unit = clean (sender->user_unit, 256);
  cause->sender = (PsSender){ .pid = sender->pid,
                              .uid = sender->uid,
                              .comm = cause->comm,
                              .unit = cause->unit,
                              .user_unit = cause->user_unit };
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

static char *
describe_sender (const PsCause *cause)
{
  g_autoptr (GString) text = g_string_new (NULL);

  switch (cause->origin)
    {
    case PS_ORIGIN_SELF:
      return g_strdup ("itself");
    case PS_ORIGIN_OUTSIDE:
      return g_strdup ("outside the PID namespace");
    case PS_ORIGIN_KERNEL:
      return g_strdup ("the kernel or a terminal");
    case PS_ORIGIN_TIMER:
      return g_strdup ("a timer");
    case PS_ORIGIN_UNKNOWN:
      return g_strdup ("an unknown sender");
    case PS_ORIGIN_PROCESS:
      break;
    }
  g_string_append_printf (text, "%s (pid %d",
                          cause->comm != NULL ? cause->comm : "an unknown process",
                          (int) cause->sender.pid);
  if (cause->sender.pid != 1)
    g_string_append_printf (text, ", uid %u", (unsigned) cause->sender.uid);
  if (cause->sender.pid != 1 && cause->unit != NULL && cause->user_unit != NULL)
    g_string_append_printf (text, ", %s of %s", cause->user_unit, cause->unit);
  else if (cause->sender.pid != 1 && cause->unit != NULL)
    g_string_append_printf (text, ", %s", cause->unit);
  g_string_append_c (text, ')');
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* In words: "SIGTERM from systemd (pid 1)". */
char *
ps_cause_describe (const PsCause *cause)
{
  switch (cause->kind)
    {
    case PS_CAUSE_SIGNAL:
      {
        g_autofree char *name = ps_text_signal (cause->signum);
        g_autofree char *sender = describe_sender (cause);

        if (cause->has_value)
          return g_strdup_printf ("%s with value %d from %s", name, cause->value, sender);
        return g_strdup_printf ("%s from %s", name, sender);
      }
    case PS_CAUSE_QUIT:
      return g_strdup_printf ("the program quit with code %d", cause->code);
    case PS_CAUSE_EXIT:
      return g_strdup_printf ("exit (%d) or return from main", cause->code);
    case PS_CAUSE_LOOP:
      return g_strdup ("the main loop was quit");
    case PS_CAUSE_NONE:
      break;
    }
  return g_strdup ("nothing");
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
