/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Memory for very many small things, each with a number that no other ever has. Not thread-safe. */

#include <glib.h>

#define PS_CHUNKS_SLOT 64 /* bytes */

typedef struct _PsChunk PsChunk;

typedef struct
{
  PsChunk **table;  /* of those that have something in them, by number */
  guint bits;       /* its size, as a power of 2 */
  guint length;     /* how many there are */
  PsChunk *filling; /* where the next thing goes; NULL: none yet */
  guint64 next;     /* where the next chunk begins; a multiple of 32 */
} PsChunks;

void ps_chunks_init (PsChunks *self);
void ps_chunks_clear (PsChunks *self);
gpointer ps_chunks_take (PsChunks *self, gsize size, guint8 *slot);
void ps_chunks_give_back (gpointer thing, guint slot);
gpointer ps_chunks_find (PsChunks *self, guint id);
guint64 ps_chunks_get_number (gconstpointer thing, guint slot);
guint ps_chunks_get_id (gconstpointer thing, guint slot);
PsChunks *ps_chunks_get_owner (gconstpointer thing, guint slot);
