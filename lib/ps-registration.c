/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-registration.h"

/* In everything but the name and the data. */
gboolean
ps_registration_is_like (const PsRegistration *one, const PsRegistration *other)
{
  return one->callback == other->callback && one->notify == other->notify
         && one->deadline_us == other->deadline_us && one->events == other->events
         && one->priority == other->priority && one->last_call == other->last_call;
}
