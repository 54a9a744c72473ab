/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Very many registrations come from few places in a program, and differ in nothing but their user
 * data. What they are otherwise is kept once: the name that was given is copied, and made one
 * printable line, when it is new, and compared after that. Only the latest are looked at; who finds
 * none of its kind there has its own.
 */

#include "ps-terms.h"

/* floor 0 */
#include "ps-text.h"

#include <string.h>

#define NO_NAME "a callback without a name"

/* A byte that is no UTF-8 becomes a character of three. */
#define GROWTH 3

typedef struct
{
  PsRegistration is; /* first; its user data is not set */
  guint refs;
  char name[];
} Shared;

/* In place of a notify's data: it is the user data of each. */
static char users_own;

void
ps_terms_clear (PsTerms *terms)
{
  for (guint i = 0; i < PS_TERMS_RECENT; i++)
    g_clear_pointer (&terms->recent[i], ps_terms_unref);
}

static Shared *
shared_new (const PsRegistration *is, gpointer notify_data, const char *name)
{
  gsize size = GROWTH * strlen (name) + 1;
  Shared *shared = g_malloc (sizeof *shared + size);

  shared->is = *is;
  shared->is.user_data = NULL;
  shared->is.notify_data = notify_data;
  shared->is.name = ps_text_put_line (shared->name, size, name);
  return shared;
}

/* Any will do; those that are used in turn should not meet. */
static guint
place_of (const PsRegistration *is)
{
  guint hash = (guint) ((gsize) is->callback >> 4) ^ (guint) is->priority ^ is->events * 5;

  return (hash ^ hash >> 4) % PS_TERMS_RECENT;
}

/* All of it but the user data, with a name. To be given back by ps_terms_unref(). */
const PsRegistration *
ps_terms_share (PsTerms *terms, const PsRegistration *registration)
{
  const char *name = registration->name != NULL ? registration->name : NO_NAME;
  gpointer notify_data =
      registration->notify_data == registration->user_data ? &users_own : registration->notify_data;
  const PsRegistration **recent = &terms->recent[place_of (registration)];
  Shared *shared = (Shared *) *recent;

  if (shared == NULL || !ps_registration_is_like (&shared->is, registration)
      || shared->is.notify_data != notify_data || strcmp (shared->name, name) != 0)
    {
      if (shared != NULL)
        ps_terms_unref (&shared->is);
      shared = shared_new (registration, notify_data, name);
      shared->refs = 1; /* of the place among the recent */
      *recent = &shared->is;
    }
  shared->refs++;
  return &shared->is;
}

void
ps_terms_unref (const PsRegistration *is)
{
  Shared *shared = (Shared *) is;

  if (--shared->refs == 0)
    g_free (shared);
}

gpointer
ps_terms_get_notify_data (const PsRegistration *shared, gpointer user_data)
{
  return shared->notify_data == &users_own ? user_data : shared->notify_data;
}
