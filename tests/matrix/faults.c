/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults.h"

#include <glib.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where no memory is, behind the compiler's back. */
static void
write_nowhere (void)
{
  volatile guintptr nowhere = 16;

  *(volatile int *) nowhere = 1;
}

/* Beyond the end of the file that is mapped. */
static void
write_beyond_file (void)
{
  int fd = memfd_create ("empty", MFD_CLOEXEC);
  volatile char *page = mmap (NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

  page[0] = 1;
}

static void
divide_by_zero (void)
{
#ifdef __x86_64__
  __asm__ volatile("xorl %%ecx, %%ecx\n\tmovl $1, %%eax\n\tcltd\n\tidivl %%ecx" ::
                       : "eax", "ecx", "edx", "cc");
#endif
}

static void
trap (void)
{
#ifdef __x86_64__
  __asm__ volatile("int3");
#endif
}

static void
ill (void)
{
#ifdef __x86_64__
  __asm__ volatile("ud2");
#endif
}

/* A system call that a filter answers with SIGSYS. */
static void
forbidden_call (void)
{
  struct sock_filter code[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = { .len = G_N_ELEMENTS (code), .filter = code };

  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
      && prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0)
    syscall (SYS_getppid);
}

void
fault (int signum)
{
  switch (signum)
    {
    case SIGSEGV:
      write_nowhere ();
      break;
    case SIGBUS:
      write_beyond_file ();
      break;
    case SIGFPE:
      divide_by_zero ();
      break;
    case SIGTRAP:
      trap ();
      break;
    case SIGILL:
      ill ();
      break;
    case SIGSYS:
      forbidden_call ();
      break;
    default:
      break;
    }
  raise (signum);
}

/* Deeper and deeper; the compiler is not to know that it has no end. */
static int
go_down (volatile int *depth)
{
  volatile char room[4096];

  room[0] = (char) ++*depth;
  return *depth == 0 ? 0 : go_down (depth) + room[0];
}

void
overflow_stack (int unused)
{
  volatile int depth = 0;

  go_down (&depth);
}
