/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which of many is the first. The nodes are members of what is ordered: nothing is allocated. */

#include <glib.h>

typedef struct _PsHeapNode PsHeapNode;

struct _PsHeapNode
{
  PsHeapNode *child;
  PsHeapNode *next;
  PsHeapNode *before; /* the sibling before it; of the first child, the parent */
};

/* Whether a comes before b; never both. */
typedef gboolean (*PsHeapFunc) (const PsHeapNode *a, const PsHeapNode *b);

typedef struct
{
  PsHeapFunc comes_before;
  PsHeapNode *first;
  guint length;
} PsHeap;

void ps_heap_add (PsHeap *heap, PsHeapNode *node);
void ps_heap_remove (PsHeap *heap, PsHeapNode *node);
