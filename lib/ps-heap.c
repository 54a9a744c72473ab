/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A pairing heap: a tree in which nobody comes before its parent, and of which nothing else is
 * demanded. Adding is one comparison. Whoever is taken out leaves its children, which are joined in
 * pairs and the pairs from the last to the first: that is what makes it O(log n) amortised. A tree
 * of GLib's would do as well, but for the memory that it takes at each addition, and ends the
 * process without.
 */

#include "ps-heap.h"

/* Two that stand alone; either may be NULL. */
static PsHeapNode *
join (PsHeap *heap, PsHeapNode *a, PsHeapNode *b)
{
  if (a == NULL || b == NULL)
    return a != NULL ? a : b;
  if (heap->comes_before (b, a))
    {
      PsHeapNode *swap = a;

      a = b;
      b = swap;
    }
  b->before = a;
  b->next = a->child;
  if (b->next != NULL)
    b->next->before = b;
  a->child = b;
  return a;
}

static PsHeapNode *
stand_alone (PsHeapNode *node)
{
  if (node != NULL)
    node->next = node->before = NULL;
  return node;
}

/* All of a row of siblings. */
static PsHeapNode *
join_row (PsHeap *heap, PsHeapNode *row)
{
  PsHeapNode *pairs = NULL, *whole = NULL;

  while (row != NULL)
    {
      PsHeapNode *a = row, *b = row->next, *pair;

      row = b != NULL ? b->next : NULL;
      pair = join (heap, stand_alone (a), stand_alone (b));
      pair->next = pairs;
      pairs = pair;
    }
  while (pairs != NULL)
    {
      PsHeapNode *pair = pairs;

      pairs = pair->next;
      whole = join (heap, whole, stand_alone (pair));
    }
  return whole;
}

void
ps_heap_add (PsHeap *heap, PsHeapNode *node)
{
  *node = (PsHeapNode){ NULL, NULL, NULL };
  heap->first = join (heap, heap->first, node);
  heap->length++;
}

/* It must be in there. */
void
ps_heap_remove (PsHeap *heap, PsHeapNode *node)
{
  PsHeapNode *rest = join_row (heap, node->child);

  if (node == heap->first)
    heap->first = rest;
  else
    {
      if (node->before->child == node)
        node->before->child = node->next;
      else
        node->before->next = node->next;
      if (node->next != NULL)
        node->next->before = node->before;
      heap->first = join (heap, heap->first, rest);
    }
  heap->length--;
}
