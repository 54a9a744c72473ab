/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One life of a process, from attaching to its end, as the journal tells it. Plain values: made by
 * ps-lives.c, read by all verbs. Texts are never NULL unless it says so, and are as whoever logged
 * them wrote them: on their way to people they pass ps-clean.h. Times are microseconds; -1 is what
 * is not known, of numbers, too. */

#include <glib.h>

#define PS_UNKNOWN ((gint64) -1)

/* How a life ended. Words of ps_fate_word(). */
typedef enum
{
  PS_FATE_RUNNING,    /* no end is known, and nothing tells of one */
  PS_FATE_CLEAN,      /* quit with 0 */
  PS_FATE_TERMINATED, /* a signal asked for it, and it ended in order */
  PS_FATE_QUIT,       /* quit with another code */
  PS_FATE_CRASHED,
  PS_FATE_KILLED, /* SIGKILL, or another signal that it did not take */
  PS_FATE_OUT_OF_MEMORY,
  PS_FATE_WATCHDOG,
  PS_FATE_FORCED,     /* the exit was cut off: by time, or by hand */
  PS_FATE_POWER_LOSS, /* the machine went down with it */
  PS_FATE_UNKNOWN,
} PsFate;
#define PS_N_FATES (PS_FATE_UNKNOWN + 1)

/* Who told of the end. */
typedef enum
{
  PS_TOLD_BY_NOBODY,
  PS_TOLD_BY_PROCESS,    /* its own last record */
  PS_TOLD_BY_MANAGER,    /* systemd's records of the unit */
  PS_TOLD_BY_COREDUMP,   /* systemd-coredump */
  PS_TOLD_BY_NEXT_START, /* the next life's record of the previous one */
  PS_TOLD_BY_BOOT,       /* its boot is over, and nothing tells more */
} PsTeller;

/* Why it was to end. */
typedef struct
{
  const char *kind;   /* signal, quit, exit, loop, crash; "": not known */
  const char *signal; /* SIGTERM; "": none */
  gint64 value;       /* that came with the signal, if has_value */
  gboolean has_value;
  gint64 code; /* of quit and exit */
  gint64 sender_pid;
  gint64 sender_uid;
  const char *sender_comm; /* "": not known */
  const char *sender_unit;
  const char *sender_user_unit;
} PsWhy;

/* A hold that was given up on. */
typedef struct
{
  const char *why;    /* in the words of whoever took it */
  const char *reason; /* for giving up */
  gint64 duration_us; /* how long it was waited for */
  gint64 at_us;       /* when it was dropped, after the exit's begin */
} PsHoldDropped;

/* One callback. Times are from the exit's begin, by the clock that never jumps; those of a query
 * lie before it and are negative. */
typedef struct
{
  const char *name;
  const char *event; /* terminate, finish, … */
  gint64 number;     /* from 1 */
  gint64 priority;   /* valid if has_priority */
  gboolean has_priority;
  gboolean is_begun;
  gboolean is_done;
  gint64 begun_us;
  gint64 done_us;
  gint64 duration_us;  /* as the process measured it */
  const char *skipped; /* the reason; NULL: it was not skipped */
  const char *error;   /* what it reported; NULL: none */
  GArray *holds;       /* of PsHoldDropped; NULL: none */
} PsStep;

/* What happened beside: vetoes, further requests, lost signals. */
typedef struct
{
  gint64 at_us; /* from the exit's begin, likewise */
  gint64 realtime_us;
  const char *kind; /* vetoed, again, signals-lost, crash-cut, clause-failed, bad-setting, … */
  const char *text; /* the record's own line */
} PsNote;

typedef struct
{
  const char *signal;
  const char *reason;
  const char *origin;  /* fault, raised, sent */
  const char *address; /* "": none */
  gint64 thread_id;
  const char *thread_name;
  const char *abort_message; /* "": none */
  const char *backtrace;     /* a line for each frame */
  const char *not_run;       /* a line for each finish callback */
  const char *event;         /* of the callback that was running; "": none was */
  const char *step;
  gint64 step_us;
  gint64 steps_skipped;
  gboolean is_nested; /* the record is not whole */
} PsCrashRecord;

typedef struct
{
  /* Whose. */
  const char *unit; /* "": none */
  const char *program;
  const char *version;
  const char *host;
  const char *machine_id;
  const char *boot_id;
  const char *invocation_id; /* "": none */
  gint64 pid;
  gint64 uid;

  /* When, by the clock on the wall. */
  gint64 begun_us;    /* of the first that is known of it, unless has_begin */
  gboolean has_begin; /* it was told when it began */
  gint64 exit_begun_us;
  gint64 ended_us; /* the end, or the last sign of life, as ends_exactly says */
  gboolean ends_exactly;
  gint64 lived_us; /* by the clock that never jumps where possible */

  /* The exit. */
  PsWhy why;
  PsFate fate;
  PsTeller teller;
  gint64 status; /* the exit status, 0 to 255 */
  gint64 exit_duration_us;
  gint64 deadline_us;    /* how long it might have taken; unknown: for ever, or an older library */
  const char *reason;    /* why it was forced, or killed; "": nothing to say */
  const char *last_step; /* that was running when it was forced, killed or crashed; "" */
  gint64 last_step_us;   /* how long it had been */
  gint64 n_steps;        /* as was known at the begin */
  gint64 steps_run, steps_skipped, steps_failed, holds_dropped;
  gint64 signals_again, signals_lost, records_lost, notifies_lost;
  PsCrashRecord *crash; /* NULL: none */
  GPtrArray *steps;     /* of PsStep, by number; NULL unless asked for */
  GPtrArray *notes;     /* of PsNote; NULL unless asked for */

  /* What systemd says. */
  const char *service_result; /* "": nothing. success, signal, core-dump, watchdog, … */
  const char *exit_code;      /* exited, killed, dumped */
  const char *exit_status;    /* a number or the name of a signal */
  gboolean has_core;          /* systemd-coredump has one */

  /* The last will. */
  gboolean is_settled;
  const char *settled_by; /* process, stop-post, start, boot; "" */
  gint64 clauses_done, clauses_skipped, clauses_failed;

  /* For those who make it. */
  gint64 order_us; /* lives are sorted by it */
  gint64 begun_monotonic_us, exit_begun_monotonic_us, ended_monotonic_us;
  guint run; /* of its unit: 1 is the newest, as `psctl history` counts */
} PsLife;

PsLife *ps_life_new (void);
void ps_life_free (PsLife *life);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PsLife, ps_life_free)

/* Makes steps and notes where there are none yet. */
PsStep *ps_life_get_step (PsLife *life, gint64 number, const char *event, const char *name);
void ps_life_note (PsLife *life, const PsNote *note);

const char *ps_fate_word (PsFate fate);
gboolean ps_fate_parse (const char *word, PsFate *fate);
const char *ps_teller_word (PsTeller teller);

/* No end is to come. */
gboolean ps_life_is_over (const PsLife *life);
