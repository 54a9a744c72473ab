/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between ps-proc.c and ps-child.c. */

typedef struct
{
  int input;  /* standard input; -1: there is nothing to read */
  int say;    /* where the trace goes */
  int await;  /* where the parent's lines come from */
  int output; /* standard output and error */
} ChildFds;

/* Turns the forked copy of the runner into something like a fresh process. */
void child_begin (const ChildFds *fds);
