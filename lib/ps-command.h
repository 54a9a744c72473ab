/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A command that is run at the end of a life: without a shell, and never for longer than it may. */

#include <stdint.h>

typedef enum
{
  PS_COMMAND_ENDED,   /* by itself, with this wait status */
  PS_COMMAND_KILLED,  /* by us, since its time was over */
  PS_COMMAND_UNKNOWN, /* somebody else in this process has waited for it */
  PS_COMMAND_FAILED,  /* it was not begun: errno */
} PsCommandEnd;

const char *ps_command_fault (const char *path);
PsCommandEnd ps_command_run (char *const *argv, int64_t limit_us, int *status);
