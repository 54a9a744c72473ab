/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each thread has an alternate stack of its own, or none; one that somebody has set up is left as
 * it is. Ours ends with its thread. Below it is a page that cannot be accessed, so that a handler
 * that needs more than it has dies instead of writing elsewhere.
 *
 * How much the kernel puts there grows with the processor's registers, so it is asked.
 */

#include "ps-altstack.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE_MIN ((size_t) 64 * 1024)

/* What pages are counted in, and the stack's lower end is: at its beginning. */
static size_t page;
static size_t size;
static pthread_key_t key;
static int have_key;

static void
release (void *data)
{
  char *stack = data;
  stack_t now, none = { .ss_flags = SS_DISABLE };

  /* It is the thread's no longer when somebody has set up another. */
  if (sigaltstack (NULL, &now) == 0 && now.ss_sp == stack + page)
    sigaltstack (&none, NULL);
  munmap (stack, page + size);
}

static void
make_key (void)
{
  long wanted = 2 * sysconf (_SC_SIGSTKSZ);

  page = (size_t) sysconf (_SC_PAGESIZE);
  size = wanted > (long) SIZE_MIN ? (size_t) wanted : SIZE_MIN;
  size = (size + page - 1) / page * page;
  have_key = pthread_key_create (&key, release) == 0;
}

static int
has_one (void)
{
  stack_t now;

  return sigaltstack (NULL, &now) == 0 && !(now.ss_flags & SS_DISABLE);
}

static char *
allocate (void)
{
  char *memory =
      mmap (NULL, page + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

  if (memory == MAP_FAILED)
    return NULL;
  if (mprotect (memory + page, size, PROT_READ | PROT_WRITE) == 0
      && pthread_setspecific (key, memory) == 0)
    return memory;
  munmap (memory, page + size);
  return NULL;
}

/* FALSE: this thread has none and could get none. */
int
ps_altstack_prepare (void)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  stack_t stack;
  char *memory;

  pthread_once (&once, make_key);
  if (has_one ())
    return 1;
  /* Ours may be there and out of use: others set up theirs, and take it away again. */
  memory = have_key ? pthread_getspecific (key) : NULL;
  if (memory == NULL && have_key)
    memory = allocate ();
  if (memory == NULL)
    return 0;
  stack = (stack_t){ .ss_sp = memory + page, .ss_size = size };
  return sigaltstack (&stack, NULL) == 0;
}

/* That of the calling thread, if it is ours. */
void
ps_altstack_release (void)
{
  void *memory = have_key ? pthread_getspecific (key) : NULL;

  if (memory == NULL)
    return;
  pthread_setspecific (key, NULL);
  release (memory);
}
