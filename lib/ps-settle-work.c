/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An exit may have no memory left. So whoever writes a will keeps, with each clause, as much as it
 * takes to read the whole file and to carry it out.
 */

#include "ps-settle-work.h"

#include <errno.h>
#include <stdlib.h>

/* No line of a clause is shorter. */
#define CLAUSE_MIN (sizeof "00000000 run clause=1 word=/\n" - 1)

PsSettleWork *
ps_settle_work_new (void)
{
  return calloc (1, sizeof (PsSettleWork));
}

static int
grow (void **memory, size_t size)
{
  void *larger = realloc (*memory, size);

  if (larger == NULL)
    return -1;
  *memory = larger;
  return 0;
}

/* Room for so many bytes. 0, or -1: errno. */
int
ps_settle_work_reserve (PsSettleWork *work, size_t bytes)
{
  size_t room = bytes + bytes / 2 + 4096;

  if (bytes <= work->room)
    return 0;
  if (grow ((void **) &work->bytes, room) < 0)
    return -1;
  work->room = room;
  return 0;
}

/* Room for a file of so many bytes, and for the table of its clauses. 0, or -1: errno; EFBIG: it
 * is larger than any of ours. */
int
ps_settle_work_reserve_file (PsSettleWork *work, size_t bytes)
{
  unsigned n = (unsigned) (bytes / CLAUSE_MIN) + 1;

  if (bytes > PS_WILL_MAX)
    {
      errno = EFBIG;
      return -1;
    }
  if (ps_settle_work_reserve (work, bytes) < 0)
    return -1;
  if (n <= work->n_entries)
    return 0;
  n += n / 2 + 64;
  if (grow ((void **) &work->entries, n * sizeof (PsWillEntry)) < 0)
    return -1;
  work->n_entries = n;
  return 0;
}

void
ps_settle_work_free (PsSettleWork *work)
{
  if (work == NULL)
    return;
  free (work->bytes);
  free (work->entries);
  free (work);
}
