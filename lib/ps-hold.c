/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A set of holds, ordered by deadline, so that "how many", "who is next to be given up on" and
 * "take this one out" cost no walk even with very many. A hold leaves its set exactly once, by
 * being released or by being dropped; after that it is only memory that its owner still refers to.
 *
 * A hold and a step are one piece of memory each. Where there is none, there is no hold: that is
 * for the caller to say, and no reason to end the process.
 *
 * A forked child has a copy of them, and leaves the blocks that they belong to. They hold nothing
 * there, and are left as they are: another thread may have had the lock.
 */

#include "ps-hold-private.h"
#include "ps-clock.h"
#include "ps-heap.h"
#include "ps-late.h"
#include "ps-lock.h"
#include "ps-self.h"
#include <string.h>

struct _PsHoldSet
{
  gatomicrefcount refs;
  GMutex lock;
  PsHeap holds; /* of PsHold, by (deadline, number) */
  guint64 last_number;
  gint64 extended_until_us;
  GQueue through; /* of PsStep that nobody has taken note of yet */
  gboolean busy;  /* atomic: any of these three has something to say */
  PsHoldFunc wake;
  GSource *source;
};

/* Its users and its set each keep the memory; when the last user goes, the hold is released. */
struct _PsHold
{
  PsHeapNode node; /* first, so that it is the hold */
  gatomicrefcount users;
  gatomicrefcount refs;
  PsHoldSet *set;
  guint64 number;
  PsStep *step;
  gint64 since_us;
  gint64 deadline_us;
  gboolean active;
  char why[];
};

PS_DEFINE_BOXED_TYPE (PsHold, ps_hold, ps_hold_ref, ps_hold_unref)

static gboolean
is_due_before (const PsHeapNode *a, const PsHeapNode *b)
{
  const PsHold *x = (const PsHold *) a, *y = (const PsHold *) b;

  return x->deadline_us != y->deadline_us ? x->deadline_us < y->deadline_us : x->number < y->number;
}

/* After a change. */
static void
unlock (PsHoldSet *set)
{
  g_atomic_int_set (&set->busy,
                    set->holds.length > 0 || set->through.length > 0 || set->extended_until_us > 0);
  g_mutex_unlock (&set->lock);
}

/* wake (source) is called, from any thread and without a lock, when a hold was released or its
 * deadline moved. */
PsHoldSet *
ps_hold_set_new (PsHoldFunc wake, GSource *source)
{
  PsHoldSet *set = g_new0 (PsHoldSet, 1);

  g_atomic_ref_count_init (&set->refs);
  g_mutex_init (&set->lock);
  set->holds.comes_before = is_due_before;
  set->wake = wake;
  set->source = g_source_ref (source);
  return set;
}

static void
free_step (PsStep *step)
{
  if (--step->refs > 0)
    return;
  g_free (step);
}

void
ps_hold_set_unref (PsHoldSet *set)
{
  GList *link;

  if (!g_atomic_ref_count_dec (&set->refs))
    return;
  while ((link = g_queue_pop_head_link (&set->through)) != NULL)
    free_step (link->data);
  g_source_unref (set->source);
  g_mutex_clear (&set->lock);
  g_free (set);
}

/* A callback takes its first hold. NULL: no memory. */
PsStep *
ps_hold_set_begin_step (PsHoldSet *set, const char *name, PsEvent event, guint number,
                        gint64 begun_us)
{
  PsStep *step = g_try_malloc (sizeof *step + strlen (name) + 1);

  if (step == NULL)
    return NULL;
  *step = (PsStep){ .name = strcpy ((char *) (step + 1), name),
                    .event = event,
                    .number = number,
                    .begun_us = begun_us,
                    .outstanding = 1,
                    .refs = 1 };
  return step;
}

/* With the lock. One of what the step consists of is over. */
static void
end_part (PsHoldSet *set, PsStep *step)
{
  if (--step->outstanding > 0)
    return;
  step->ended_us = ps_clock_now_us ();
  step->refs++;
  step->link.data = step;
  g_queue_push_tail_link (&set->through, &step->link);
}

/* The callback has returned; takes the caller's reference. */
void
ps_hold_set_return_step (PsHoldSet *set, PsStep *step)
{
  g_mutex_lock (&set->lock);
  end_part (set, step);
  free_step (step);
  unlock (set);
}

/* The next step that is through, once each; NULL when there is none. */
PsStep *
ps_hold_set_take_step (PsHoldSet *set)
{
  GList *link;

  g_mutex_lock (&set->lock);
  link = g_queue_pop_head_link (&set->through);
  unlock (set);
  return link != NULL ? link->data : NULL;
}

void
ps_hold_set_free_step (PsHoldSet *set, PsStep *step)
{
  g_mutex_lock (&set->lock);
  free_step (step);
  g_mutex_unlock (&set->lock);
}

/* deadline_us: a point in time, or PS_NEVER_US. NULL: no memory. */
PsHold *
ps_hold_set_add (PsHoldSet *set, PsStep *step, const char *why, gint64 now_us, gint64 deadline_us)
{
  PsHold *hold = g_try_malloc (sizeof *hold + strlen (why) + 1);

  if (hold == NULL)
    return NULL;
  g_atomic_ref_count_init (&hold->users);
  g_atomic_ref_count_init (&hold->refs);
  g_atomic_ref_count_inc (&hold->refs); /* the set's */
  g_atomic_ref_count_inc (&set->refs);
  hold->set = set;
  hold->step = step;
  strcpy (hold->why, why);
  hold->since_us = now_us;
  hold->deadline_us = deadline_us;
  hold->active = TRUE;

  g_mutex_lock (&set->lock);
  step->refs++;
  step->outstanding++;
  hold->number = ++set->last_number;
  ps_heap_add (&set->holds, &hold->node);
  unlock (set);
  return hold;
}

/* In a forked child: whether no thread of the parent was at work here. */
gboolean
ps_hold_set_is_at_rest (PsHoldSet *set)
{
  return ps_lock_is_free (&set->lock);
}

guint
ps_hold_set_count (PsHoldSet *set)
{
  guint count;

  g_mutex_lock (&set->lock);
  count = set->holds.length;
  g_mutex_unlock (&set->lock);
  return count;
}

/* Whether none of the questions below has an answer: there is no hold, nobody asked for more time,
 * and no step that had one is through. Asked after each callback, and so without the lock. */
gboolean
ps_hold_set_is_idle (PsHoldSet *set)
{
  return !g_atomic_int_get (&set->busy);
}

static PsHold *
first (PsHoldSet *set)
{
  return (PsHold *) set->holds.first;
}

/* When the first of them will have to be given up on; PS_NEVER_US: none will. */
gint64
ps_hold_set_get_deadline_us (PsHoldSet *set)
{
  gint64 deadline_us;

  g_mutex_lock (&set->lock);
  deadline_us = first (set) != NULL ? first (set)->deadline_us : PS_NEVER_US;
  g_mutex_unlock (&set->lock);
  return deadline_us;
}

/* The hold that is to be named when one asks what is waited for; NULL when there is none. To be
 * given back by ps_hold_put(). */
PsHold *
ps_hold_set_peek (PsHoldSet *set)
{
  PsHold *hold;

  g_mutex_lock (&set->lock);
  hold = first (set);
  if (hold != NULL)
    g_atomic_ref_count_inc (&hold->refs);
  g_mutex_unlock (&set->lock);
  return hold;
}

/* Gives up on a hold whose deadline has passed; with PS_NEVER_US on any. NULL when there is none.
 * To be given back by ps_hold_put(). */
PsHold *
ps_hold_set_drop (PsHoldSet *set, gint64 now_us)
{
  PsHold *hold;

  g_mutex_lock (&set->lock);
  hold = first (set);
  if (hold != NULL && hold->deadline_us <= now_us)
    {
      ps_heap_remove (&set->holds, &hold->node);
      hold->active = FALSE;
      end_part (set, hold->step);
    }
  else
    hold = NULL;
  unlock (set);
  return hold;
}

/* Until when the holds asked for more time since the last call; 0: they did not. */
gint64
ps_hold_set_take_extension_us (PsHoldSet *set)
{
  gint64 until_us;

  g_mutex_lock (&set->lock);
  until_us = set->extended_until_us;
  set->extended_until_us = 0;
  unlock (set);
  return until_us;
}

/* Gives the memory back, as opposed to releasing the hold. */
void
ps_hold_put (PsHold *hold)
{
  if (!g_atomic_ref_count_dec (&hold->refs))
    return;
  ps_hold_set_free_step (hold->set, hold->step);
  ps_hold_set_unref (hold->set);
  g_free (hold);
}

/* Takes the hold out of its set, unless it has left it already. */
static void
leave (PsHold *hold)
{
  PsHoldSet *set = hold->set;
  gboolean was_active;

  g_mutex_lock (&set->lock);
  was_active = hold->active;
  if (was_active)
    {
      ps_heap_remove (&set->holds, &hold->node);
      hold->active = FALSE;
      end_part (set, hold->step);
    }
  unlock (set);

  if (was_active)
    {
      set->wake (set->source);
      ps_hold_put (hold);
    }
}

/* A reference of a user's. */
static void
give_back (PsHold *hold)
{
  if (!g_atomic_ref_count_dec (&hold->users))
    return;
  leave (hold);
  ps_hold_put (hold);
}

void
ps_hold_release (PsHold *hold)
{
  if (hold == NULL || ps_self_is_copy ())
    return;
  leave (hold);
  give_back (hold);
}

PsHold *
ps_hold_ref (PsHold *hold)
{
  g_return_val_if_fail (hold != NULL, NULL);

  g_atomic_ref_count_inc (&hold->users);
  return hold;
}

void
ps_hold_unref (PsHold *hold)
{
  g_return_if_fail (hold != NULL);

  if (!ps_self_is_copy ())
    give_back (hold);
}

/* extended_until_us: 0, or until when the exit as a whole is to wait. */
static void
move_deadline (PsHold *hold, gint64 deadline_us, gint64 extended_until_us)
{
  PsHoldSet *set = hold->set;
  gboolean active;

  if (ps_self_is_copy ())
    return;
  g_mutex_lock (&set->lock);
  active = hold->active;
  if (active)
    {
      ps_heap_remove (&set->holds, &hold->node);
      hold->deadline_us =
          extended_until_us > 0 ? MAX (hold->deadline_us, deadline_us) : deadline_us;
      ps_heap_add (&set->holds, &hold->node);
      set->extended_until_us = MAX (set->extended_until_us, extended_until_us);
    }
  unlock (set);
  if (active)
    set->wake (set->source);
}

void
ps_hold_set_deadline (PsHold *hold, guint deadline_ms)
{
  g_return_if_fail (hold != NULL);

  move_deadline (
      hold, deadline_ms == 0 ? PS_NEVER_US : ps_clock_now_us () + ps_clock_from_ms (deadline_ms),
      0);
}

void
ps_hold_extend (PsHold *hold, guint by_ms)
{
  gint64 until_us = ps_clock_now_us () + ps_clock_from_ms (by_ms);

  g_return_if_fail (hold != NULL);

  move_deadline (hold, until_us, until_us);
}

gboolean
ps_hold_is_active (PsHold *hold)
{
  gboolean active;

  g_return_val_if_fail (hold != NULL, FALSE);

  if (ps_self_is_copy ())
    return FALSE;
  g_mutex_lock (&hold->set->lock);
  active = hold->active;
  g_mutex_unlock (&hold->set->lock);
  return active;
}

const char *
ps_hold_get_why (PsHold *hold)
{
  g_return_val_if_fail (hold != NULL, NULL);

  return hold->why;
}

const PsStep *
ps_hold_get_step (PsHold *hold)
{
  return hold->step;
}

gint64
ps_hold_get_since_us (PsHold *hold)
{
  return hold->since_us;
}
