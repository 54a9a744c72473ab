/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A descriptor that is kept for later. Async-signal-safe. */

#include <sys/types.h>

/* { .fd = -1 }: nothing is kept. */
typedef struct
{
  int fd;
  dev_t dev;
  ino_t ino;
} PsFd;

int ps_fd_keep (PsFd *self, int fd);
int ps_fd_get (const PsFd *self);
int ps_fd_get_hopefully (const PsFd *self);
void ps_fd_close (PsFd *self);
