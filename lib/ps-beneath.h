/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names below a directory that never lead out of it, and which file it is that has one. */

#include <stdint.h>

/* Which file it is: within one boot all of it, after another the number of the device may differ.
 */
typedef struct
{
  uint64_t device;
  uint64_t inode;
  int64_t born_ns; /* 0: the file system does not keep it */
  uint32_t type;   /* S_IFMT of its mode */
  uint64_t mount;  /* where it is, now; 0: not known. Not written down */
} PsBeneathId;

const char *ps_beneath_fault (const char *path);
int ps_beneath_open_parent (int root, const char *path, const char **leaf);
int ps_beneath_identify (int dir, const char *leaf, PsBeneathId *id);
int ps_beneath_is_same (const PsBeneathId *was, const PsBeneathId *is, int is_same_boot);
int ps_beneath_is_mounted (const PsBeneathId *id, const PsBeneathId *parent);
int ps_beneath_is_volatile (int dir);
