/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Directories for one life of the subject: one with its record, one with the things its will is
 * about; and what has become of these. */

#include "script.h"

typedef struct
{
  char *base;
  char *record;  /* base/record: where the subject keeps its record */
  char *targets; /* base/targets */
  char *kept;    /* base/kept: a second name for each file of targets, so that it can come back as
                    the same file; that of a directory cannot */
} Stage;

/* Gives this process a /run and a boot ID of its own: then what is written now can be read after a
 * reboot. To be called once, first. FALSE where namespaces are not to be had. */
gboolean stage_own_machine (void);

/* As if the machine had been started again: what programs take for the boot is another one. */
void stage_reboot (void);

/* Below a directory, or in a temporary one when that is NULL. */
Stage *stage_new (const char *parent);
void stage_free (Stage *stage);

/* Empties the record; every target of the script is there again, and no command has been run. */
void stage_reset (Stage *stage, const Script *script);

/* Empties the record, and takes the names of the targets away; no command has been run. */
void stage_empty_names (Stage *stage, const Script *script);

/* The targets that are gone, or whose command was run, as bits. *most: how often a command was
 * run at most. */
guint64 stage_carried_out (const Stage *stage, const Script *script, guint *most);

/* What the record holds, to be reported; the files of wills in it, counted. */
char *stage_describe (const Stage *stage);
guint stage_count_wills (const Stage *stage);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Stage, stage_free)
