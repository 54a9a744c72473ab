/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Rows of clean text in columns. Pure but for printing. */

#include "ps-output.h"

typedef struct
{
  const char *title;
  gboolean is_right;   /* aligned: numbers */
  gboolean is_elastic; /* gives way where there is too little room; one of them */
  gboolean is_left_out;
} PsColumn;

typedef struct _PsTable PsTable;

PsTable *ps_table_new (const PsColumn *columns, gsize n);
void ps_table_free (PsTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsTable, ps_table_free)

/* cells: one for each column; taken over. tint: of the elastic cell. */
void ps_table_add (PsTable *self, char **cells, PsTint tint);
void ps_table_print (const PsTable *self, const PsOutput *output);
