/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What somebody asks for who wants to be called. */

#include "ps-types.h"

typedef struct
{
  const char *name; /* NULL: it has none */
  PsCallback callback;
  gpointer user_data;
  GDestroyNotify notify; /* called with notify_data when the registration is gone */
  gpointer notify_data;
  gint64 deadline_us; /* a duration; 0: none */
  PsEvents events;
  int priority;
  int last_call; /* a PsLastCallKind: what it is to a crash */
} PsRegistration;

gboolean ps_registration_is_like (const PsRegistration *one, const PsRegistration *other);
