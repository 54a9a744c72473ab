/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Deadlines are kept by the loop. When the loop does not turn, because a callback blocks or spins,
 * because it was never run, or has long been quit, nothing would keep them. So there is a timer of
 * the kernel's, armed in the handler of the first termination signal and in ps_watcher_quit(),
 * since that is the last code of ours that surely runs; the conductor moves it as it learns more.
 * It comes when the time is over and not a moment later: the loop gives itself a little less
 * (ps-budget). It comes by the number of a signal that our handler stands on anyway (ps-signal
 * chooses it), with a cookie, so that no number is taken from the program; says which callback was
 * running and for how long, and ends the process. What is in a will stays there for the helper.
 *
 * A second timer sends SIGKILL: some time later, for a process that blocks that signal in every
 * thread, and soon where even last words get stuck. They are far apart, since a machine that stands
 * still for some seconds (a virtual one that is moved) lets both come at once if they are near, and
 * SIGKILL wins.
 */

#include "ps-rescue.h"
#include "ps-clock.h"
#include "ps-current.h"
#include "ps-ids.h"
#include "ps-lastwords.h"
#include "ps-run-log.h"
#include "ps-termlog.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define KILL_AFTER_US (10 * PS_US_PER_SEC)
#define WORDS_US (2 * PS_US_PER_SEC)

/* An end that moves by less is left where it is: the handler of the signal has armed the timers,
 * and the conductor, who comes a moment later, begins the exit anew twice. */
#define NEAR_US (1 * PS_US_PER_MS)

static struct
{
  int carrier; /* the signal by which it comes */
  atomic_int open;
  timer_t timer;
  timer_t kill;
  atomic_int has_kill;
  _Atomic int64_t limit_us;
  atomic_int armed;
  atomic_int prepared; /* for a watch that is to come */
  atomic_int early;    /* a status: what has come since, when there was no timer yet; 0: nothing */
  _Atomic int64_t end_us;
  atomic_int status; /* to end with */
} well;

static int
create (int signum, timer_t *timer)
{
  struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = signum };

  event.sigev_value.sival_ptr = &well;
  return timer_create (CLOCK_MONOTONIC, &event, timer);
}

static int
open_timers (void)
{
  if (create (well.carrier, &well.timer) < 0)
    return -1;
  atomic_store (&well.has_kill, create (SIGKILL, &well.kill) == 0);
  atomic_store (&well.open, 1);
  return 0;
}

/* What comes before ps_rescue_open() is bounded from then on. */
void
ps_rescue_prepare (void)
{
  atomic_store (&well.prepared, !atomic_load (&well.open));
}

/* Returns 0, or -1 with errno: then there is no rescue (RLIMIT_SIGPENDING counts timers). */
int
ps_rescue_open (void)
{
  atomic_store (&well.armed, 0);
  atomic_store (&well.limit_us, PS_NEVER_US);
  atomic_store (&well.prepared, 0);
  return open_timers ();
}

static void
close_timers (void)
{
  if (!atomic_exchange (&well.open, 0))
    return;
  timer_delete (well.timer);
  if (atomic_exchange (&well.has_kill, 0))
    timer_delete (well.kill);
}

void
ps_rescue_close (void)
{
  close_timers ();
  atomic_store (&well.prepared, 0);
  atomic_store (&well.early, 0);
}

/* In a forked child, where there are no timers, or some of somebody else's with their numbers. */
void
ps_rescue_forget (void)
{
  atomic_store (&well.open, 0);
  atomic_store (&well.has_kill, 0);
  atomic_store (&well.armed, 0);
  atomic_store (&well.prepared, 0);
  atomic_store (&well.early, 0);
}

/* How long an exit may take, for when its first signal comes; PS_NEVER_US: for ever. */
void
ps_rescue_set_limit (int64_t limit_us)
{
  int early = atomic_exchange (&well.early, 0);

  atomic_store (&well.limit_us, limit_us);
  if (early != 0 && atomic_load (&well.open))
    ps_rescue_arm (early, ps_clock_now_us ());
}

static void
set (timer_t timer, int64_t at_us)
{
  struct itimerspec when = { .it_value = { 0 } };

  if (at_us != PS_NEVER_US)
    {
      when.it_value.tv_sec = at_us / PS_US_PER_SEC;
      when.it_value.tv_nsec = at_us % PS_US_PER_SEC * 1000;
    }
  timer_settime (timer, TIMER_ABSTIME, &when, NULL);
}

static void
set_both (int64_t end_us)
{
  atomic_store (&well.end_us, end_us);
  if (!atomic_load (&well.open))
    return;
  set (well.timer, end_us);
  if (atomic_load (&well.has_kill))
    set (well.kill, end_us > PS_NEVER_US - KILL_AFTER_US ? PS_NEVER_US : end_us + KILL_AFTER_US);
}

/* By which signal it is to come, from now on. A handler may arm it at the same time. */
void
ps_rescue_carry (int signum)
{
  int was_open = atomic_load (&well.open);

  close_timers ();
  well.carrier = signum;
  if (was_open && open_timers () == 0 && atomic_load (&well.armed))
    set_both (atomic_load (&well.end_us));
}

/* Whether the timers come at that time, or so little before it that it is not worth two calls. */
static int
is_set_near (int64_t end_us)
{
  int64_t set_us = atomic_load (&well.end_us);

  return atomic_load (&well.armed) && set_us <= end_us && end_us - set_us < NEAR_US;
}

/* When all must be over (PS_NEVER_US: no such time, or life goes on), and the status to end with.
 */
void
ps_rescue_set_end (int64_t end_us, int status)
{
  atomic_store (&well.status, status);
  if (is_set_near (end_us))
    return;
  atomic_store (&well.armed, end_us != PS_NEVER_US);
  set_both (end_us);
}

/* Who asked for an exit did so in vain: life goes on. */
void
ps_rescue_disarm (void)
{
  if (atomic_exchange (&well.armed, 0))
    set_both (PS_NEVER_US);
}

/* An exit is asked for, which is to end with that status. Async-signal-safe. */
void
ps_rescue_arm (int status, int64_t now_us)
{
  int64_t limit_us = atomic_load (&well.limit_us);

  if (atomic_load (&well.prepared))
    atomic_store (&well.early, status);
  else if (limit_us <= PS_NEVER_US - now_us && !atomic_exchange (&well.armed, 1))
    {
      atomic_store (&well.status, status);
      set_both (now_us + limit_us);
    }
}

/* Async-signal-safe. */
int
ps_rescue_owns (const siginfo_t *info)
{
  return info->si_code == SI_TIMER && info->si_value.sival_ptr == &well;
}

static void
add_culprit (PsWords *record, PsWords *message)
{
  PsCurrent current;
  int64_t running_us;

  if (!ps_current_get (&current))
    {
      ps_words_add (message, "no callback was running, the main loop does not turn");
      return;
    }
  running_us = ps_clock_now_us () - current.begun_us;
  ps_words_field (record, PS_FIELD_EVENT, current.event);
  ps_words_field (record, PS_FIELD_STEP, current.name);
  ps_words_field_int (record, PS_FIELD_DURATION_USEC, running_us);
  ps_words_add (message, current.event);
  ps_words_add (message, " callback ");
  ps_words_add (message, current.name);
  ps_words_add (message, " has been running for ");
  ps_words_add_duration (message, running_us);
}

/* The last record, but for its line for people, and that line. */
void
ps_rescue_compose (PsWords *record, PsWords *message, int status, const char *reason)
{
  ps_words_add (message, "Exit forced with status ");
  ps_words_add_int (message, status);
  ps_words_add (message, ", ");
  ps_words_add (message, reason);
  ps_words_add (message, ": ");
  ps_words_field_int (record, PS_FIELD_STATUS, status);
  ps_words_field (record, PS_FIELD_REASON, reason);
  add_culprit (record, message);
}

static void
note_in_record (int status, const char *reason)
{
  PsCurrent current;

  if (ps_current_get (&current))
    ps_run_log_forced (status, reason, current.event, current.name);
  else
    ps_run_log_forced (status, reason, NULL, NULL);
}

static void
bound_words (void)
{
  if (atomic_load (&well.has_kill))
    set (well.kill, ps_clock_now_us () + WORDS_US);
}

static _Noreturn void
end (int status, const char *reason)
{
  char record_text[4096], message_text[512];
  PsWords record, message;

  bound_words ();
  ps_lastwords_begin (&record, record_text, sizeof record_text, PS_MESSAGE_EXIT_FORCED, LOG_ERR);
  ps_words_init (&message, message_text, sizeof message_text);
  ps_rescue_compose (&record, &message, status, reason);
  ps_lastwords_send (&record, message_text);
  ps_termlog_write (message_text);
  note_in_record (status, reason);
  _exit (status);
}

/* The timer has come: that is no success. Returns where the end was moved while its signal was
 * blocked: before Linux 6.13 that comes all the same. Async-signal-safe. */
void
ps_rescue_end_for_time (void)
{
  int status = atomic_load (&well.status);

  if (!atomic_load (&well.armed) || ps_clock_now_us () < atomic_load (&well.end_us))
    return;
  end (status != 0 ? status : EXIT_FAILURE, "the exit's time was over");
}

/* A third signal has come. Async-signal-safe. */
void
ps_rescue_end_for_signal (int signum)
{
  end (128 + signum, "a further signal asked for it");
}
