/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The wills of one owner, or of all, that are to be found in a directory: each is opened, locked
 * and settled. One that is locked is left to whoever has it: its run lives, or somebody is at it.
 */

#include "ps-settle-files.h"
#include "ps-run-lives.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".will"
#define TRIES_TO_LOCK 8

/* Whether a file is a will: OWNER.RUN.will, for any owner where that is NULL. *run points into name
 * and has PS_OWNER_ID - 1 digits. */
int
ps_settle_is_will (const char *name, const char *owner, const char **run)
{
  size_t length = strlen (name), tail = 1 + (PS_OWNER_ID - 1) + strlen (SUFFIX);
  const char *dot;

  if (length <= tail || strcmp (name + length - strlen (SUFFIX), SUFFIX) != 0)
    return 0;
  dot = name + length - tail;
  if (*dot != '.' || strspn (dot + 1, "0123456789abcdef") != PS_OWNER_ID - 1)
    return 0;
  if (owner != NULL
      && (strlen (owner) != (size_t) (dot - name) || memcmp (owner, name, strlen (owner)) != 0))
    return 0;
  *run = dot + 1;
  return 1;
}

static PsSettleEnd
explain_open (const char *name, const PsSettleHow *how, int error, const char *why)
{
  if (error == ENOENT)
    return PS_SETTLE_NOTHING;
  return ps_settle_tell_end (how, name, NULL,
                             why != NULL || error == EACCES || error == EPERM ? PS_SETTLE_REFUSED
                                                                              : PS_SETTLE_FAILED,
                             why != NULL ? why : ps_will_text_error (error));
}

static PsSettleEnd
settle_file (int dir, const char *name, PsSettleWork *work, const PsSettleHow *how)
{
  PsSettleEnd end = PS_SETTLE_ALIVE;
  const char *why;
  PsStore store;
  int error;

  /* Replaced between the opening and the locking: then it is somebody's who lives, or lived. */
  for (int i = 0; i < TRIES_TO_LOCK; i++)
    {
      if (ps_store_open (&store, dir, name, PS_STORE_SYNC, &why) < 0)
        return explain_open (name, how, errno, why);
      if (ps_store_lock (&store, NULL) == 0)
        {
          end = ps_settle_store (&store, work, how);
          ps_store_close (&store);
          return end;
        }
      error = errno;
      ps_store_close (&store);
      if (error == EAGAIN)
        break;
      if (error != ESTALE)
        return ps_settle_tell_end (how, name, NULL, PS_SETTLE_FAILED, ps_will_text_error (error));
    }
  return end;
}

static PsSettleEnd
worse (PsSettleEnd a, PsSettleEnd b)
{
  static const unsigned char rank[] = {
    [PS_SETTLE_NOTHING] = 0, [PS_SETTLE_DONE] = 1,    [PS_SETTLE_ALIVE] = 2,
    [PS_SETTLE_FOREIGN] = 3, [PS_SETTLE_DAMAGED] = 4, [PS_SETTLE_REFUSED] = 5,
    [PS_SETTLE_LEFT] = 6,    [PS_SETTLE_FAILED] = 7,
  };

  return rank[a] >= rank[b] ? a : b;
}

/* NULL and errno 0: there are no more. */
static const struct dirent *
next_entry (DIR *entries)
{
  errno = 0;
  return readdir (entries);
}

/* Each will of that owner (NULL: of any) in the directory. Returns the worst of what was met. */
PsSettleEnd
ps_settle_all (int dir, const char *owner, PsSettleWork *work, const PsSettleHow *how)
{
  int fd = openat (dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = fd >= 0 ? fdopendir (fd) : NULL;
  PsSettleEnd end = PS_SETTLE_NOTHING;
  const struct dirent *entry;
  const char *run;

  if (entries == NULL)
    {
      if (fd >= 0)
        close (fd);
      return ps_settle_tell_end (how, owner != NULL ? owner : ".", NULL, PS_SETTLE_FAILED,
                                 ps_will_text_error (errno));
    }
  while ((entry = next_entry (entries)) != NULL)
    if (ps_settle_is_will (entry->d_name, owner, &run))
      end = worse (end, settle_file (dir, entry->d_name, work, how));
  if (errno != 0)
    end = worse (end, ps_settle_tell_end (how, owner != NULL ? owner : ".", NULL, PS_SETTLE_FAILED,
                                          ps_will_text_error (errno)));
  closedir (entries);
  return end;
}

/* The last life that a run record (docs/run-format.md) tells of. -1: errno; EPROTONOSUPPORT: it is
 * no record that this version can read. */
int
ps_settle_last_run (PsStore *record, char run[PS_OWNER_ID])
{
  size_t size = (size_t) record->length;
  PsRunLives lives;
  char *bytes;
  ssize_t n;

  run[0] = '\0';
  if (size > PS_WILL_MAX)
    {
      errno = EFBIG;
      return -1;
    }
  bytes = malloc (size + 1);
  n = bytes != NULL ? ps_store_read (record, bytes, size) : -1;
  if (n >= 0)
    ps_run_lives_read (&lives, bytes, (size_t) n);
  free (bytes);
  if (n < 0)
    return -1;
  if (lives.is_foreign)
    {
      errno = EPROTONOSUPPORT;
      return -1;
    }
  strcpy (run, lives.last.who.id);
  return 0;
}
