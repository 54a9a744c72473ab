/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loaded by crash-locks: does what it is asked to while the loader holds its lock. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void __attribute__ ((constructor)) while_loading (void)
{
  const char *what = getenv ("CRASH_MODULE");

  if (what != NULL && strcmp (what, "crash") == 0)
    *(volatile int *) 0x1230 = 1;
  while (what != NULL && strcmp (what, "wait") == 0)
    {
      /* Says that the lock is held. */
      if (write (STDOUT_FILENO, "loading\n", 8) < 0)
        _exit (97);
      pause ();
    }
}
