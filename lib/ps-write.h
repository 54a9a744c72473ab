/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* write(2) to a descriptor of which nothing is known. Async-signal-safe. */

#include <sys/types.h>

ssize_t ps_write (int fd, const void *bytes, size_t length);
