/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * GLib takes a signal with a handler of its own when it gets the first source for it, and puts
 * SIG_DFL in its place when the last one is gone. A source that is attached to no context is an
 * anchor: it keeps GLib from installing its handler over ours later, wakes nobody, and is gone the
 * moment it is given up, which one that is being dispatched would not be.
 *
 * Other users of g_unix_signal_add() are to get the signal as well, so GLib's handler is called.
 * That wakes GLib's worker thread, and is put off: what came is owed once it is taken out, and told
 * when the conductor says so. When a second one comes before GLib was told of the first, the loop
 * is not keeping up, and GLib is told at once, by our handler.
 */

#include "ps-anchor.h"
#include "ps-action.h"

#include <glib-unix.h>
#include <stdatomic.h>

typedef struct
{
  GSource *source;
  GSource *inherited; /* of the process that we are a copy of */
  atomic_int has_action;
  struct sigaction action; /* GLib's, or what somebody has put on top of it */
  gboolean at_once;        /* that wants to know more than the number */
} Anchor;

static struct
{
  _Atomic PsSignums came; /* and were not taken out: GLib is not told of them yet */
  _Atomic PsSignums owed; /* were taken out, and GLib is not told of them yet */
} well;

/* By number. By itself, since what is all zero is neither in the file nor in memory. */
static Anchor table[NSIG];

/* What g_unix_signal_source_new() has taken since 2.54, and to this day. */
gboolean
ps_anchor_is_glibs (int signum)
{
  return signum == SIGHUP || signum == SIGINT || signum == SIGTERM || signum == SIGUSR1
         || signum == SIGUSR2 || signum == SIGWINCH;
}

/* Makes GLib install its handler. FALSE: it has none here; in a copy of a process GLib delivers
 * nothing, since its thread is not there. */
gboolean
ps_anchor_drop (int signum)
{
  Anchor *anchor = &table[signum];

  if (anchor->inherited != NULL)
    {
      anchor->source = g_steal_pointer (&anchor->inherited);
      return FALSE;
    }
  anchor->source = g_unix_signal_source_new (signum);
  g_source_set_static_name (anchor->source, "[libpostscriptum] anchor");
  return TRUE;
}

void
ps_anchor_set_action (int signum, const struct sigaction *action)
{
  table[signum].action = *action;
  table[signum].at_once = (action->sa_flags & SA_SIGINFO) != 0;
  atomic_store (&table[signum].has_action, 1);
}

/* NULL: GLib has no part in it. */
const struct sigaction *
ps_anchor_get_action (int signum)
{
  return atomic_load (&table[signum].has_action) ? &table[signum].action : NULL;
}

/* Gives the source up. What is known of GLib's handler stays, until ps_anchor_clear(). */
void
ps_anchor_weigh (int signum)
{
  GSource *source = g_steal_pointer (&table[signum].source);

  /* What was not taken out is sent again, and comes to GLib by itself. */
  atomic_fetch_and (&well.came, ~ps_signums_of (signum));
  ps_anchor_tell (ps_signums_of (signum));
  if (source == NULL)
    return;
  g_source_destroy (source);
  g_source_unref (source);
}

/* A handler in another thread may be at it just now, and still need the action. */
void
ps_anchor_clear (int signum)
{
  atomic_store (&table[signum].has_action, 0);
  table[signum].source = table[signum].inherited = NULL;
}

/* In a forked child. GLib counts the source as its own for ever; its lock may be held by a thread
 * that is not in this process. */
void
ps_anchor_forget (int signum)
{
  Anchor *anchor = &table[signum];
  GSource *source = anchor->source != NULL ? anchor->source : anchor->inherited;

  *anchor = (Anchor){ .inherited = source };
  atomic_fetch_and (&well.came, ~ps_signums_of (signum));
  atomic_fetch_and (&well.owed, ~ps_signums_of (signum));
}

/* --- Telling GLib ---------------------------------------------------------------------------- */

/* Our handler was called. Async-signal-safe. */
void
ps_anchor_came (int signum, siginfo_t *info, void *ucontext)
{
  const Anchor *anchor = &table[signum];
  PsSignums one = ps_signums_of (signum);

  if (!atomic_load (&anchor->has_action))
    return;
  if (anchor->at_once
      || ((atomic_fetch_or (&well.came, one) | atomic_load (&well.owed)) & one) != 0)
    ps_action_call (&anchor->action, signum, info, ucontext);
}

/* It was taken out. Whether GLib is to be told of it. */
gboolean
ps_anchor_owe (int signum)
{
  PsSignums one = ps_signums_of (signum);

  atomic_fetch_and (&well.came, ~one);
  if (!atomic_load (&table[signum].has_action) || table[signum].at_once)
    return FALSE;
  atomic_fetch_or (&well.owed, one);
  return TRUE;
}

gboolean
ps_anchor_owes (void)
{
  return atomic_load (&well.owed) != PS_SIGNUMS_NONE;
}

/* Tells GLib what it is owed, of these; nothing is owed to who wants to know more than the number.
 */
void
ps_anchor_tell (PsSignums of)
{
  PsSignums owed = atomic_fetch_and (&well.owed, ~of) & of;

  for (int signum; (signum = ps_signums_last (owed)) != 0; owed &= ~ps_signums_of (signum))
    ps_action_call (&table[signum].action, signum, NULL, NULL);
}
