/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The public entry points that only hand on: registration, quitting, options, status. */

#include "ps-watcher-private.h"
#include "ps-clock.h"
#include "ps-press.h"
#include "ps-rescue.h"
#include "ps-signal.h"

/* Before it is made one line; more than is shown of it. */
#define STATUS_MAX 4096

#define ALL_EVENTS                                                                                 \
  (PS_EVENT_QUERY | PS_EVENT_CHECKPOINT | PS_EVENT_TERMINATE | PS_EVENT_QUIT | PS_EVENT_CRASH      \
   | PS_EVENT_RELOAD | PS_EVENT_RESUME | PS_EVENT_FINISH | PS_ASYNC_SIGNAL_SAFE)

/* --- Callbacks ------------------------------------------------------------------------------- */

guint
ps_watcher_add (PsWatcher *self, PsEvents events, const char *name, int priority, guint deadline_ms,
                PsCallback callback, gpointer user_data, GDestroyNotify notify)
{
  PsRegistration registration = {
    .events = events,
    .name = name,
    .priority = priority,
    .deadline_us = ps_clock_from_ms (deadline_ms),
    .callback = callback,
    .user_data = user_data,
    .notify = notify,
    .notify_data = user_data,
  };
  guint id;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (events != 0 && (events & ~ALL_EVENTS) == 0, 0);
  g_return_val_if_fail (!(events & PS_EVENT_CRASH) || events & PS_ASYNC_SIGNAL_SAFE, 0);
  g_return_val_if_fail (
      !(events & PS_ASYNC_SIGNAL_SAFE) || events & (PS_EVENT_CRASH | PS_EVENT_FINISH), 0);
  g_return_val_if_fail (callback != NULL, 0);

  if (ps_watcher_is_forked (self))
    return 0;
  id = ps_watcher_register (self, &registration);
  if (events & PS_EVENT_RELOAD)
    ps_watcher_settle_hangup (self);
  return id;
}

gboolean
ps_watcher_remove (PsWatcher *self, guint id)
{
  g_autoptr (PsWatcher) alive = NULL;

  g_return_val_if_fail (self != NULL, FALSE);

  /* The destroy notify may give the last reference away. */
  alive = ps_watcher_ref (self);
  if (ps_watcher_is_forked (self) || !ps_registry_remove (self->registry, id))
    return FALSE;
  ps_watcher_settle_hangup (self);
  return TRUE;
}

/* The functions behind the macros, for language bindings: they have no spelling to pass on. */
#define SHORT_FORM(on_event, event)                                                                \
  guint (on_event) (PsWatcher * self, PsCallback callback, gpointer user_data)                     \
  {                                                                                                \
    return ps_watcher_add (self, event, NULL, 0, 0, callback, user_data, NULL);                    \
  }

SHORT_FORM (ps_watcher_on_terminate, PS_EVENT_TERMINATE)
SHORT_FORM (ps_watcher_on_quit, PS_EVENT_QUIT)
SHORT_FORM (ps_watcher_on_reload, PS_EVENT_RELOAD)
SHORT_FORM (ps_watcher_on_finish, PS_EVENT_FINISH)
SHORT_FORM (ps_watcher_on_query, PS_EVENT_QUERY)
SHORT_FORM (ps_watcher_on_resume, PS_EVENT_RESUME)

/* Whether what is of the process is this watcher's. */
static gboolean
is_in_force (PsWatcher *self)
{
  return !g_atomic_int_get (&self->detached) && !ps_watcher_is_forked (self);
}

/* --- The end ---------------------------------------------------------------------------------- */

void
ps_watcher_quit (PsWatcher *self, int exit_code)
{
  g_return_if_fail (self != NULL);

  if (ps_watcher_is_forked (self))
    return;
  exit_code = ps_cause_clamp_code (exit_code);
  /* Before the loop may take it up: if that ends in a veto, the timer is taken back. */
  if (is_in_force (self))
    ps_rescue_arm (exit_code, ps_clock_now_us ());
  g_mutex_lock (&self->lock);
  if (!self->quit_asked)
    self->quit_code = exit_code;
  g_atomic_int_set (&self->quit_asked, TRUE);
  g_mutex_unlock (&self->lock);
  ps_source_wake (self->source);
}

/* --- Options --------------------------------------------------------------------------------- */

void
ps_watcher_set_deadline (PsWatcher *self, guint deadline_ms)
{
  g_return_if_fail (self != NULL);

  if (!self->limit_is_administrators)
    self->limit_us = deadline_ms > 0 ? ps_clock_from_ms (deadline_ms) : PS_NEVER_US;
  if (is_in_force (self))
    ps_rescue_set_limit (self->limit_us);
}

void
ps_watcher_set_exit_policy (PsWatcher *self, PsExitPolicy policy)
{
  g_return_if_fail (self != NULL);

  self->policy = policy;
}

void
ps_watcher_set_hangup (PsWatcher *self, PsHangup hangup)
{
  g_return_if_fail (self != NULL);

  self->hangup = hangup;
  if (!is_in_force (self))
    return;
  ps_watcher_settle_hangup (self);
  ps_watcher_settle_signals (self);
}

void
ps_watcher_set_escalation (PsWatcher *self, PsEscalation escalation)
{
  g_return_if_fail (self != NULL);

  if (is_in_force (self))
    ps_press_set_escalation (escalation);
}

void
ps_watcher_set_chain_previous (PsWatcher *self, gboolean chain)
{
  g_return_if_fail (self != NULL);

  if (is_in_force (self))
    ps_signal_set_chain (chain);
}

void
ps_watcher_set_log_func (PsWatcher *self, PsLogFunc func, gpointer user_data, GDestroyNotify notify)
{
  g_return_if_fail (self != NULL);

  /* A forked child may become the daemon; a lock of its parent's it does not wait for. */
  if (!ps_watcher_is_forked (self) || ps_report_is_at_rest (self->report))
    ps_report_set_log_func (self->report, func, user_data, notify);
  else if (notify != NULL)
    notify (user_data);
}

/* --- The service manager --------------------------------------------------------------------- */

void
ps_watcher_ready (PsWatcher *self, const char *status)
{
  g_return_if_fail (self != NULL);

  if (!ps_watcher_is_forked (self))
    ps_report_ready (self->report, status);
}

void
ps_watcher_status (PsWatcher *self, const char *format, ...)
{
  char status[STATUS_MAX];
  va_list args;

  g_return_if_fail (self != NULL);
  g_return_if_fail (format != NULL);

  if (ps_watcher_is_forked (self))
    return;
  va_start (args, format);
  g_vsnprintf (status, sizeof status, format, args);
  va_end (args);
  ps_report_status (self->report, status);
}

GCancellable *
ps_watcher_get_cancellable (PsWatcher *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return ps_cancellable_get (&self->cancellable);
}
