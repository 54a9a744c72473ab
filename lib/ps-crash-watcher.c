/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The public side of crashes: what is called in good times. Everything that takes memory, locks or
 * the loader is done here, so that nothing is left to be done in a signal handler.
 */

#include "ps-crash-watcher.h"
#include "ps-watcher-private.h"
/* floor 0 */
#include "ps-lastcalls.h"
/* floor 3 */
#include "ps-altstack.h"
#include "ps-unwind.h"
/* floor 4 */
#include "ps-crash-facts.h"
/* floor 5 */
#include "ps-crash.h"
/* floor 6 */
#include "ps-crash-call.h"

#include <dlfcn.h>
#include <string.h>

static GMutex lock;

/* In a copy: the process that this is a copy of was watched. */
static gboolean inherited;

static void
forget_in_child (void)
{
  inherited = ps_crash_forget () || inherited;
  g_mutex_init (&lock);
}

static void
prepare_once (void)
{
  static gsize once;

  if (!g_once_init_enter (&once))
    return;
  pthread_atfork (NULL, NULL, forget_in_child);
  ps_crash_facts_prepare (dlsym (RTLD_DEFAULT, "__abort_msg"),
                          dlsym (RTLD_DEFAULT, "__glib_assert_msg"));
  ps_unwind_prepare ();
  g_once_init_leave (&once, 1);
}

static void
enable (PsWatcher *self)
{
  prepare_once ();
  ps_altstack_prepare ();
  g_mutex_lock (&lock);
  ps_crash_enable (ps_crash_call);
  g_mutex_unlock (&lock);
}

void
ps_watcher_report_crashes (PsWatcher *self)
{
  g_return_if_fail (self != NULL);

  if (!ps_watcher_is_forked (self))
    enable (self);
}

/* Before the loop runs: the thread may be another than the one that has enabled it. */
void
ps_watcher_prepare_thread_for_crashes (void)
{
  if (ps_crash_is_enabled ())
    ps_altstack_prepare ();
}

/* A new watch begins. In a forked child its parent's registrations are not its own. */
void
ps_watcher_begin_crash_reports (void)
{
  inherited = FALSE;
  ps_lastcalls_clear ();
}

/* A forked child takes the watch over, and the registrations. */
void
ps_watcher_inherit_crash_reports (PsWatcher *self)
{
  if (inherited)
    enable (self);
  inherited = FALSE;
}

void
ps_watcher_end_crash_reports (void)
{
  if (!ps_crash_is_enabled ())
    return;
  ps_crash_disable ();
  ps_altstack_release ();
}

/* --- Registration ---------------------------------------------------------------------------- */

static PsLastCallKind
kind_of (PsEvents events)
{
  if (!(events & (PS_EVENT_CRASH | PS_EVENT_FINISH)))
    return PS_LASTCALL_NONE;
  if (!(events & PS_ASYNC_SIGNAL_SAFE))
    return PS_LASTCALL_UNSAFE;
  return events & PS_EVENT_CRASH ? PS_LASTCALL_CRASH : PS_LASTCALL_FINISH;
}

static gboolean
is_callable (PsLastCallKind kind)
{
  return kind != PS_LASTCALL_NONE && kind != PS_LASTCALL_UNSAFE;
}

/* With %PS_ASYNC_SIGNAL_SAFE among its events, which is taken out, and what it is to a crash put in.
 * 0: a warning says why. */
guint
ps_watcher_register (PsWatcher *self, PsRegistration *registration)
{
  guint id;

  if (registration->last_call == PS_LASTCALL_NONE)
    registration->last_call = kind_of (registration->events);
  registration->events &= ~PS_ASYNC_SIGNAL_SAFE;
  if (registration->events & PS_EVENT_CRASH)
    enable (self);
  id = ps_registry_add (self->registry, registration);
  /* It may be for callbacks that run just now, or are waited for. */
  if (id != 0 && ps_watcher_peek_state (self) != PS_STATE_RUNNING)
    ps_source_wake (self->source);
  if (id == 0)
    g_warning ("Cannot register %s: %s",
               registration->name != NULL ? registration->name : "a callback",
               is_callable (registration->last_call) && ps_lastcalls_are_full ()
                   ? "there are 64 callbacks for crashes already"
                   : "it is too late, finish has begun or the watch is over");
  return id;
}

guint
ps_watcher_on_named_crash (PsWatcher *self, const char *name, PsCrashFunc callback,
                           gpointer user_data)
{
  PsRegistration registration = {
    .events = PS_EVENT_CRASH,
    .name = name,
    .callback = (PsCallback) (void (*) (void)) callback,
    .user_data = user_data,
    .last_call = PS_LASTCALL_CRASH_FUNC,
  };

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (callback != NULL, 0);

  return ps_watcher_is_forked (self) ? 0 : ps_watcher_register (self, &registration);
}

guint (ps_watcher_on_crash) (PsWatcher *self, PsCrashFunc callback, gpointer user_data)
{
  return ps_watcher_on_named_crash (self, NULL, callback, user_data);
}

/* --- Threads and log ------------------------------------------------------------------------- */

gboolean
ps_thread_prepare (void)
{
  return ps_altstack_prepare ();
}

GLogWriterOutput
ps_log_writer (GLogLevelFlags log_level, const GLogField *fields, gsize n_fields,
               gpointer user_data)
{
  for (gsize i = 0;
       i < n_fields && log_level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
       i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      {
        const char *message = fields[i].value;

        ps_crash_facts_remember (message,
                                 fields[i].length < 0 ? strlen (message) : (gsize) fields[i].length,
                                 (log_level & (G_LOG_LEVEL_ERROR | G_LOG_FLAG_FATAL)) != 0);
      }
  return g_log_writer_default (log_level, fields, n_fields, NULL);
}
