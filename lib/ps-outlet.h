/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A way out for datagrams: to a socket that has a name, never waiting for long.
 * Async-signal-safe. */

/* floor 0 */
#include "ps-fd.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

/* { .socket = { .fd = -1 } }: it is closed. */
typedef struct
{
  struct sockaddr_un address;
  socklen_t length;
  PsFd socket;
} PsOutlet;

void ps_outlet_open (PsOutlet *self, const struct sockaddr_un *address, socklen_t length);
void ps_outlet_close (PsOutlet *self);

int ps_outlet_send (const PsOutlet *self, const struct iovec *parts, size_t n, int64_t limit_us);
int ps_outlet_send_file (const PsOutlet *self, int file, int64_t limit_us);
