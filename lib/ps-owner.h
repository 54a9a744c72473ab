/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whose a file is: one life of a process, which is more than a process ID. libc only, no memory. */

/* floor 0 */
#include "ps-line.h"

#define PS_OWNER_ID 33 /* 128 bits in hexadecimal digits, and a NUL */

typedef struct
{
  char run[PS_OWNER_ID];        /* made up for this life; what tells it from all others */
  char boot[PS_OWNER_ID];       /* "": not known */
  char invocation[PS_OWNER_ID]; /* systemd's; "": none */
  int64_t pid;
  int64_t start; /* of the process, in ticks since the boot; 0: not known */
} PsOwner;

int ps_owner_init_self (PsOwner *owner, const char *run, const char *invocation);
int ps_owner_make_run (char run[PS_OWNER_ID]);
int ps_owner_is_alive (const PsOwner *owner);
int ps_owner_is_of_this_boot (const PsOwner *owner);

/* As the words of a line; read: 0, or -1 when it is not one. */
void ps_owner_print (const PsOwner *owner, PsLine *line);
int ps_owner_read (PsOwner *owner, const PsLineRead *line);
