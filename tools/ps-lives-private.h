/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the files that make lives: ps-lives-known.c (those that are known so far), ps-lives.c
 * (which life a record belongs to), ps-lives-tell.c (what its own say of it), ps-lives-others.c
 * (what others say), ps-lives-finish.c (what follows when all are there). */

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

/* ps-lives-known.c */
/* pid: negative where the table is asked for an invocation as a whole. NULL: none. */
PsLife *ps_lives_find (GHashTable *table, const char *name, gint64 pid);
/* Of the process that logged the entry. */
PsLife *ps_lives_make (PsLives *self, const PsEntry *entry);
/* A life that only its successor tells of. */
PsLife *ps_lives_make_previous (PsLives *self, const PsEntry *entry);

/* "" when it is not there. */
const char *ps_lives_keep (PsLives *self, const PsEntry *entry, PsKey key);
/* What is too long for a list: "" in a plain life. */
const char *ps_lives_keep_account (PsLives *self, const PsEntry *entry, PsKey key);

/* ps-lives-tell.c */
void ps_lives_tell (PsLives *self, PsLife *life, const PsEntry *entry, const PsKindEntry *kind);
void ps_lives_tell_why (PsLives *self, PsWhy *why, const PsEntry *entry);
void ps_lives_tell_last_step (PsLives *self, PsLife *life, const PsEntry *entry);
void ps_lives_tell_end (PsLife *life, const PsEntry *entry, PsFate fate, PsTeller teller);

/* ps-lives-others.c */
void ps_lives_tell_previous (PsLives *self, PsLife *life, const PsEntry *entry, PsFate fate);
void ps_lives_tell_manager (PsLives *self, PsLife *life, const PsEntry *entry, const char *what);
void ps_lives_tell_coredump (PsLives *self, PsLife *life, const PsEntry *entry);
