/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A GCancellable that is cancelled when an exit begins, for who asks for it. */

#include "ps-types.h"

typedef struct
{
  GCancellable *object;  /* atomic; NULL: nobody has asked for it yet */
  gboolean is_cancelled; /* atomic */
} PsCancellable;

GCancellable *ps_cancellable_get (PsCancellable *self);
void ps_cancellable_cancel (PsCancellable *self);
void ps_cancellable_clear (PsCancellable *self);
