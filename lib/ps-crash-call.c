/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A callback gets its context as ever, from memory that is there. GLib's types are used here, and
 * none of its functions.
 */

#include "ps-crash-call.h"

/* floor 2 */
#include "ps-context-private.h"

/* Async-signal-safe. */
void
ps_crash_call (const PsCrash *crash, const PsLastCall *call)
{
  static PsCause cause;
  static PsContext context;

  cause = (PsCause){ .kind = PS_CAUSE_SIGNAL, .signum = crash->signum };
  if (crash->sender_pid > 0)
    {
      cause.origin = PS_ORIGIN_PROCESS;
      cause.sender.pid = crash->sender_pid;
      cause.sender.uid = crash->sender_uid;
      cause.sender.comm = crash->sender_comm[0] != '\0' ? crash->sender_comm : NULL;
    }
  context = (PsContext){
    .event = call->kind == PS_LASTCALL_FINISH ? PS_EVENT_FINISH : PS_EVENT_CRASH,
    .cause = &cause,
    .end_us = G_MAXINT64,
    .exit_code = 128 + crash->signum,
  };
  ((PsCallback) call->func) (&context, call->data);
}
