/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The owner works until nothing is left to do, then rests until a point in time. Between its last
 * look and its rest somebody may wake it; so waking leaves a mark, under the lock, and whoever
 * wants to rest finds it.
 *
 * The rest is the source's ready time: no timer, no further source. A thread that does not run the
 * loop (one that called exit()) waits on the condition instead.
 *
 * A signal interrupts the very poll() that would see the descriptor, and GLib would poll once more
 * to learn what we know. So whoever writes to the descriptor leaves a mark in memory, too, which is
 * found before the next poll() and after it. It also spares a busy loop the look at those sources
 * that come after this one.
 */

#include "ps-source.h"
#include "ps-fd.h"
#include "ps-lock.h"

#include <glib-unix.h>
#include <errno.h>
#include <unistd.h>

typedef struct
{
  GSource base;
  PsFd fd;
  atomic_int *mark;
  int (*reopen) (void);
  gpointer tag; /* NULL: there is no descriptor any more */
  GMutex lock;
  GCond woken;
  gboolean awake;
  guint n_waiting; /* on the condition */
} Source;

static gboolean
is_marked (const Source *source)
{
  return source->mark != NULL && atomic_load (source->mark);
}

static gboolean
prepare (GSource *base, int *timeout_ms)
{
  *timeout_ms = -1;
  return is_marked ((Source *) base);
}

static gboolean
check (GSource *base)
{
  return is_marked ((Source *) base);
}

/* A program that closes what it does not know may have given the number to something of its own,
 * which is not to be read, and not to be waited for. It is found out when that number is closed or
 * readable, or by the mark. */
static void
replace (Source *source)
{
  int fd = source->reopen != NULL ? source->reopen () : -1;

  g_source_remove_unix_fd (&source->base, g_steal_pointer (&source->tag));
  source->fd.fd = -1;
  if (ps_fd_keep (&source->fd, fd) >= 0)
    source->tag = g_source_add_unix_fd (&source->base, fd, G_IO_IN);
}

static void
empty (Source *source)
{
  int fd = ps_fd_get_hopefully (&source->fd);
  guint64 count;

  if (fd >= 0)
    while (read (fd, &count, sizeof count) < 0 && errno == EINTR)
      ;
  else if (source->tag != NULL)
    replace (source);
}

static gboolean
is_readable (const Source *source)
{
  return source->tag != NULL
         && g_source_query_unix_fd ((GSource *) &source->base, source->tag) != 0;
}

static gboolean
dispatch (GSource *base, GSourceFunc func, gpointer data)
{
  Source *source = (Source *) base;

  if (is_marked (source) || is_readable (source))
    {
      /* First: whoever leaves one from now on is seen in the next turn. */
      if (source->mark != NULL)
        atomic_store (source->mark, 0);
      empty (source);
    }
  ((PsSourceFunc) (void (*) (void)) func) (data);
  return G_SOURCE_CONTINUE;
}

static void
finalize (GSource *base)
{
  Source *source = (Source *) base;

  g_mutex_clear (&source->lock);
  g_cond_clear (&source->woken);
}

static GSourceFuncs source_funcs = {
  .prepare = prepare, .check = check, .dispatch = dispatch, .finalize = finalize
};

/* The source recurses: a callback may run a loop of its own, and signals are
 * still seen. */
GSource *
ps_source_new (const PsSourceWaker *waker, PsSourceFunc func, gpointer data)
{
  GSource *base = g_source_new (&source_funcs, sizeof (Source));
  Source *source = (Source *) base;

  g_mutex_init (&source->lock);
  g_cond_init (&source->woken);
  source->fd = (PsFd){ .fd = -1 };
  ps_fd_keep (&source->fd, waker->fd);
  source->mark = waker->mark;
  source->reopen = waker->reopen;
  source->tag = g_source_add_unix_fd (base, waker->fd, G_IO_IN);
  g_source_set_static_name (base, "[libpostscriptum] watcher");
  g_source_set_priority (base, G_PRIORITY_HIGH);
  g_source_set_can_recurse (base, TRUE);
  g_source_set_callback (base, (GSourceFunc) (void (*) (void)) func, data, NULL);
  return base;
}

/* In a forked child: whether no thread of the parent was at work here. */
gboolean
ps_source_is_at_rest (GSource *base)
{
  return ps_lock_is_free (&((Source *) base)->lock);
}

/* ready_time: for the loop. On the condition hardly ever anybody waits, and each wake-up there is a
 * system call. */
static void
wake (GSource *base, gint64 ready_time)
{
  Source *source = (Source *) base;
  int cancel_state = ps_cancel_forbid ();

  g_mutex_lock (&source->lock);
  source->awake = TRUE;
  g_source_set_ready_time (base, ready_time);
  if (source->n_waiting > 0)
    g_cond_broadcast (&source->woken);
  g_mutex_unlock (&source->lock);
  ps_cancel_restore (cancel_state);
}

/* From any thread. */
void
ps_source_wake (GSource *base)
{
  wake (base, 0);
}

/* Sleep till then (G_MAXINT64: for good). FALSE: there was a wake-up since the last call; work
 * first. */
gboolean
ps_source_rest (GSource *base, gint64 until_us)
{
  Source *source = (Source *) base;
  gboolean rested;

  g_mutex_lock (&source->lock);
  rested = !source->awake;
  if (rested)
    g_source_set_ready_time (base, until_us == G_MAXINT64 ? -1 : until_us);
  source->awake = FALSE;
  g_mutex_unlock (&source->lock);
  return rested;
}

/* For the loop's thread, when the work is another thread's: passes the wake-up on, and lets the
 * loop rest. */
void
ps_source_hand_over (GSource *base)
{
  wake (base, -1);
}

/* For a thread that cannot run the loop: waits for a wake-up, no longer than until then. */
void
ps_source_wait (GSource *base, gint64 until_us)
{
  Source *source = (Source *) base;

  g_mutex_lock (&source->lock);
  source->n_waiting++;
  while (!source->awake)
    {
      if (!g_cond_wait_until (&source->woken, &source->lock, until_us))
        break;
    }
  source->n_waiting--;
  g_mutex_unlock (&source->lock);
}
