/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A chunk has room for 32 slots, which are given out one after the other and never twice: a thing's
 * number is that of the chunk and of the slot in it. So numbers grow with time, tell which thing is
 * the older, and belong to one thing only. The lower half of the number is its ID, never 0. What is
 * larger than a slot takes several in a row, and has the number of the first.
 *
 * A chunk is freed when all that was in it is gone. So one thing that stays while others come and
 * go keeps 2 KiB, and no more.
 */

#include "ps-chunks.h"

#define N_SLOTS 32

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
  self->chunks = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->filling = NULL;
  self->next = 0;
}

/* What is left in there is gone, too. */
void
ps_chunks_clear (PsChunks *self)
{
  g_hash_table_unref (self->chunks);
}

static gpointer
key_of (guint64 number)
{
  return GUINT_TO_POINTER ((guint32) number / N_SLOTS);
}

static void
drop (PsChunks *self, PsChunk *chunk)
{
  g_hash_table_remove (self->chunks, key_of (chunk->first));
}

/* When all IDs have been given out once, those that are in use are passed over. */
static PsChunk *
begin_chunk (PsChunks *self)
{
  PsChunk *last = self->filling, *chunk = g_malloc (sizeof *chunk);
  guint64 first = self->next;

  while (g_hash_table_contains (self->chunks, key_of (first)))
    first += N_SLOTS;
  chunk->owner = self;
  chunk->first = first;
  chunk->heads = 0;
  chunk->used = (guint32) first == 0 ? 1 : 0;
  g_hash_table_insert (self->chunks, key_of (first), chunk);
  self->filling = chunk;
  self->next = first + N_SLOTS;
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
  PsChunk *chunk = g_hash_table_lookup (self->chunks, key_of (id));
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
