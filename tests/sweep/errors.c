/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * From the manual pages, and from them only what a correct program can be told by a kernel that is
 * out of something, by a device, or by the other side. A call that is not in the table makes the
 * sweep fail, so that it is complete; one with no errors is there because it has none.
 */

#include "errors.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct
{
  long call;
  gboolean interrupted;
  int errors[SWEEP_ERRORS_MAX + 1];
} Row;

static const Row rows[] = {
  /* Descriptors. */
  { SYS_read, TRUE, { EIO, EAGAIN } },
  { SYS_write, TRUE, { EAGAIN, EIO, ENOSPC, EPIPE } },
  { SYS_writev, TRUE, { EAGAIN, EIO, ENOSPC, EPIPE } },
  { SYS_close, TRUE, { EIO } },
  { SYS_openat, TRUE, { EMFILE, ENOENT, EACCES, ENOMEM } },
  { SYS_access, FALSE, { EACCES, ENOENT, EIO } },
  { SYS_newfstatat, FALSE, { EIO, ENOMEM } },
  { SYS_fstat, FALSE, { EIO, ENOMEM } },
  { SYS_memfd_create, FALSE, { EMFILE, ENFILE, ENOMEM } },
  { SYS_ftruncate, TRUE, { ENOSPC } },
  { SYS_fcntl, FALSE, { 0 } },
  { SYS_lseek, FALSE, { 0 } },
  { SYS_ioctl, FALSE, { ENOTTY } },
  { SYS_eventfd2, FALSE, { EMFILE, ENFILE, ENOMEM } },
  /* Sockets. */
  { SYS_socket, FALSE, { EMFILE, ENFILE, ENOMEM, EACCES } },
  { SYS_connect, TRUE, { ECONNREFUSED, EACCES, ENOENT } },
  { SYS_sendmsg, TRUE, { EAGAIN, ECONNREFUSED, ENOBUFS, EPIPE, EMSGSIZE } },
  { SYS_sendto, TRUE, { EAGAIN, ECONNREFUSED, ENOBUFS, EPIPE } },
  { SYS_setsockopt, FALSE, { EPERM, ENOBUFS } },
  { SYS_getsockopt, FALSE, { ENOBUFS } },
  { SYS_getpeername, FALSE, { ENOBUFS } },
  /* Waiting. */
  { SYS_poll, TRUE, { ENOMEM } },
  { SYS_ppoll, TRUE, { ENOMEM } },
  { SYS_futex, TRUE, { EAGAIN } },
  { SYS_restart_syscall, TRUE, { 0 } },
  /* Memory and threads. */
  { SYS_brk, FALSE, { 0 } },
  { SYS_mmap, FALSE, { ENOMEM } },
  { SYS_munmap, FALSE, { ENOMEM } },
  { SYS_mprotect, FALSE, { ENOMEM } },
  { SYS_madvise, FALSE, { EAGAIN } },
  { SYS_set_robust_list, FALSE, { 0 } },
  { SYS_rseq, FALSE, { 0 } },
  { SYS_clone3, FALSE, { EAGAIN, ENOMEM } },
  { SYS_sched_yield, FALSE, { 0 } },
  { SYS_prctl, FALSE, { 0 } },
  /* Timers: each counts as a pending signal, of which a user has so many. */
  { SYS_timer_create, FALSE, { EAGAIN, ENOMEM } },
  { SYS_timer_settime, FALSE, { 0 } },
  { SYS_timer_delete, FALSE, { 0 } },
  /* Signals, and who we are: no errors but for wrong arguments. */
  { SYS_rt_sigaction, FALSE, { 0 } },
  { SYS_rt_sigprocmask, FALSE, { 0 } },
  { SYS_rt_sigreturn, FALSE, { 0 } },
  { SYS_rt_sigpending, FALSE, { 0 } },
  { SYS_rt_sigtimedwait, TRUE, { EAGAIN } },
  { SYS_tgkill, FALSE, { 0 } },
  { SYS_kill, FALSE, { EPERM } },
  { SYS_getpid, FALSE, { 0 } },
  { SYS_gettid, FALSE, { 0 } },
  { SYS_getuid, FALSE, { 0 } },
  { SYS_getgid, FALSE, { 0 } },
  { SYS_geteuid, FALSE, { 0 } },
  { SYS_getegid, FALSE, { 0 } },
  { SYS_exit, FALSE, { 0 } },
  { SYS_exit_group, FALSE, { 0 } },
};

/* Of futex(), only waiting can fail. */
static gboolean
wakes (const SweepCall *call)
{
  int operation = (int) call->arguments[1] & FUTEX_CMD_MASK;

  return call->call == SYS_futex && operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET;
}

/* The counters that wake a loop: they do not block, and writing fails only when they are set. */
static gboolean
is_of_eventfd (const SweepCall *call)
{
  char path[64], target[64] = "";

  if (call->call != SYS_read && call->call != SYS_write)
    return FALSE;
  g_snprintf (path, sizeof path, "/proc/%d/fd/%d", (int) call->pid, (int) call->arguments[0]);
  return readlink (path, target, sizeof target - 1) > 0
         && g_str_equal (target, "anon_inode:[eventfd]");
}

static const Row *
find (const SweepCall *call)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].call == call->call)
      return &rows[i];
  return NULL;
}

const int *
sweep_errors (const SweepCall *call)
{
  static const int none[] = { 0 }, nothing_there[] = { EAGAIN, 0 };
  const Row *row = find (call);

  if (row == NULL)
    return NULL;
  if (is_of_eventfd (call))
    return call->call == SYS_read ? nothing_there : none;
  return wakes (call) ? none : row->errors;
}

gboolean
sweep_can_be_interrupted (const SweepCall *call)
{
  const Row *row = find (call);

  return row != NULL && row->interrupted && !wakes (call) && !is_of_eventfd (call);
}

gboolean
sweep_is_made_anyway (const SweepCall *call)
{
  return call->call == SYS_close;
}
