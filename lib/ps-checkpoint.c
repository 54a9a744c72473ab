/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A checkpoint is a registration like another, for the event of that name, with which an exit
 * begins; and a timer that calls the same registration while the process lives. Removing the
 * registration ends the timer.
 *
 * A round is a turn: an exit that another thread begins waits for it, and so does one that a loop
 * within the callback sees. The callback is never called while it is at work: an exit that it
 * begins itself by exit(), or that has waited for it in vain, leaves it out.
 */

#include "ps-watcher-private.h"
#include "ps-clock.h"
#include "ps-current.h"
#include "ps-report-step.h"
#include "ps-text.h"
#include "ps-threads.h"

typedef struct
{
  gatomicrefcount refs; /* the registration's and the timer's */
  PsWatcher *watcher;   /* outlives its registrations, and with them the timer */
  GSource *timer;
  PsHoldSet *holds;
  PsEntry *entry; /* while it runs */
  PsStep *step;
  int id; /* atomic: the first round may come before the registration is told its ID */
} Checkpoint;

static void
checkpoint_unref (gpointer data)
{
  Checkpoint *checkpoint = data;

  if (!g_atomic_ref_count_dec (&checkpoint->refs))
    return;
  ps_hold_set_unref (checkpoint->holds);
  g_free (checkpoint);
}

/* The registration is gone. */
static void
stop (gpointer data)
{
  Checkpoint *checkpoint = data;

  g_source_destroy (checkpoint->timer);
  g_source_unref (checkpoint->timer);
  checkpoint_unref (checkpoint);
}

static PsHold *
take_hold (PsContext *context, const char *why, gpointer data)
{
  Checkpoint *checkpoint = data;
  gint64 now_us = ps_clock_now_us ();

  if (checkpoint->step == NULL)
    checkpoint->step = ps_hold_set_begin_step (checkpoint->holds, checkpoint->entry->is->name,
                                               PS_EVENT_CHECKPOINT, 0, now_us);
  if (checkpoint->step == NULL)
    return NULL;
  return ps_hold_set_add (checkpoint->holds, checkpoint->step, why, now_us, G_MAXINT64);
}

static void
run (Checkpoint *checkpoint, PsWatcher *self)
{
  PsEntry *entry = checkpoint->entry;
  const PsCause nothing = { .kind = PS_CAUSE_NONE };
  g_autoptr (PsContext) context = ps_context_new ();
  PsStep *done;

  context->event = PS_EVENT_CHECKPOINT;
  context->cause = &nothing;
  context->hold = take_hold;
  context->hold_data = checkpoint;
  ps_current_set (ps_text_event (PS_EVENT_CHECKPOINT), entry->is->name, ps_clock_now_us ());
  entry->is->callback (context, entry->user_data);
  /* Unless another thread, in exit(), has waited for it in vain. */
  if (ps_turns_is_in_one (&self->turns))
    ps_current_clear ();

  if (context->error != NULL)
    ps_report_failed (self->report, PS_EVENT_CHECKPOINT, entry->is->name, context->error);
  context = ps_context_recycle (g_steal_pointer (&context));
  if (checkpoint->step != NULL)
    ps_hold_set_return_step (checkpoint->holds, g_steal_pointer (&checkpoint->step));
  while ((done = ps_hold_set_take_step (checkpoint->holds)) != NULL)
    ps_hold_set_free_step (checkpoint->holds, done);
}

static gboolean
round_is_due (gpointer data)
{
  Checkpoint *checkpoint = data;
  PsWatcher *self = checkpoint->watcher;
  PsState state = ps_watcher_peek_state (self);
  guint id = (guint) g_atomic_int_get (&checkpoint->id);

  /* A copy of the process may still take the watch over. */
  if (ps_watcher_is_forked (self))
    return G_SOURCE_CONTINUE;
  if (id == 0 || checkpoint->entry != NULL || ps_hold_set_count (checkpoint->holds) > 0
      || (state != PS_STATE_RUNNING && state != PS_STATE_RELOADING))
    return G_SOURCE_CONTINUE;

  ps_threads_mind ();
  if (!ps_watcher_enter_alone (self))
    return G_SOURCE_CONTINUE;
  checkpoint->entry = ps_registry_ref_entry (self->registry, id);
  /* The callback may end the watch, and give the watcher away. */
  ps_watcher_ref (self);
  if (checkpoint->entry != NULL)
    {
      g_atomic_int_set (&self->round, (int) id);
      run (checkpoint, self);
      g_atomic_int_set (&self->round, 0);
      ps_registry_unref_entry (g_steal_pointer (&checkpoint->entry));
    }
  ps_watcher_leave (self);
  /* What came meanwhile was left to us. */
  ps_source_wake (self->source);
  ps_watcher_unref (self);
  return G_SOURCE_CONTINUE;
}

static void
do_not_wake (GSource *source)
{
}

guint (ps_watcher_add_checkpoint) (PsWatcher *self, guint interval_ms, PsCallback callback,
                                   gpointer user_data)
{
  return ps_watcher_add_named_checkpoint (self, NULL, interval_ms, callback, user_data);
}

guint
ps_watcher_add_named_checkpoint (PsWatcher *self, const char *name, guint interval_ms,
                                 PsCallback callback, gpointer user_data)
{
  Checkpoint *checkpoint;
  g_autoptr (GSource) timer = NULL;
  PsRegistration registration = {
    .events = PS_EVENT_CHECKPOINT,
    .name = name,
    .callback = callback,
    .user_data = user_data,
    .notify = stop,
  };
  guint id;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (interval_ms > 0, 0);
  g_return_val_if_fail (callback != NULL, 0);

  if (ps_watcher_is_forked (self))
    return 0;
  timer = g_timeout_source_new (interval_ms);
  checkpoint = g_new0 (Checkpoint, 1);
  g_atomic_ref_count_init (&checkpoint->refs);
  g_atomic_ref_count_inc (&checkpoint->refs);
  checkpoint->watcher = self;
  checkpoint->holds = ps_hold_set_new (do_not_wake, self->source);
  checkpoint->timer = g_source_ref (timer);
  g_source_set_static_name (timer, "[libpostscriptum] checkpoint");
  g_source_set_callback (timer, round_is_due, checkpoint, checkpoint_unref);

  registration.notify_data = checkpoint;
  id = ps_watcher_register (self, &registration);
  if (id == 0)
    return 0;
  g_atomic_int_set (&checkpoint->id, (int) id);
  g_source_attach (timer, self->context);
  return id;
}
