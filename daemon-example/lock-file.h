/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A file that says which process has something, locked as long as that lives. */
typedef struct
{
  char *path;
  int fd;
} LockFile;

LockFile *lock_file_take (const char *path, GError **error);
void lock_file_release (LockFile *self);
