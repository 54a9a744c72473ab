/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inputs to the machine that have to wait, with what asked for them. */

/* floor 1 */
#include "ps-cause.h"
#include "ps-machine.h"
#include "ps-signums.h"

/* That many wait at most, and that many of them where there is no memory: one of each kind that is
 * not queued. */
#define PS_WISHES_MAX 1024
#define PS_WISHES_PLACES 32

typedef struct
{
  GList link;
  PsInput input;
  PsCause why; /* PS_CAUSE_NONE: nobody asked */
} PsWish;

typedef struct
{
  GQueue queue;   /* the oldest first */
  guint32 taken;  /* which places are, one bit for each */
  PsWish *places; /* PS_WISHES_PLACES of them */
} PsWishes;

void ps_wishes_init (PsWishes *self, PsWish *places);
void ps_wishes_clear (PsWishes *self);
gboolean ps_wishes_is_empty (const PsWishes *self);
gboolean ps_wishes_have (const PsWishes *self, const PsCause *first, const PsCause *why);
int ps_wishes_add (PsWishes *self, PsInput input, const PsCause *why);
gboolean ps_wishes_take (PsWishes *self, PsInput *input, PsCause *why);
gboolean ps_wishes_take_of (PsWishes *self, PsSignums of, PsCause *why);
