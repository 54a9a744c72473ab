/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which kind of record a message ID stands for: ours, and those of systemd's that tell of ends. */

#include "ps-life.h"

typedef enum
{
  PS_KIND_NONE,
  PS_KIND_RUN_BEGUN,
  PS_KIND_EXIT_BEGUN,
  PS_KIND_EXIT_FINISHED,
  PS_KIND_EXIT_FORCED,
  PS_KIND_CRASHED,
  PS_KIND_PREVIOUS,
  PS_KIND_WILL_DONE,
  PS_KIND_STEP_BEGUN,
  PS_KIND_STEP_DONE,
  PS_KIND_STEP_SKIPPED,
  PS_KIND_HOLD_DROPPED,
  PS_KIND_CALLBACK_FAILED,
  PS_KIND_EXIT_VETOED,
  PS_KIND_NOTE,
  PS_KIND_MANAGER,  /* systemd's */
  PS_KIND_COREDUMP, /* systemd-coredump's */
} PsKind;

typedef struct
{
  const char *id;
  PsKind kind;
  const char *word; /* what a note of it is called; NULL: it makes none */
  PsFate fate;      /* of PS_KIND_PREVIOUS */
} PsKindEntry;

/* NULL: none that matters. */
const PsKindEntry *ps_kinds_find (const char *message_id);

/* The table, for matches. */
const PsKindEntry *ps_kinds_get (gsize *n);

/* Told for each life; the others are of use for one exit only. */
gboolean ps_kind_is_of_life (PsKind kind);
gboolean ps_kind_is_of_systemd (PsKind kind);
