/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Executed by the subject, as a daemon executes its helpers: says which descriptors it finds. */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int
main (void)
{
  int n = 0;

  for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
    {
      char link[32], name[PATH_MAX];
      ssize_t length;

      if (fcntl (fd, F_GETFD) < 0)
        continue;
      n++;
      snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
      length = readlink (link, name, sizeof name);
      dprintf (STDOUT_FILENO, "leak: %d, %.*s\n", fd, (int) (length > 0 ? length : 0), name);
    }
  return n;
}
