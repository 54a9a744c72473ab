/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-run-notes.h"
#include "ps-identity.h"
#include "ps-run-log.h"

#include <string.h>
#include <unistd.h>

/* The end has a line of its own, and a copy of the process writes none. */
void
ps_run_notes_state (PsState state)
{
  char word[PS_RUN_LIFE_WORD];

  if (!ps_run_log_is_open () || state == PS_STATE_EXITED || state == PS_STATE_FORKED)
    return;
  g_strlcpy (word, ps_machine_state_name (state), sizeof word);
  for (char *at = word; *at != '\0'; at++)
    *at = g_ascii_tolower (*at);
  ps_run_log_state (word);
}

static void
put (char *to, gsize size, const char *from)
{
  g_strlcpy (to, from != NULL ? from : "", size);
}

void
ps_run_notes_cause (const PsCause *cause)
{
  const PsSender *sender = ps_cause_get_sender (cause);
  PsRunLifeCause noted = { .sender_pid = -1 };

  if (!ps_run_log_is_open ())
    return;
  put (noted.kind, sizeof noted.kind, ps_cause_kind_name (cause->kind));
  noted.signum = cause->kind == PS_CAUSE_SIGNAL ? cause->signum : 0;
  noted.code = cause->code;
  if (sender != NULL)
    {
      noted.sender_pid = sender->pid;
      noted.sender_uid = sender->uid;
      put (noted.sender_comm, sizeof noted.sender_comm, sender->comm);
      put (noted.sender_unit, sizeof noted.sender_unit, sender->unit);
      put (noted.sender_user_unit, sizeof noted.sender_user_unit, sender->user_unit);
    }
  ps_run_log_cause (&noted);
}

/* This process has taken over from the one that forked it. */
void
ps_run_notes_carry (void)
{
  if (ps_run_log_is_open ())
    ps_run_log_carried (getpid (), ps_identity_get_start (getpid ()),
                        ps_identity_get_pid_namespace ());
}
