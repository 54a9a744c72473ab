/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A chunk has room for 32 slots, which are given out one after the other and never twice: a thing's
 * number is that of the chunk and of the slot in it. So numbers grow with time, tell which thing is
 * the older, and belong to one thing only. The lower half of the number is its ID, never 0. What is
 * larger than a slot takes several in a row, and has the number of the first.
 *
 * A chunk is freed when all that was in it is gone. So one thing that stays while others come and
 * go keeps 2 KiB, and no more. Chunks are found in a hash table of our own: one of GLib's takes
 * memory when something is removed, too.
 */

#include "ps-chunks.h"

#define N_SLOTS 32
#define BITS_MIN 3

struct _PsChunk
{
  PsChunks *owner;
  guint64 first; /* the number of the first slot */
  guint32 heads; /* slots in which something begins */
  guint used;    /* how many have been given out */
  /* As malloc() aligns. */
  char slots[N_SLOTS][PS_CHUNKS_SLOT] __attribute__ ((aligned (16)));
};

void
ps_chunks_init (PsChunks *self)
{
  *self = (PsChunks){ .bits = BITS_MIN };
  self->table = g_new0 (PsChunk *, 1U << self->bits);
}

/* What is left in there is gone, too. */
void
ps_chunks_clear (PsChunks *self)
{
  for (guint i = 0; i < 1U << self->bits; i++)
    g_free (self->table[i]);
  g_free (self->table);
}

/* --- The table -------------------------------------------------------------------------------- */

static guint32
key_of (const PsChunk *chunk)
{
  return (guint32) chunk->first / N_SLOTS;
}

static guint
next_place (const PsChunks *self, guint place)
{
  return (place + 1) & ((1U << self->bits) - 1);
}

/* Where a chunk is to be, unless others are there. */
static guint
first_place (const PsChunks *self, guint32 key)
{
  return (key * 0x9e3779b9U) >> (32 - self->bits);
}

/* Where it is; or, if it is not there, the free place where it is to be. */
static guint
find (const PsChunks *self, guint32 key)
{
  guint place = first_place (self, key);

  while (self->table[place] != NULL && key_of (self->table[place]) != key)
    place = next_place (self, place);
  return place;
}

/* Half of the places are taken at most. */
static void
make_room (PsChunks *self)
{
  PsChunk **old = self->table;
  guint n_old = 1U << self->bits;

  if (self->length < n_old / 2)
    return;
  self->bits++;
  self->table = g_new0 (PsChunk *, 1U << self->bits);
  for (guint i = 0; i < n_old; i++)
    if (old[i] != NULL)
      self->table[find (self, key_of (old[i]))] = old[i];
  g_free (old);
}

/* Who stands behind it, since its place was taken, moves up: nothing is left to be cleared later.
 */
static void
drop (PsChunks *self, PsChunk *chunk)
{
  guint hole = find (self, key_of (chunk)), place = hole;

  g_free (chunk);
  self->length--;
  while (self->table[place = next_place (self, place)] != NULL)
    {
      guint first = first_place (self, key_of (self->table[place])), n = (1U << self->bits) - 1;

      /* As far as it was away from its first place it may go, and no further. */
      if (((place - first) & n) < ((place - hole) & n))
        continue;
      self->table[hole] = self->table[place];
      hole = place;
    }
  self->table[hole] = NULL;
}

/* --- Things ---------------------------------------------------------------------------------- */

/* When all IDs have been given out once, those that are in use are passed over. */
static PsChunk *
begin_chunk (PsChunks *self)
{
  PsChunk *last = self->filling, *chunk = g_malloc (sizeof *chunk);
  guint place;

  make_room (self);
  chunk->owner = self;
  do
    {
      chunk->first = self->next;
      self->next += N_SLOTS;
      place = find (self, key_of (chunk));
    }
  while (self->table[place] != NULL);
  chunk->heads = 0;
  chunk->used = (guint32) chunk->first == 0 ? 1 : 0;
  self->table[place] = chunk;
  self->length++;
  self->filling = chunk;
  if (last != NULL && last->heads == 0)
    drop (self, last);
  return chunk;
}

/* slot: to be remembered with it. */
gpointer
ps_chunks_take (PsChunks *self, gsize size, guint8 *slot)
{
  PsChunk *chunk = self->filling;
  guint n = (guint) ((size + PS_CHUNKS_SLOT - 1) / PS_CHUNKS_SLOT);

  if (chunk == NULL || chunk->used + n > N_SLOTS)
    chunk = begin_chunk (self);
  *slot = (guint8) chunk->used;
  chunk->heads |= 1U << *slot;
  chunk->used += n;
  return chunk->slots[*slot];
}

static PsChunk *
chunk_of (gconstpointer thing, guint slot)
{
  return (PsChunk *) ((const char *) thing - slot * PS_CHUNKS_SLOT
                      - G_STRUCT_OFFSET (PsChunk, slots));
}

void
ps_chunks_give_back (gpointer thing, guint slot)
{
  PsChunk *chunk = chunk_of (thing, slot);

  chunk->heads &= ~(1U << slot);
  if (chunk->heads == 0 && chunk != chunk->owner->filling)
    drop (chunk->owner, chunk);
}

/* NULL: there is none of this ID any more. */
gpointer
ps_chunks_find (PsChunks *self, guint id)
{
  PsChunk *chunk = self->table[find (self, id / N_SLOTS)];
  guint slot = id % N_SLOTS;

  return chunk != NULL && (chunk->heads >> slot) & 1 ? chunk->slots[slot] : NULL;
}

guint64
ps_chunks_get_number (gconstpointer thing, guint slot)
{
  return chunk_of (thing, slot)->first + slot;
}

guint
ps_chunks_get_id (gconstpointer thing, guint slot)
{
  return (guint) ps_chunks_get_number (thing, slot);
}

PsChunks *
ps_chunks_get_owner (gconstpointer thing, guint slot)
{
  return chunk_of (thing, slot)->owner;
}
