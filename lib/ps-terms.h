/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What many registrations have in common, kept once. Not thread-safe. */

/* floor 0 */
#include "ps-registration.h"

#define PS_TERMS_RECENT 16

typedef struct
{
  const PsRegistration *recent[PS_TERMS_RECENT]; /* owned; NULL: none */
} PsTerms;

void ps_terms_clear (PsTerms *terms);
const PsRegistration *ps_terms_share (PsTerms *terms, const PsRegistration *registration);
void ps_terms_unref (const PsRegistration *shared);
gpointer ps_terms_get_notify_data (const PsRegistration *shared, gpointer user_data);
