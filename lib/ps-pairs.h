/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Once per exit: which registrations are for the same pair of function and data, and which of them
 * have been called. Not thread-safe. */

/* floor 0 */
#include "ps-registration.h"

/* A registration's part in it. */
typedef struct _PsPair PsPair;

struct _PsPair
{
  const PsRegistration *is;
  gpointer user_data;
  /* The first of this pair, itself maybe; it stays when that registration is gone. Of one that is
   * spent, which has no registration, the next that is. */
  PsPair *first;
  guint is_first : 1; /* in the table */
  /* Of the first. */
  guint is_spent : 1; /* it is among the spent ones */
  guint refs : 30;    /* how many registrations there are */
  guint32 called_in;  /* the exit it was last called in */
};

typedef struct
{
  PsPair **slots; /* of the first ones */
  guint bits;     /* there are so many, as a power of 2 */
  guint used;     /* that are not empty */
  guint length;   /* in which there is one */
  guint32 exit_number;
  PsPair *spent; /* called in this exit, and without any registration then */
} PsPairs;

void ps_pairs_init (PsPairs *self);
void ps_pairs_clear (PsPairs *self);
void ps_pairs_add (PsPairs *self, PsPair *pair);
PsPair *ps_pairs_remove (PsPairs *self, PsPair *pair);
void ps_pairs_expect (const PsPair *pair);
gboolean ps_pairs_claim (PsPairs *self, PsPair *pair);
void ps_pairs_unclaim (PsPair *pair);
void ps_pairs_begin_exit (PsPairs *self, void (*let_go) (PsPair *pair));
