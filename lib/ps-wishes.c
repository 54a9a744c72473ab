/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-wishes.h"
#include "ps-signums.h"

void
ps_wish_free (gpointer data)
{
  PsWish *wish = data;

  ps_cause_clear (&wish->why);
  g_free (wish);
}

/* Whoever asks twice in the same way wants one answer; but who sends a value wants one to each. */
static gboolean
is_the_same (const PsCause *one, const PsCause *other)
{
  if (one->kind != other->kind)
    return FALSE;
  return one->kind != PS_CAUSE_SIGNAL
         || (one->signum == other->signum && !ps_signums_is_queued (one->signum));
}

/* Whether this was asked already: by the first, which is being decided on, or by one that waits. */
gboolean
ps_wishes_have (const GQueue *wishes, const PsCause *first, const PsCause *why)
{
  if (is_the_same (first, why))
    return TRUE;
  for (const GList *l = wishes->head; l != NULL; l = l->next)
    if (is_the_same (&((const PsWish *) l->data)->why, why))
      return TRUE;
  return FALSE;
}

/* why may be NULL; it is taken. */
void
ps_wishes_add (GQueue *wishes, PsInput input, PsCause *why)
{
  PsWish *wish = g_new0 (PsWish, 1);

  wish->input = input;
  if (why != NULL)
    ps_cause_take (&wish->why, why);
  g_queue_push_tail (wishes, wish);
}
