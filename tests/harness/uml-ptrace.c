/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Preloaded into User Mode Linux of before 6.13, where the processor has more registers than it
 * knows of (AMX): it keeps 2,696 bytes of the extended state, and the kernel of the machine takes
 * the state back only when it is whole; the first process dies of that. What it does not know of is
 * filled up with zeros, which is what no process in there has ever changed.
 */

#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define LEAF_XSAVE 0xd
#define STATE_MAX 65536

static unsigned
size_of_state (void)
{
  static unsigned size;
  unsigned a, b = 0, c, d;

  if (size == 0 && __get_cpuid_count (LEAF_XSAVE, 0, &a, &b, &c, &d))
    size = b;
  return size;
}

static long
put_state (long pid, const struct iovec *given)
{
  static char state[STATE_MAX];
  struct iovec whole = { state, size_of_state () };

  if (given->iov_len >= whole.iov_len || whole.iov_len > sizeof state)
    return syscall (SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, given);
  memset (state, 0, whole.iov_len);
  memcpy (state, given->iov_base, given->iov_len);
  return syscall (SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &whole);
}

long
ptrace (enum __ptrace_request request, ...)
{
  long pid, address, data, word, result;
  va_list values;

  va_start (values, request);
  pid = va_arg (values, long);
  address = va_arg (values, long);
  data = va_arg (values, long);
  va_end (values);
  if (request == PTRACE_SETREGSET && address == NT_X86_XSTATE)
    return put_state (pid, (const struct iovec *) data);
  if (request != PTRACE_PEEKTEXT && request != PTRACE_PEEKDATA && request != PTRACE_PEEKUSER)
    return syscall (SYS_ptrace, request, pid, address, data);
  result = syscall (SYS_ptrace, request, pid, address, &word);
  if (result < 0)
    return result;
  errno = 0;
  return word;
}
