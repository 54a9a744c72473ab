/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The run record of a unit or program: opened, judged, kept small, and begun anew. */

/* floor 2 */
#include "ps-run-private.h"
/* floor 3 */
#include "ps-store.h"

typedef struct
{
  PsStore store;
  PsRun *previous;  /* NULL: there was none */
  gboolean is_told; /* an earlier start has said what became of it */
  gboolean is_damaged;
  char id[PS_RUN_LIFE_ID];      /* of the life that is to begin */
  char last_id[PS_RUN_LIFE_ID]; /* of the one before */
} PsRunFile;

char *ps_run_file_choose_name (void);
gboolean ps_run_file_open (PsRunFile *self, int dir, const char *name, PsRecordFlags flags,
                           GError **error);
gboolean ps_run_file_begin (PsRunFile *self, PsRecordFlags flags, GError **error);
void ps_run_file_clear (PsRunFile *self);

/* For `psctl settle`. */
gboolean ps_run_file_settle (int dir, const char *name, const char *by, const char *invocation_id,
                             const char *result, const char *code, const char *status,
                             GError **error);
