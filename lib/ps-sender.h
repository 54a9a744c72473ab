/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What /proc tells of the process that sent a signal, read in the handler of that signal. All of it
 * is async-signal-safe; a text is empty where nothing was learnt. */

#include <stddef.h>
#include <sys/types.h>

void ps_sender_read_comm (pid_t pid, char *comm, size_t size);
void ps_sender_read_cgroup (pid_t pid, char *cgroup, size_t size);

void ps_sender_pick_cgroup (int fd, char *cgroup, size_t size);
