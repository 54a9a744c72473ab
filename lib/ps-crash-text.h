/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A crash in words: for people, and as fields of a journal record. Pure, async-signal-safe. */

#include "ps-crash-types.h"

/* floor 0 */
#include "ps-words.h"

/* What the words need to know beside PsCrash. */
typedef struct
{
  int at_stack_end;      /* the fault is where the stack would have grown */
  int syscall;           /* that was denied, for SIGSYS */
  int is_self;           /* the sender is this process */
  int64_t silent_us;     /* for how long the service manager has heard nothing; 0: not too long */
  const char *not_run;   /* names of finish callbacks, a line each */
  unsigned n_not_run;    /* how many there are; more than lines, perhaps */
  const char *cut_short; /* why this account is not whole, or NULL */
} PsCrashNotes;

const char *ps_crash_text_signal (int signum);
const char *ps_crash_text_code (int signum, int code);
void ps_crash_text_reason (PsWords *words, const PsCrash *crash, const PsCrashNotes *notes);
void ps_crash_text_headline (PsWords *words, const PsCrash *crash);
void ps_crash_text_backtrace (PsWords *words, const PsCrash *crash, const char *indent);
void ps_crash_text_account (PsWords *words, const PsCrash *crash, const PsCrashNotes *notes);
void ps_crash_text_record (PsWords *record, const PsCrash *crash, const PsCrashNotes *notes,
                           const char *message, const char *backtrace);
void ps_crash_text_cut (PsWords *record, const char *name, const char *why, const char *message);
