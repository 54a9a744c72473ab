/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Turns journal records into lives. Pure: what it knows it is told. */

#include "ps-entry.h"
#include "ps-life.h"

typedef enum
{
  PS_LIVES_PLAIN, /* a life each: no steps, no notes, no backtraces */
  PS_LIVES_WHOLE, /* everything */
} PsLivesDetail;

typedef struct _PsLives PsLives;

/* Whether the boot is over that is the last known of a life. */
typedef gboolean (*PsIsBootOver) (const char *machine_id, const char *boot_id, gpointer user_data);

PsLives *ps_lives_new (PsLivesDetail detail);
void ps_lives_free (PsLives *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsLives, ps_lives_free)

/* In the order of the journal. */
void ps_lives_add (PsLives *self, const PsEntry *entry);

/* Once, when all are there: decides what is not told, and sorts. is_boot_over may be NULL. */
void ps_lives_finish (PsLives *self, PsIsBootOver is_boot_over, gpointer user_data);

/* The newest last. */
guint ps_lives_get_n (const PsLives *self);
PsLife *ps_lives_get (const PsLives *self, guint index);

/* The newest last, whose end is known; NULL: none. */
PsLife *ps_lives_get_last_over (const PsLives *self);

/* Records that claim to be of a unit, and are not: left out. */
guint ps_lives_get_n_foreign (const PsLives *self);
