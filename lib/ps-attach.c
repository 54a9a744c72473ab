/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The two ends of a watch: taking signals, exit() and the source of the loop into care, and giving
 * all of it back. What happens in between is in ps-turn.c and ps-watcher.c.
 */

#include "ps-watcher-private.h"
#include "ps-copies.h"
#include "ps-error.h"
#include "ps-exit.h"
#include "ps-ids.h"
#include "ps-late.h"
#include "ps-leave.h"
#include "ps-limit.h"
#include "ps-pipe.h"
#include "ps-rescue.h"
#include "ps-run-log.h"
#include "ps-run.h"
#include "ps-self.h"
#include "ps-signal.h"
#include "ps-threads.h"
#include "ps-version.h"
#include "ps-waker.h"
#include "ps-watchdog.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

PS_DEFINE_BOXED_TYPE (PsWatcher, ps_watcher, ps_watcher_ref, ps_watcher_unref)

static void
read_environment (PsWatcher *self)
{
  const char *deadline = secure_getenv (PS_ENV_DEADLINE_SEC);
  const char *termination_log = secure_getenv (PS_ENV_TERMINATION_LOG);
  g_autoptr (GError) error = NULL;

  if (termination_log != NULL)
    ps_report_open_termination_log (self->report, termination_log);
  if (deadline == NULL)
    return;
  self->limit_is_administrators = ps_budget_parse (deadline, &self->limit_us, &error);
  if (error != NULL)
    ps_report_bad_setting (self->report, PS_ENV_DEADLINE_SEC, error);
}

static PsWatcher *
watcher_new (GMainLoop *loop, int fd)
{
  const PsSourceWaker waker = { fd, ps_waker_get_mark (), ps_waker_reopen };
  PsWatcher *self = g_new (PsWatcher, 1);

  memset (self, 0, offsetof (PsWatcher, places));
  ps_wishes_init (&self->deferred, self->places[0]);
  ps_wishes_init (&self->kept, self->places[1]);
  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  ps_turns_init (&self->turns);
  self->loop = g_main_loop_ref (loop);
  self->context = g_main_context_ref (g_main_loop_get_context (loop));
  self->source = ps_source_new (&waker, ps_watcher_turn, self);
  self->registry = ps_registry_new ();
  self->report = ps_report_new ();
  self->limit_us = PS_BUDGET_DEFAULT_US;
  ps_pass_init (&self->pass, self->registry, self->report, ps_source_wake, self->source);
  return self;
}

void
ps_prepare (void)
{
  ps_report_prepare ();
  ps_signal_prepare ();
}

/* The descriptor that signals come by; -1 where the process is not fit to be watched. */
static int
open_signals (GError **error)
{
  g_autofree char *other = ps_copies_describe_watching ();
  int fd;

  if (other != NULL)
    {
      g_set_error (error, PS_ERROR, PS_ERROR_BUSY,
                   "another copy of libpostscriptum watches this process: %s; this is %s (link the "
                   "program and its plug-ins to one shared library)",
                   other, PS_VERSION);
      return -1;
    }
  /* GLib ends the process where it lacks something: it must not get as far. */
  if (!ps_threads_can_start ())
    {
      g_set_error (error, PS_ERROR, PS_ERROR_EXHAUSTED,
                   "no thread to be had, and GLib needs one for signals: %s (RLIMIT_NPROC, "
                   "TasksMax=)",
                   g_strerror (errno));
      return -1;
    }
  fd = ps_signal_open ();
  if (fd < 0)
    g_set_error (error, PS_ERROR, PS_ERROR_EXHAUSTED,
                 "no file descriptors to be had for signals: %s (RLIMIT_NOFILE, LimitNOFILE=)",
                 g_strerror (errno));
  else if (!ps_self_is_watched ())
    {
      g_set_error_literal (error, PS_ERROR, PS_ERROR_OVER,
                           "a child of this process has taken its watch over by "
                           "ps_watcher_reattach()");
      return -1;
    }
  return fd;
}

static void
begin_watch (PsWatcher *self)
{
  ps_run_log_close (); /* of a parent's life */
  ps_watcher_take_default_signals (self);
  ps_pipe_quiet ();
  ps_exit_install (ps_watcher_at_exit, ps_watcher_ref (self));
  ps_leave_open ();
  ps_copies_announce ();
  g_source_attach (self->source, self->context);
  read_environment (self);
  ps_rescue_open ();
  ps_rescue_set_limit (self->limit_us);
  ps_watcher_settle_hangup (self);
  ps_report_run_begun (self->report);
  ps_watchdog_start (self);
}

PsWatcher *
ps_glib_try_attach (GMainLoop *loop, GError **error)
{
  PsWatcher *self = ps_exit_get_data ();
  int fd;

  g_return_val_if_fail (loop != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);
  g_return_val_if_fail (self == NULL || self->loop == loop, NULL);

  if (self != NULL)
    return ps_watcher_ref (self);
  fd = open_signals (error);
  if (fd < 0)
    return NULL;
  ps_watcher_begin_crash_reports ();
  self = watcher_new (loop, fd);
  begin_watch (self);
  return self;
}

PsWatcher *
ps_glib_attach (GMainLoop *loop)
{
  g_autoptr (GError) error = NULL;
  PsWatcher *self = ps_glib_try_attach (loop, &error);

  if (error != NULL)
    g_critical ("ps_glib_attach: %s", error->message);
  return self;
}

void
ps_watcher_detach (PsWatcher *self)
{
  g_return_if_fail (self != NULL);

  if (self->detached || ps_watcher_is_forked (self))
    return;
  g_atomic_int_set (&self->detached, TRUE);
  ps_exit_uninstall ();
  ps_rescue_close ();
  ps_run_log_detached ();
  ps_run_log_close ();
  g_source_destroy (self->source);
  if (self->watchdog != NULL)
    g_source_destroy (self->watchdog);
  ps_pass_drop_holds (&self->pass, "the watch was ended");
  ps_registry_clear (self->registry);
  ps_watcher_give_signals_back (self);
  ps_watcher_end_crash_reports ();
  ps_report_close (self->report);
  ps_watcher_unref (self);
}

static void
warn_of_other_copy (void)
{
  static int warned; /* atomic */
  g_autofree char *other = ps_copies_describe_watching ();

  if (other != NULL && g_atomic_int_compare_and_exchange (&warned, FALSE, TRUE))
    g_warning ("ps_watcher_get_default: another copy of libpostscriptum watches this process: %s; "
               "this is %s, and has no watcher",
               other, PS_VERSION);
}

PsWatcher *
ps_watcher_get_default (void)
{
  PsWatcher *self = ps_exit_get_data ();

  if (self == NULL)
    warn_of_other_copy ();
  return self;
}

PsWatcher *
ps_watcher_ref (PsWatcher *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
ps_watcher_unref (PsWatcher *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  ps_wishes_clear (&self->deferred);
  ps_wishes_clear (&self->kept);
  ps_pass_clear (&self->pass);
  ps_registry_free (self->registry);
  ps_report_free (self->report);
  ps_cancellable_clear (&self->cancellable);
  g_clear_pointer (&self->watchdog, g_source_unref);
  g_clear_pointer (&self->previous_run, ps_run_unref);
  g_clear_pointer (&self->will, ps_will_free);
  g_source_unref (self->source);
  g_main_context_unref (self->context);
  g_main_loop_unref (self->loop);
  ps_turns_clear (&self->turns);
  g_mutex_clear (&self->lock);
  g_free (self);
}
