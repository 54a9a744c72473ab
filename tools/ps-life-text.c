/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One line that answers: why did it end, and who did it. What is not known is left out; nothing is
 * guessed.
 */

#include "ps-life-text.h"

#include <string.h>

#include "ps-clean.h"

char *
ps_life_text_sender (const PsWhy *why, PsNameUser name_user)
{
  g_autofree char *user = NULL;
  g_autoptr (GString) text = NULL;

  if (why->sender_pid < 0)
    return NULL;
  if (why->sender_pid == 0)
    return g_strdup ("outside its PID namespace");
  if (why->sender_uid > 0 && name_user != NULL)
    user = name_user (why->sender_uid);
  text = g_string_new (NULL);
  if (user != NULL)
    {
      ps_clean_append (text, user);
      g_string_append (text, "'s ");
    }
  else if (why->sender_uid > 0)
    g_string_append_printf (text, "uid %" G_GINT64_FORMAT "'s ", why->sender_uid);
  ps_clean_append (text, *why->sender_comm != '\0' ? why->sender_comm : "process");
  g_string_append_printf (text, " (%" G_GINT64_FORMAT ")", why->sender_pid);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
append_why (GString *text, const PsWhy *why, PsNameUser name_user)
{
  g_autofree char *sender = ps_life_text_sender (why, name_user);

  if (*why->signal != '\0')
    {
      ps_clean_append (text, why->signal);
      if (sender != NULL)
        g_string_append_printf (text, " from %s", sender);
    }
  else if (strcmp (why->kind, "exit") == 0)
    g_string_append (text, "exit()");
  else if (strcmp (why->kind, "loop") == 0)
    g_string_append (text, "the loop was quit");
  else
    ps_clean_append (text, *why->kind != '\0' ? why->kind : "unknown");
  if (why->code > 0)
    g_string_append_printf (text, " with %" G_GINT64_FORMAT, why->code);
}

static void
append_step (GString *text, const PsLife *life)
{
  if (*life->last_step == '\0')
    return;
  g_string_append (text, ", in ");
  ps_clean_append (text, life->last_step);
}

static void
append_reason (GString *text, const char *reason)
{
  if (*reason == '\0')
    return;
  g_string_append (text, ", ");
  ps_clean_append (text, reason);
}

static void
append_crash (GString *text, const PsLife *life)
{
  const char *name = life->crash != NULL ? life->crash->signal : life->why.signal;

  g_string_append (text, "crashed");
  if (*name != '\0')
    {
      g_string_append (text, ": ");
      ps_clean_append (text, name);
    }
  if (life->crash != NULL)
    append_reason (text, *life->crash->abort_message != '\0' ? life->crash->abort_message
                                                             : life->crash->reason);
  append_step (text, life);
}

static void
append_killed (GString *text, const PsLife *life, PsNameUser name_user)
{
  g_string_append (text, "killed: ");
  if (*life->why.kind != '\0')
    append_why (text, &life->why, name_user);
  /* What asked for the exit was not what ended it. */
  if (life->exit_begun_us >= 0)
    g_string_append (text, ", then SIGKILL");
  else if (*life->why.kind == '\0')
    g_string_append (text, "SIGKILL");
  append_reason (text, life->reason);
  append_step (text, life);
}

static void
append_forced (GString *text, const PsLife *life, PsNameUser name_user)
{
  if (*life->why.kind != '\0')
    {
      append_why (text, &life->why, name_user);
      g_string_append (text, ", ");
    }
  g_string_append (text, "forced");
  append_step (text, life);
  append_reason (text, life->reason);
}

static void
append_ending (GString *text, const PsLife *life, PsNameUser name_user)
{
  switch (life->fate)
    {
    case PS_FATE_RUNNING:
      g_string_append (text, "running");
      break;
    case PS_FATE_CLEAN:
    case PS_FATE_QUIT:
    case PS_FATE_TERMINATED:
      append_why (text, &life->why, name_user);
      break;
    case PS_FATE_CRASHED:
      append_crash (text, life);
      break;
    case PS_FATE_KILLED:
      append_killed (text, life, name_user);
      break;
    case PS_FATE_OUT_OF_MEMORY:
      g_string_append (text, "killed: out of memory");
      append_step (text, life);
      break;
    case PS_FATE_WATCHDOG:
      g_string_append (text, "killed: the watchdog heard nothing of it");
      append_step (text, life);
      break;
    case PS_FATE_FORCED:
      append_forced (text, life, name_user);
      break;
    case PS_FATE_POWER_LOSS:
      g_string_append (text, "power loss");
      append_step (text, life);
      break;
    case PS_FATE_UNKNOWN:
      g_string_append (text, "unknown");
      if (*life->service_result != '\0')
        {
          g_string_append (text, ": systemd says ");
          ps_clean_append (text, life->service_result);
        }
      break;
    }
}

char *
ps_life_text_ending (const PsLife *life, PsNameUser name_user)
{
  GString *text = g_string_new (NULL);

  append_ending (text, life, name_user);
  return g_string_free (text, FALSE);
}

char *
ps_life_text_status (const PsLife *life)
{
  if (!ps_life_is_over (life))
    return g_strdup ("-");
  if (*life->exit_status != '\0' && strcmp (life->exit_code, "exited") != 0)
    return ps_clean (life->exit_status);
  if (life->fate == PS_FATE_CRASHED && life->crash != NULL && *life->crash->signal != '\0')
    return ps_clean (life->crash->signal);
  if (life->status >= 0)
    return g_strdup_printf ("%" G_GINT64_FORMAT, life->status);
  if (*life->exit_status != '\0')
    return ps_clean (life->exit_status);
  return g_strdup ("-");
}
