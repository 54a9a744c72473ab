/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The well of files that outlive us: one file, of which no other has a say, in one directory. */

#include <limits.h>
#include <sys/stat.h>
#include <sys/types.h>

typedef enum
{
  PS_STORE_CREATE = 1 << 0, /* where there is none */
  PS_STORE_NEW = 1 << 1,    /* and where there is one, it is an error */
  PS_STORE_SYNC = 1 << 2,   /* what was written has reached the disk when a function returns */
} PsStoreFlags;

typedef struct
{
  int dir; /* ours, close-on-exec */
  int fd;  /* -1: not open */
  dev_t dev;
  ino_t ino;
  int is_synced;
  int failure;  /* errno of what made it unfit for writing; 0: none */
  off_t length; /* as we know it */
  char name[NAME_MAX + 1];
} PsStore;

#define PS_STORE_CLOSED                                                                            \
  {                                                                                                \
    .dir = -1, .fd = -1                                                                            \
  }

/* A failed call sets errno and, where that does not say all, *why; else that is NULL. */
int ps_store_check_directory (int fd, const char **why);
int ps_store_open_directory (const char *path, const char **why);
int ps_store_open (PsStore *store, int dir, const char *name, PsStoreFlags flags, const char **why);
void ps_store_close (PsStore *store);
int ps_store_lock (PsStore *store, pid_t *holder);
ssize_t ps_store_read (PsStore *store, char *buffer, size_t size);
int ps_store_cut (PsStore *store, off_t length);
int ps_store_replace (PsStore *store, const char *bytes, size_t n);
int ps_store_remove (PsStore *store);
int ps_store_rename (PsStore *store, const char *name);

/* Async-signal-safe. */
int ps_store_append (PsStore *store, const char *bytes, size_t n);
int ps_store_is_ours (const PsStore *store);
