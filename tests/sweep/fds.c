/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Executed by the subject, as a daemon executes its helpers: says which descriptors it finds. */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
main (void)
{
  int n = 0;

  for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
    n += fcntl (fd, F_GETFD) >= 0;
  if (n > 0)
    dprintf (STDOUT_FILENO, "leak\n");
  return n;
}
