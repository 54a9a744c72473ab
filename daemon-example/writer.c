/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "writer.h"

#include "line.h"

/*
 * Lines come in from the connections and are written by a thread of their own, since a commit
 * waits for the disk and the loop must not. While one batch is being committed the next one
 * gathers, so that under load batches grow by themselves; batch-delay only decides how long a
 * batch that is alone waits for company, which it does not while the queue is full: then nobody
 * else can come.
 *
 * The queue is bounded by the memory of the lines that have no answer yet. It is counted in the
 * main thread alone: writer_push() adds, the return of a batch subtracts. Who pushes asks
 * writer_is_full() first, so that the limit is exceeded by one read at most.
 *
 * The end: writer_finish() gives the worker a hold. It writes what is left, releases the hold and
 * is gone. The exit waits for that, but not for ever: a disk that hangs must not make a daemon
 * that cannot be stopped. So nothing here joins a thread that has not said it is finished.
 */

typedef struct
{
  GPtrArray *lines;
  GError *error;
} Batch;

struct _Writer
{
  Store *store;
  WriterFunc func;
  gpointer user_data;
  GDestroyNotify free_line;
  GThread *thread;
  GSource *done_source;
  gsize queued_bytes; /* of lines without an answer; main thread only */
  gsize queue_limit;

  GMutex mutex;
  GCond cond;
  /* Under the mutex: */
  GQueue waiting;
  GQueue done;
  guint batch_size;
  gint64 batch_delay_us;
  gboolean full;  /* company cannot come now */
  gboolean hurry; /* company will not come any more */
  gboolean finishing;
  gboolean finished;
  PsHold *hold;
};

static void
batch_free (Batch *batch)
{
  g_ptr_array_unref (batch->lines);
  g_clear_error (&batch->error);
  g_free (batch);
}

/* --- In the worker's thread ------------------------------------------------------------------ */

/* Waits until there is a batch to write; FALSE when there will never be one again. */
static gboolean
wait_for_batch (Writer *self)
{
  gint64 until_us;

  while (self->waiting.length == 0 && !self->finishing)
    g_cond_wait (&self->cond, &self->mutex);
  if (self->waiting.length == 0)
    return FALSE;

  until_us = g_get_monotonic_time () + self->batch_delay_us;
  while (self->waiting.length < self->batch_size && !self->hurry && !self->full)
    if (!g_cond_wait_until (&self->cond, &self->mutex, until_us))
      break;
  return TRUE;
}

static Batch *
take_batch (Writer *self)
{
  guint size = MIN (self->waiting.length, self->batch_size);
  Batch *batch = g_new0 (Batch, 1);

  batch->lines = g_ptr_array_new_full (size, self->free_line);
  for (guint i = 0; i < size; i++)
    g_ptr_array_add (batch->lines, g_queue_pop_head (&self->waiting));
  self->full = FALSE;
  return batch;
}

static gpointer
work (gpointer data)
{
  Writer *self = data;
  g_autoptr (PsHold) hold = NULL; /* released at the very end, when the worker is done */

  ps_thread_prepare (); /* an overflow of this thread's stack is to be told, too */
  g_mutex_lock (&self->mutex);
  while (wait_for_batch (self))
    {
      Batch *batch = take_batch (self);

      g_mutex_unlock (&self->mutex);
      store_write (self->store, batch->lines, &batch->error);
      g_mutex_lock (&self->mutex);
      g_queue_push_tail (&self->done, batch);
      g_source_set_ready_time (self->done_source, 0);
    }
  self->finished = TRUE;
  hold = g_steal_pointer (&self->hold);
  g_mutex_unlock (&self->mutex);
  return NULL;
}

/* --- In the main thread ---------------------------------------------------------------------- */

static void
give_back (Writer *self, Batch *batch)
{
  for (guint i = 0; i < batch->lines->len; i++)
    self->queued_bytes -= line_get_cost (g_ptr_array_index (batch->lines, i));
  self->func (batch->lines, batch->error, self->user_data);
  batch_free (batch);
}

static gboolean
on_done (gpointer data)
{
  Writer *self = data;
  GQueue done;

  g_mutex_lock (&self->mutex);
  g_source_set_ready_time (self->done_source, -1);
  done = self->done;
  g_queue_init (&self->done);
  g_mutex_unlock (&self->mutex);

  while (done.length > 0)
    give_back (self, g_queue_pop_head (&done));
  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

Writer *
writer_new (Store *store, const Config *config, WriterFunc func, gpointer user_data,
            GDestroyNotify free_line)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };
  Writer *self = g_new0 (Writer, 1);

  self->store = store;
  self->func = func;
  self->user_data = user_data;
  self->free_line = free_line;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  g_queue_init (&self->waiting);
  g_queue_init (&self->done);
  writer_configure (self, config);

  self->done_source = g_source_new (&funcs, sizeof (GSource));
  g_source_set_static_name (self->done_source, "lines written");
  g_source_set_callback (self->done_source, on_done, self, NULL);
  g_source_attach (self->done_source, NULL);
  self->thread = g_thread_new ("writer", work, self);
  return self;
}

void
writer_configure (Writer *self, const Config *config)
{
  self->queue_limit = config->queue_limit;
  g_mutex_lock (&self->mutex);
  self->batch_size = config->batch_size;
  self->batch_delay_us = config->batch_delay_ms * G_TIME_SPAN_MILLISECOND;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* Takes the lines out of the array. */
void
writer_push (Writer *self, GPtrArray *lines)
{
  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < lines->len; i++)
    {
      Line *line = g_ptr_array_index (lines, i);

      self->queued_bytes += line_get_cost (line);
      g_queue_push_tail (&self->waiting, line);
    }
  self->full = writer_is_full (self);
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
  g_ptr_array_set_size (lines, 0);
}

gboolean
writer_is_full (Writer *self)
{
  return self->queued_bytes >= self->queue_limit;
}

gboolean
writer_is_idle (Writer *self)
{
  return self->queued_bytes == 0;
}

void
writer_hurry (Writer *self)
{
  g_mutex_lock (&self->mutex);
  self->hurry = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* Takes the hold (NULL for none); it is released when everything has been written. */
void
writer_finish (Writer *self, PsHold *hold)
{
  g_mutex_lock (&self->mutex);
  if (!self->finished)
    self->hold = g_steal_pointer (&hold);
  self->finishing = TRUE;
  self->hurry = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
  ps_hold_release (hold);
}

gboolean
writer_is_finished (Writer *self)
{
  gboolean finished;

  g_mutex_lock (&self->mutex);
  finished = self->finished;
  g_mutex_unlock (&self->mutex);
  return finished;
}

/* When the worker hangs in the disk, it keeps what it uses; the process is about to end. */
void
writer_free (Writer *self)
{
  if (self == NULL)
    return;
  g_source_destroy (self->done_source);
  if (!writer_is_finished (self))
    return;
  g_thread_join (self->thread);
  g_queue_clear_full (&self->done, (GDestroyNotify) batch_free);
  g_source_unref (self->done_source);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}
