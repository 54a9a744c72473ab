/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-wishes.h"

void
ps_wish_free (gpointer data)
{
  PsWish *wish = data;

  ps_cause_clear (&wish->why);
  g_free (wish);
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
