/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What started an exit or a reload, and the exit status that follows from it. */

#include "ps-types.h"

typedef enum
{
  PS_CAUSE_NONE,
  PS_CAUSE_SIGNAL, /* a signal */
  PS_CAUSE_QUIT,   /* ps_watcher_quit() */
  PS_CAUSE_EXIT,   /* exit(), or return from main() */
  PS_CAUSE_LOOP,   /* somebody quit the main loop */
} PsCauseKind;

/* What siginfo tells of the way a signal came. */
typedef enum
{
  PS_ORIGIN_UNKNOWN,
  PS_ORIGIN_PROCESS, /* another process, which the sender names */
  PS_ORIGIN_SELF,    /* this process itself */
  PS_ORIGIN_OUTSIDE, /* a process outside our PID namespace */
  PS_ORIGIN_KERNEL,  /* a terminal's key or hangup, a resource limit */
  PS_ORIGIN_TIMER,   /* a timer of this process; its pid field is none */
} PsOrigin;

typedef struct
{
  PsCauseKind kind;
  int signum;
  gboolean has_value;
  int value; /* that was sent with the signal */
  int code;
  PsOrigin origin;
  PsSender sender; /* meaningful for PS_ORIGIN_PROCESS and PS_ORIGIN_SELF */
  char comm[65];   /* what the sender's texts point to */
  char unit[257];
  char user_unit[257];
} PsCause;

/* Room for a cause in words. */
#define PS_CAUSE_WORDS 704

void ps_cause_clear (PsCause *cause);
void ps_cause_copy (PsCause *to, const PsCause *from);
void ps_cause_take (PsCause *cause, PsCause *from);
void ps_cause_set_signal (PsCause *cause, int signum, PsOrigin origin, const PsSender *sender);
const PsSender *ps_cause_get_sender (const PsCause *cause);
char *ps_cause_describe (const PsCause *cause, char *buffer, gsize size);
const char *ps_cause_kind_name (PsCauseKind kind);

PsOrigin ps_cause_origin (int si_code, pid_t sender, pid_t self);

int ps_cause_status (const PsCause *cause, PsExitPolicy policy);
int ps_cause_clamp_code (int code);
