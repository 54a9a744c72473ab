/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a life ended, concluded from its lines in the record and from how things are now. Pure. */

#include "ps-run-life.h"
#include "ps-types.h"

/* How things are when a life is judged. */
typedef struct
{
  char boot[PS_RUN_LIFE_ID]; /* "": not known; so the others */
  char machine[PS_RUN_LIFE_ID];
  uint64_t inode; /* of the record */
  int64_t born_ns;
  uint64_t pid_namespace;
  int64_t pid; /* our own */
  int64_t start;
  gboolean is_locked;  /* somebody has the record open and lives */
  int64_t start_there; /* of the process that has the number of the life's; -1: there is none */
} PsPresent;

typedef enum
{
  PS_FINDING_ENDED,
  PS_FINDING_LIVES,
} PsFindingKind;

typedef struct
{
  PsFindingKind kind;
  PsVerdict verdict;
  const char *reason; /* in words, where the verdict alone does not tell; NULL */
  int signum;         /* 0: none */
  int code;           /* -1: none */
  int status;         /* -1: not known */
  gboolean end_is_known;
  PsRunLifeTime ended; /* the end, or the last sign of life */
} PsFinding;

void ps_verdict_find (PsFinding *finding, const PsRunLife *life, const PsPresent *present);
gboolean ps_verdict_parse (const char *word, PsVerdict *verdict);
const char *ps_verdict_word (PsVerdict verdict);
int ps_verdict_parse_signal (const char *name);
