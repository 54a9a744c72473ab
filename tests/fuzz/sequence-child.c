/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The process that a sequence is carried out in. A source that is less urgent than the library's
 * takes one operation after the other, so that the library has had its turn before each. When
 * nothing is left to do but to wait, the clock is moved to the next point in time: poll() never
 * sleeps, and a sequence in which an hour passes takes a millisecond. What would wait for ever
 * is helped on: holds are released, then the loop is quit.
 */

#include "sequence-child.h"
#include "fuzz-clock.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPERATIONS_MAX 250
#define JUMPS_MAX 2000

Child child;

static struct
{
  guint cursor;
  guint jumps;
  gboolean quit_loop;
} driver;

/* In a forked child, too, where the line gives it away. */
void
child_tell (const char *format, ...)
{
  char line[512];
  int n = snprintf (line, sizeof line, "%" G_GINT64_FORMAT " ", (gint64) fuzz_clock_us ());
  va_list args;

  if (getpid () != child.pid)
    n += snprintf (line + n, sizeof line - (size_t) n, "in-a-fork ");
  va_start (args, format);
  n += vsnprintf (line + n, sizeof line - (size_t) n - 1, format, args);
  va_end (args);
  n = MIN (n, (int) sizeof line - 2);
  line[n++] = '\n';
  if (write (child.trace_fd, line, (size_t) n) != n)
    _exit (97);
}

static void
get_unstuck (void)
{
  driver.jumps = 0;
  child_tell ("idle");
  if (child_release_all ())
    return;
  if (driver.quit_loop)
    {
      child_tell ("stuck");
      _exit (98);
    }
  driver.quit_loop = TRUE;
  child_quit_loop ();
}

static gint
poll_without_sleep (GPollFD *fds, guint n_fds, gint timeout_ms)
{
  int n = poll ((struct pollfd *) (void *) fds, n_fds, 0);

  if (n != 0 || timeout_ms == 0 || child_join_threads ())
    return n;
  if (timeout_ms > 0 && driver.jumps++ < JUMPS_MAX)
    {
      fuzz_clock_advance_us (1000 * (gint64) timeout_ms);
      child_tell ("tick");
    }
  else
    get_unstuck ();
  return 0;
}

/* What a released hold leads to comes before the next operation. */
static gboolean
drive (gpointer unused)
{
  gboolean last = driver.cursor >= child.sequence->n_ops || child.budget == 0;
  PsContext *outer = child.context;
  guint generation = child.generation;

  if (child_join_threads ())
    return G_SOURCE_CONTINUE;
  child_tell ("op");
  child.context = NULL;
  if (last)
    {
      child_tell ("quit 0");
      ps_watcher_quit (child.watcher, 0);
    }
  else
    {
      guint at = driver.cursor;

      driver.cursor = sequence_body_end (child.sequence, at, child.sequence->n_ops);
      child_perform (at, child.sequence->n_ops);
    }
  child.context = generation == child.generation ? outer : NULL;
  child_tell ("done");
  return last ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* A record is one line for people, whatever led to it. */
static void
check_record (int priority, const char *message, const GLogField *fields, gsize n_fields,
              gpointer unused)
{
  if (message == NULL || strchr (message, '\n') != NULL || !g_utf8_validate (message, -1, NULL))
    child_tell ("bad-record");
}

void
child_attach (void)
{
  child.watcher = ps_glib_attach (child.loop);
  ps_watcher_set_log_func (child.watcher, check_record, NULL, NULL);
  child.generation++;
  child.n_ids = 0;
  child.chosen = 0;
}

static void
prelude (void)
{
  guint n = child.sequence->start & START_PRELUDE;

  while (n-- > 0 && driver.cursor < child.sequence->n_ops)
    driver.cursor = child_perform (driver.cursor, child.sequence->n_ops);
}

/* A watcher that was ended and made anew in a callback needs to be run, too. */
static int
run (void)
{
  PsWatcher *watcher;
  int status;

  if (child.sequence->start & START_BY_HAND)
    {
      child_tell ("run-by-hand");
      g_main_loop_run (child.loop);
      return ps_watcher_get_exit_status (child.watcher);
    }
  do
    {
      watcher = child.watcher;
      driver.quit_loop = child.loop_quit = FALSE;
      child_tell ("run");
      status = ps_watcher_run (watcher);
      child_tell ("run-returned %d", status);
    }
  while (watcher != child.watcher);
  return status;
}

/* Of what GLib reports, mistakes only: that it is too late to register something is no surprise. */
static void
tell_critical (const char *domain, GLogLevelFlags level, const char *message, gpointer unused)
{
  if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR))
    child_tell ("critical %s", message);
}

static void
prepare (void)
{
  guint8 start = child.sequence->start;

  if (start & START_NOHUP)
    signal (SIGHUP, SIG_IGN);
  if (start & START_PREPARE)
    {
      ps_prepare ();
      child_tell ("prepare");
      if (start & START_EARLY)
        child_send_early_signal ();
    }
}

int
sequence_child_main (const Sequence *sequence, int trace_fd)
{
  int status;

  child = (Child){
    .sequence = sequence, .trace_fd = trace_fd, .pid = getpid (), .budget = OPERATIONS_MAX
  };
  fuzz_clock_stop ();
  g_log_set_default_handler (tell_critical, NULL);
  g_main_context_set_poll_func (NULL, poll_without_sleep);
  child.loop = g_main_loop_new (NULL, FALSE);
  prepare ();
  child_attach ();
  child_tell ("attach");
  if (sequence->start & START_SIGNALS)
    child_choose_signals ((1u << SEQUENCE_CHOOSABLE) - 1);
  prelude ();
  g_idle_add (drive, NULL);

  status = run ();
  if (sequence->returns & START_RETURNS)
    status = sequence->returns & ~START_RETURNS;
  child_tell ("main-returns %d", status);
  child.exiting = TRUE;
  return status;
}
