/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A handler may interrupt the writer in the middle, or run in another thread beside it. So the note
 * is kept twice: the writer fills the one that is not in use and then says which is. A reader that
 * is overtaken twice while it copies sees a mixture of two names, cut off all the same at the end
 * of the buffer: worse than nothing would be a handler that waits.
 *
 * Process-wide, as signal handlers are. All of it is async-signal-safe.
 */

#include "ps-current.h"

#include <stdatomic.h>
#include <string.h>

static PsCurrent notes[2];
static atomic_uint in_use;

static _Atomic int64_t watchdog_us, alive_us;

/* As far as whole characters of UTF-8 fit. */
static void
copy (char *to, size_t size, const char *from)
{
  size_t n = strnlen (from, size - 1);

  while (n > 0 && ((unsigned char) from[n] & 0xc0) == 0x80)
    n--;
  memcpy (to, from, n);
  to[n] = '\0';
}

/* Which one to fill. */
static unsigned
begin_note (void)
{
  return !atomic_load_explicit (&in_use, memory_order_relaxed);
}

/* Released, and no more: this is done for each callback. That what is written next is not seen
 * before this holds for handlers in this thread, which see it as it is written; others find a
 * callback between. */
static void
end_note (unsigned next)
{
  atomic_store_explicit (&in_use, next, memory_order_release);
}

void
ps_current_set (const char *event, const char *name, int64_t begun_us)
{
  unsigned next = begin_note ();
  PsCurrent *note = &notes[next];

  note->event = event;
  copy (note->name, sizeof note->name, name);
  note->thread = pthread_self ();
  note->begun_us = begun_us;
  end_note (next);
}

void
ps_current_clear (void)
{
  unsigned next = begin_note ();

  notes[next].begun_us = 0;
  end_note (next);
}

/* 0: none is running. */
int
ps_current_get (PsCurrent *current)
{
  memcpy (current, &notes[atomic_load (&in_use)], sizeof *current);
  current->name[sizeof current->name - 1] = '\0';
  return current->begun_us != 0;
}

void
ps_current_alive (int64_t now_us, uint64_t limit_us)
{
  atomic_store (&watchdog_us, limit_us < INT64_MAX ? (int64_t) limit_us : INT64_MAX);
  atomic_store (&alive_us, now_us);
}

/* How long the service manager has heard nothing, when that is as long as it waits; otherwise 0. It
 * counts from when it reads what we sent. */
int64_t
ps_current_silent_us (int64_t now_us)
{
  int64_t limit_us = atomic_load (&watchdog_us), silent_us = now_us - atomic_load (&alive_us);

  return limit_us > 0 && silent_us >= limit_us - limit_us / 10 ? silent_us : 0;
}
