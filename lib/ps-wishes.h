/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inputs to the machine that have to wait, with what asked for them. */

/* floor 1 */
#include "ps-cause.h"
#include "ps-machine.h"

typedef struct
{
  PsInput input;
  PsCause why;
} PsWish;

void ps_wish_free (gpointer wish);
gboolean ps_wishes_have (const GQueue *wishes, const PsCause *first, const PsCause *why);
void ps_wishes_add (GQueue *wishes, PsInput input, PsCause *why);
