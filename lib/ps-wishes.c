/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A callback may run a loop of its own for as long as it likes, and a query may take its time;
 * signals come meanwhile, as many as somebody cares to send. Each has a place as long as there are
 * places, or memory for more. Then a storm of SIGTERM says no more than the first few: the last
 * wish stands for those that follow, as pressing as the most pressing of them. A realtime signal is
 * another matter, for each has a value that somebody may wait for. One of these gives way, and the
 * caller is told which, to tell others.
 *
 * The places are the owner's, and touched no sooner than they are needed: of memory that nobody has
 * touched the kernel has made none.
 */

#include "ps-wishes.h"

G_STATIC_ASSERT (PS_WISHES_PLACES == 8 * sizeof ((PsWishes *) NULL)->taken);

static gboolean
is_queued (const PsCause *why)
{
  return why != NULL && why->kind == PS_CAUSE_SIGNAL && ps_signums_is_queued (why->signum);
}

/* places: what is in them does not matter. They stay the caller's. */
void
ps_wishes_init (PsWishes *self, PsWish *places)
{
  g_queue_init (&self->queue);
  self->taken = 0;
  self->places = places;
}

static PsWish *
find_room (PsWishes *self)
{
  for (guint i = 0; i < PS_WISHES_PLACES; i++)
    if ((self->taken & 1u << i) == 0)
      {
        self->taken |= 1u << i;
        return &self->places[i];
      }
  return self->queue.length < PS_WISHES_MAX ? g_try_malloc (sizeof (PsWish)) : NULL;
}

static void
release (PsWishes *self, PsWish *wish)
{
  g_queue_unlink (&self->queue, &wish->link);
  if (wish >= self->places && wish < self->places + PS_WISHES_PLACES)
    self->taken &= ~(1u << (wish - self->places));
  else
    g_free (wish);
}

void
ps_wishes_clear (PsWishes *self)
{
  while (self->queue.head != NULL)
    release (self, self->queue.head->data);
}

gboolean
ps_wishes_is_empty (const PsWishes *self)
{
  return self->queue.length == 0;
}

/* Whoever asks twice in the same way wants one answer; but who sends a value wants one to each. */
static gboolean
is_the_same (const PsCause *one, const PsCause *other)
{
  if (one->kind != other->kind)
    return FALSE;
  return one->kind != PS_CAUSE_SIGNAL || (one->signum == other->signum && !is_queued (one));
}

/* Whether this was asked already: by the first, which is being decided on, or by one that waits. */
gboolean
ps_wishes_have (const PsWishes *self, const PsCause *first, const PsCause *why)
{
  if (is_the_same (first, why))
    return TRUE;
  for (const GList *l = self->queue.head; l != NULL; l = l->next)
    if (is_the_same (&((const PsWish *) l->data)->why, why))
      return TRUE;
  return FALSE;
}

static void
append (PsWishes *self, PsWish *wish, PsInput input, const PsCause *why)
{
  wish->input = input;
  if (why != NULL)
    ps_cause_copy (&wish->why, why);
  else
    ps_cause_clear (&wish->why);
  wish->link = (GList){ .data = wish };
  g_queue_push_tail_link (&self->queue, &wish->link);
}

static PsWish *
find_last_queued (PsWishes *self)
{
  for (GList *l = self->queue.tail; l != NULL; l = l->prev)
    if (is_queued (&((PsWish *) l->data)->why))
      return l->data;
  return NULL;
}

/* why may be NULL. Returns 0, or the number of a realtime signal of which one found no room. */
int
ps_wishes_add (PsWishes *self, PsInput input, const PsCause *why)
{
  PsWish *wish = find_room (self), *last = self->queue.tail != NULL ? self->queue.tail->data : NULL;
  int lost = 0;

  if (wish == NULL && !is_queued (why) && (wish = find_last_queued (self)) != NULL)
    {
      lost = wish->why.signum;
      input = MAX (input, wish->input);
      g_queue_unlink (&self->queue, &wish->link);
    }
  if (wish != NULL)
    append (self, wish, input, why);
  else
    {
      lost = is_queued (why) ? why->signum : 0;
      last->input = MAX (last->input, input);
    }
  return lost;
}

static void
take (PsWishes *self, PsWish *wish, PsCause *why)
{
  ps_cause_copy (why, &wish->why);
  release (self, wish);
}

/* The oldest; FALSE: there is none. */
gboolean
ps_wishes_take (PsWishes *self, PsInput *input, PsCause *why)
{
  PsWish *wish = self->queue.head != NULL ? self->queue.head->data : NULL;

  if (wish == NULL)
    return FALSE;
  *input = wish->input;
  take (self, wish, why);
  return TRUE;
}

/* The oldest that one of these signals asked for; FALSE: there is none. */
gboolean
ps_wishes_take_of (PsWishes *self, PsSignums of, PsCause *why)
{
  for (GList *l = self->queue.head; l != NULL; l = l->next)
    {
      PsWish *wish = l->data;

      if (wish->why.kind != PS_CAUSE_SIGNAL || !ps_signums_have (of, wish->why.signum))
        continue;
      take (self, wish, why);
      return TRUE;
    }
  return FALSE;
}
