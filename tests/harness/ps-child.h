/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The child's side of a case: what it can say, and what it can see of itself. */

#include <glib.h>
#include <signal.h>
#include <sys/types.h>

/* Says a line. From any thread, from signal handlers and exit hooks: one write(), no memory. */
void child_say (const char *line);

/* The same with values. Not from signal handlers. */
void child_sayf (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Waits for a line from the parent; another one ends the child with status 99. */
void child_await (const char *line);

/* For conditions of the test itself: says what is not so and ends the child with status 99. */
#define child_need(expression)                                                                     \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (!(expression))                                                                             \
      child_give_up (G_STRLOC, #expression);                                                       \
  }                                                                                                \
  G_STMT_END
void child_give_up (const char *where, const char *expression) G_GNUC_NORETURN;

/* A thread that does nothing, for ever, and takes signals. What must hold in a process with
 * threads does not show in one without: glibc leaves locks out there. */
void child_start_thread (void);

/* Under the leak sanitizer: this child loses memory on purpose, or cannot be looked into. */
void child_forgive_leaks (void);

/* The open file descriptors. child_fds_check() says one line for each that was not there before
 * and for each that has gone, and returns their number. */
typedef struct _ChildFdSet ChildFdSet;
ChildFdSet *child_fds_note (void);
guint child_fds_check (ChildFdSet *before);

guint child_count_threads (void);
gint64 child_memory_kib (void);

/* Says one line when the disposition of signum is not the same as before. */
void child_check_action (int signum, const struct sigaction *before);

/* Says "Sig…" of /proc/self/status as a number: "SigBlk", "SigIgn", "SigCgt". */
guint64 child_signal_set (const char *name);

/* Waits for a process and describes its end as proc_describe() does. To be freed. */
char *child_wait_for (pid_t pid);

/* Says how a forked child ends that calls exit (0). */
void child_fork_and_exit (void);
