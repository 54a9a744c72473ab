/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The first registration of a pair stands for all of them: it is the one that a hash table finds,
 * and that bears the mark of having been called. Nothing is allocated for a pair, and one that was
 * registered once, as nearly each, is asked nothing but its own mark.
 *
 * A pair that was called in this exit is kept when its last registration goes: making it anew does
 * not let it be called twice. Those are chained, and forgotten when the next exit begins.
 *
 * The table is one of open addressing. Data that lies side by side (what was allocated in a row, or
 * counted) is looked for side by side first, where the caches have it; whoever finds that place
 * taken goes on at places that depend on every bit. Only adding takes memory.
 */

#include "ps-pairs.h"

#define BITS_MIN 5

/* A table of 32 KiB may stay. */
#define BITS_KEPT 12

/* In a slot that was used, and is no more. */
static PsPair left;

static guint
n_slots (const PsPairs *self)
{
  return 1U << self->bits;
}

static void
make_slots (PsPairs *self, guint bits)
{
  self->bits = bits;
  self->used = self->length;
  self->slots = g_new0 (PsPair *, n_slots (self));
}

void
ps_pairs_init (PsPairs *self)
{
  *self = (PsPairs){ .exit_number = 1 };
  make_slots (self, BITS_MIN);
}

void
ps_pairs_clear (PsPairs *self)
{
  g_clear_pointer (&self->slots, g_free);
}

static gboolean
is_same (const PsPair *a, const PsPair *b)
{
  return a->user_data == b->user_data && a->is->callback == b->is->callback;
}

static guint64
mix (guint64 x)
{
  x = (x ^ (x >> 32)) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return x ^ (x >> 29);
}

/* Neighbours are some times 16 bytes apart, or 1 where they are counted. */
static guint64
first_place (const PsPairs *self, const PsPair *pair)
{
  guint64 data = (gsize) pair->user_data, func = (gsize) pair->is->callback;
  guint64 row = data > G_MAXUINT32 ? data >> 4 : data;

  return (row ^ (row >> self->bits)) + (func >> 4);
}

/* The slot in which a pair like this is; or, if there is none, the one where it is to be. */
static PsPair **
find (PsPairs *self, const PsPair *pair)
{
  guint64 place = first_place (self, pair), step = 0;
  PsPair **free_slot = NULL;

  for (;;)
    {
      PsPair **slot = &self->slots[place & (n_slots (self) - 1)];

      if (*slot == NULL)
        return free_slot != NULL ? free_slot : slot;
      if (*slot == &left)
        free_slot = free_slot != NULL ? free_slot : slot;
      else if (*slot == pair || is_same (*slot, pair))
        return slot;
      if (step == 0)
        {
          place = mix ((gsize) pair->user_data ^ mix ((gsize) pair->is->callback));
          step = (place >> 32) | 1;
        }
      else
        place += step;
    }
}

/* How large it should be. Where many pairs are gone it gets smaller again, in time. */
static guint
choose_bits (const PsPairs *self)
{
  guint bits = self->bits;

  if (self->length >= n_slots (self) / 2)
    return bits + 1;
  while (bits > BITS_KEPT && self->length < (1U << bits) / 8)
    bits--;
  return bits;
}

/* Three quarters are in use at most, those counted that were left. */
static void
make_room (PsPairs *self)
{
  PsPair **old = self->slots;
  guint n_old = n_slots (self);

  if (self->used < n_old / 4 * 3 && (self->length >= n_old / 16 || self->bits <= BITS_KEPT))
    return;
  make_slots (self, choose_bits (self));
  for (guint i = 0; i < n_old; i++)
    if (old[i] != NULL && old[i] != &left)
      *find (self, old[i]) = old[i];
  g_free (old);
}

void
ps_pairs_add (PsPairs *self, PsPair *pair)
{
  PsPair **slot;

  make_room (self);
  slot = find (self, pair);
  pair->is_first = FALSE;
  if (*slot == NULL || *slot == &left)
    {
      self->used += *slot == NULL;
      self->length++;
      pair->is_first = TRUE;
      pair->is_spent = FALSE;
      pair->refs = 0;
      pair->called_in = 0;
      *slot = pair;
    }
  pair->first = *slot;
  (*slot)->refs++;
}

static void
take_out (PsPairs *self, PsPair *first)
{
  *find (self, first) = &left;
  first->is_first = FALSE;
  self->length--;
}

/* The registration is gone. Returns the one that stood for all of its pair, when it does no more:
 * itself, or one that is gone already. */
PsPair *
ps_pairs_remove (PsPairs *self, PsPair *pair)
{
  PsPair *first = pair->first;

  if (--first->refs > 0 || first->is_spent)
    return NULL;
  if (first->called_in == self->exit_number)
    {
      first->is_spent = TRUE;
      first->first = self->spent;
      self->spent = first;
      return NULL;
    }
  take_out (self, first);
  return first;
}

/* It will be claimed soon: the first of its pair may lie anywhere. */
void
ps_pairs_expect (const PsPair *pair)
{
  __builtin_prefetch (pair->first, 1);
}

/* FALSE: it was called in this exit. Otherwise it is now. */
gboolean
ps_pairs_claim (PsPairs *self, PsPair *pair)
{
  PsPair *first = pair->first;

  if (first->called_in == self->exit_number)
    return FALSE;
  first->called_in = self->exit_number;
  return TRUE;
}

void
ps_pairs_unclaim (PsPair *pair)
{
  pair->first->called_in = 0;
}

/* From here on each may be called once more. let_go: for each that stood for a pair of which there
 * is none any more. */
void
ps_pairs_begin_exit (PsPairs *self, void (*let_go) (PsPair *pair))
{
  PsPair *spent = g_steal_pointer (&self->spent);

  if (++self->exit_number == 0)
    self->exit_number = 1;
  while (spent != NULL)
    {
      PsPair *next = spent->first;

      spent->is_spent = FALSE;
      spent->first = spent;
      if (spent->refs == 0)
        {
          take_out (self, spent);
          let_go (spent);
        }
      spent = next;
    }
}
