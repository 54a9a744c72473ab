/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which signals ask this process to end. There is one function that makes what is taken agree with
 * what is wanted, whoever wanted something: first what is new is taken, and if one cannot be had
 * all of it is given back; then our timers move to a signal that stays; then what is not wanted any
 * more goes. So at no time is there a signal of which nobody knows what to do with it.
 *
 * What goes may have come already, and be anywhere on its way: it is looked for after the old
 * disposition is in force again, and sent again, to that.
 */

#include "ps-watcher-private.h"
#include "ps-caught.h"
#include "ps-error.h"
#include "ps-pipe.h"
#include "ps-signal.h"
#include "ps-taken.h"
#include "ps-text.h"
#include "ps-waker.h"

#include <errno.h>

/* One that came and has had no effect yet. */
typedef struct
{
  int signum;
  gboolean has_value;
  int value;
} Unheard;

/* Of one that is not queued many are one. */
static void
add_unheard (GArray *all, int signum, gboolean has_value, int value)
{
  const Unheard one = { signum, has_value, value };

  for (guint i = 0; i < all->len && !ps_signums_is_queued (signum); i++)
    if (g_array_index (all, Unheard, i).signum == signum)
      return;
  g_array_append_val (all, one);
}

static void
take_from_wishes (PsWishes *wishes, PsSignums of, GArray *unheard)
{
  PsCause why;

  while (ps_wishes_take_of (wishes, of, &why))
    add_unheard (unheard, why.signum, why.has_value, why.value);
}

/* In the order they came. */
static GArray *
take_unheard (PsWatcher *self, PsSignums of)
{
  GArray *unheard = g_array_new (FALSE, FALSE, sizeof (Unheard));
  const PsCause *reload = &self->reload_cause;
  PsSignal signal;

  if (self->reload_asked && ps_signums_have (of, reload->signum))
    {
      add_unheard (unheard, reload->signum, reload->has_value, reload->value);
      self->reload_asked = FALSE;
    }
  take_from_wishes (&self->kept, of, unheard);
  take_from_wishes (&self->deferred, of, unheard);
  while (ps_caught_take (of, &signal))
    add_unheard (unheard, signal.signum, signal.has_value, signal.value);
  return unheard;
}

static void
give_back (PsWatcher *self, PsSignums of)
{
  g_autoptr (GArray) unheard = NULL;

  for (int signum = 1; signum < NSIG; signum++)
    if (ps_signums_have (of, signum))
      ps_taken_give_back (signum);
  unheard = take_unheard (self, of);
  for (guint i = 0; i < unheard->len; i++)
    {
      const Unheard *one = &g_array_index (unheard, Unheard, i);

      ps_signal_send_again (one->signum, one->has_value, one->value);
    }
}

/* Returns 0, or the signal that cannot be had, with errno; then nothing has changed. */
static int
settle (PsWatcher *self)
{
  gboolean reload_or_end = self->hangup == PS_HANGUP_RELOAD || self->hangup == PS_HANGUP_TERMINATE;
  PsSignums hangup = ps_signums_of (SIGHUP), before = ps_taken_get_all ();
  PsSignums named = self->are_named ? self->signals : PS_SIGNUMS_NONE;
  PsSignums wanted = self->signals | (self->hangup != PS_HANGUP_AUTO ? hangup : PS_SIGNUMS_NONE);

  /* Who says so in so many words wants it under nohup, too. */
  named |= reload_or_end ? hangup : PS_SIGNUMS_NONE;
  for (int signum = 1; signum < NSIG; signum++)
    {
      gboolean is_named = ps_signums_have (named, signum);

      if (ps_signums_have (wanted, signum)
          && !ps_taken_take (signum, is_named ? PS_TAKE_FORCED : PS_TAKE_POLITE)
          && is_named)
        {
          int saved_errno = errno;

          give_back (self, ps_taken_get_all () & ~before);
          errno = saved_errno;
          return signum;
        }
    }
  ps_signal_carry (ps_taken_get_all () & wanted);
  give_back (self, ps_taken_get_all () & ~wanted);
  return 0;
}

void
ps_watcher_settle_signals (PsWatcher *self)
{
  settle (self);
}

void
ps_watcher_take_default_signals (PsWatcher *self)
{
  self->signals = ps_signums_of (SIGTERM) | ps_signums_of (SIGINT) | ps_signums_of (SIGHUP);
  settle (self);
}

/* All of them, for good. */
void
ps_watcher_give_signals_back (PsWatcher *self)
{
  ps_signal_carry_nothing ();
  ps_pipe_loud ();
  give_back (self, ps_taken_get_all ());
  ps_waker_close ();
}

gboolean
ps_watcher_set_signals (PsWatcher *self, const int *signums, gsize n_signums, GError **error)
{
  PsSignums chosen, signals_before;
  gboolean were_named;
  int failed;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (signums != NULL || n_signums == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!ps_signums_choose (signums, n_signums, &chosen, error))
    return FALSE;
  if (ps_watcher_is_forked (self) || !ps_watcher_enter (self))
    {
      g_set_error_literal (error, PS_ERROR, PS_ERROR_OVER,
                           "It is too late to choose signals: the exit has begun, or the watch is "
                           "over, or is that of another process; choose them after attaching");
      return FALSE;
    }
  signals_before = self->signals;
  were_named = self->are_named;
  self->signals = chosen;
  self->are_named = TRUE;
  failed = settle (self);
  if (failed != 0)
    {
      char name[PS_TEXT_SHORT];

      g_set_error (error, PS_ERROR, PS_ERROR_INVALID, "%s cannot be taken here: %s",
                   ps_text_put_signal (name, sizeof name, failed), g_strerror (errno));
      self->signals = signals_before;
      self->are_named = were_named;
    }
  ps_watcher_leave (self);
  return failed == 0;
}
