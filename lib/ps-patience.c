/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A service manager, a journal or a pipe that nobody reads must not keep a daemon from ending. So
 * what is sent there may wait a little; what cannot be sent is counted and forgotten. What was
 * waited in vain is taken off the patience for the next try, down to a millisecond: a dead reader
 * costs an exit a tenth of a second in all, and one that reads again has it all back.
 */

#include "ps-patience.h"
#include "ps-clock.h"
#include "ps-lock.h"

#define MOST_US (100 * PS_US_PER_MS)
#define LEAST_US (1 * PS_US_PER_MS)

struct _PsPatience
{
  GMutex lock;
  gint64 left_us;
  guint lost;
};

PsPatience *
ps_patience_new (void)
{
  PsPatience *patience = g_new0 (PsPatience, 1);

  g_mutex_init (&patience->lock);
  patience->left_us = MOST_US;
  return patience;
}

void
ps_patience_free (PsPatience *patience)
{
  if (patience == NULL)
    return;
  g_mutex_clear (&patience->lock);
  g_free (patience);
}

/* What func returns. */
int
ps_patience_try (PsPatience *patience, PsPatienceFunc func, gpointer data)
{
  int r, cancel_state = ps_cancel_forbid ();
  gint64 begun_us;

  g_mutex_lock (&patience->lock);
  begun_us = ps_clock_now_us ();
  r = func (data, patience->left_us);
  if (r >= 0)
    patience->left_us = MOST_US;
  else
    {
      patience->lost++;
      patience->left_us -= ps_clock_now_us () - begun_us;
      patience->left_us = MAX (patience->left_us, LEAST_US);
    }
  g_mutex_unlock (&patience->lock);
  ps_cancel_restore (cancel_state);
  return r;
}

/* One more is lost, for a reason that has nothing to do with waiting. */
void
ps_patience_lose (PsPatience *patience)
{
  g_mutex_lock (&patience->lock);
  patience->lost++;
  g_mutex_unlock (&patience->lock);
}

/* In a forked child: whether no thread of the parent was at work here. */
gboolean
ps_patience_is_at_rest (PsPatience *patience)
{
  return ps_lock_is_free (&patience->lock);
}

guint
ps_patience_get_lost (PsPatience *patience)
{
  guint lost;

  g_mutex_lock (&patience->lock);
  lost = patience->lost;
  g_mutex_unlock (&patience->lock);
  return lost;
}
