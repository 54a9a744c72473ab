/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The words of a will file (docs/will-format.md): pure, and without memory of their own. */

/* floor 0 */
#include "ps-line.h"
/* floor 3 */
#include "ps-beneath.h"
#include "ps-owner.h"

#include <limits.h>
#include <stddef.h>

#define PS_WILL_PLACES 32     /* directories of one will */
#define PS_WILL_ARGUMENTS 64  /* of one command */
#define PS_WILL_TRIES 3       /* how often a command is begun */
#define PS_WILL_MAX (8 << 20) /* bytes of one file */
#define PS_WILL_REASON 160

typedef enum
{
  PS_WILL_UNLINK,
  PS_WILL_RMDIR,
  PS_WILL_RUN,
} PsWillVerb;

typedef enum
{
  PS_WILL_OPEN,
  PS_WILL_REVOKED,
  PS_WILL_OVER, /* done, failed or skipped */
} PsWillState;

/* A directory in which clauses name things. */
typedef struct
{
  unsigned number; /* from 1 */
  PsBeneathId id;
  char path[PATH_MAX];
} PsWillPlace;

/* One clause. argv: a command's words, and argv[n] is NULL; they are in text. */
typedef struct
{
  unsigned number; /* from 1, ascending */
  PsWillVerb verb;
  unsigned place; /* of a file: where; */
  int has_id;     /* whether it was there; */
  PsBeneathId id; /* and which it was */
  char *path;     /* from there */
  char *argv[PS_WILL_ARGUMENTS + 1];
  char text[PS_LINE_MAX];
} PsWillClause;

/* What is known of each clause of a file. */
typedef struct
{
  unsigned number;
  unsigned offset; /* of its line in the file */
  unsigned length; /* with the line break */
  unsigned char verb;
  unsigned char state;
  unsigned char tries;
} PsWillEntry;

typedef enum
{
  PS_WILL_READABLE,
  PS_WILL_EMPTY,   /* not even a header: nobody relies on it */
  PS_WILL_DAMAGED, /* a whole line is not as it was written */
  PS_WILL_FOREIGN, /* not ours, of a later version, or with verbs that we do not know */
  PS_WILL_TOO_LONG /* for the table */
} PsWillKind;

typedef struct
{
  PsWillKind kind;
  PsOwner owner;
  size_t whole; /* bytes up to the end of the last whole line */
  int is_torn;
  unsigned line; /* of what is damaged or foreign, from 1 */
  unsigned n;
  unsigned room;
  PsWillEntry *entries; /* the caller's */
} PsWillText;

/* Each prints one line; 0: it does not fit. */
size_t ps_will_text_header (char *buffer, size_t size);
size_t ps_will_text_owner (char *buffer, size_t size, const PsOwner *owner);
size_t ps_will_text_place (char *buffer, size_t size, unsigned number, const char *path,
                           const PsBeneathId *id);
size_t ps_will_text_file (char *buffer, size_t size, PsWillVerb verb, unsigned number,
                          unsigned place, const char *path, const PsBeneathId *id);
size_t ps_will_text_command (char *buffer, size_t size, unsigned number, const char *const *argv);
size_t ps_will_text_mark (char *buffer, size_t size, const char *mark, unsigned number,
                          const char *reason);

void ps_will_text_read (PsWillText *will, const char *bytes, size_t n);
int ps_will_text_read_place (const PsLineRead *line, PsWillPlace *place);
int ps_will_text_find_place (const char *bytes, size_t n, unsigned number, PsWillPlace *place);
int ps_will_text_read_clause (const char *bytes, const PsWillEntry *entry, PsWillClause *clause);
const char *ps_will_text_verb (PsWillVerb verb);
const char *ps_will_text_error (int error);
PsWillEntry *ps_will_text_find (PsWillEntry *entries, unsigned n, unsigned number);
