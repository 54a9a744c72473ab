/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the files that make lives: ps-lives.c (which life), ps-lives-tell.c (what a record
 * says of it), ps-lives-finish.c (what follows when all are there). */

#include "ps-kinds.h"
#include "ps-lives.h"

struct _PsLives
{
  PsLivesDetail detail;
  GStringChunk *texts;
  GPtrArray *lives;          /* in the order of appearance */
  GHashTable *by_process;    /* "boot:pid": the last of that number */
  GHashTable *by_invocation; /* "invocation", and "invocation:pid" */
  GHashTable *boots;         /* boot: gint64, when it would have begun by the clock on the wall */
  guint n_foreign;
};

const char *ps_lives_keep (PsLives *self, const PsEntry *entry, PsKey key);
const char *ps_lives_keep_account (PsLives *self, const PsEntry *entry, PsKey key);

void ps_lives_tell (PsLives *self, PsLife *life, const PsEntry *entry, const PsKindEntry *kind);
void ps_lives_tell_previous (PsLives *self, PsLife *life, const PsEntry *entry, PsFate fate);
void ps_lives_tell_manager (PsLives *self, PsLife *life, const PsEntry *entry, const char *what);
void ps_lives_tell_coredump (PsLives *self, PsLife *life, const PsEntry *entry);
