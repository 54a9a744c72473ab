/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command of a will: leaves one byte in a file for each time that it was run. That the byte is
 * on the disk when the clause is marked is the command's own affair. */

#include <fcntl.h>
#include <unistd.h>

int
main (int argc, char **argv)
{
  int fd = argc == 2 ? open (argv[1], O_WRONLY | O_APPEND | O_CLOEXEC) : -1;

  return fd < 0 || write (fd, "x", 1) != 1 || fsync (fd) < 0;
}
