/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A process that crashes tells of it and then dies as it would have died without us: of the same
 * signal, in the same thread, with the same registers; ps-crash-actions.c sees to that.
 *
 * Who comes first, owns the crash. Another thread that crashes meanwhile is parked. When the owner
 * comes again, the handler itself has crashed, or a callback has, or a timer says that it takes too
 * long: what is known is told, and the process dies of the first crash, whose registers were kept.
 * No step is tried twice.
 *
 * Everything here is async-signal-safe, including what enables it, and nothing of GLib is used:
 * tests/api holds the list of what may be called.
 *
 * A forked child, or one that shares our memory after vfork(), gets what it would have got, and no
 * word is said: it is not our process that crashes.
 */

#include "ps-crash.h"

/* floor 0 */
#include "ps-self.h"
/* floor 3 */
#include "ps-backstop.h"
#include "ps-unwind.h"
/* floor 4 */
#include "ps-crash-actions.h"
#include "ps-crash-facts.h"
#include "ps-crash-tell.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

/* Longer than the owner can take, even where it blocks what interrupts it (ps-backstop). */
#define PARK_MS 10500

/* Of a signal set, the kernel keeps and restores only this much. */
#define MASK_BYTES 8

typedef enum
{
  STAGE_LOOK,
  STAGE_TELL,
  STAGE_TELL_LESS,
  STAGE_CALL,
  STAGE_DIE,
} Stage;

static struct
{
  atomic_int enabled;
  PsCrashCaller caller;

  _Atomic pid_t tid; /* who owns the crash; 0: nobody has crashed */
  atomic_int stage;
  const PsLastCall *call; /* what is being called */

  /* The first crash, as it came. */
  int signum;
  siginfo_t info;
  mcontext_t machine;
  char mask[MASK_BYTES];
} well;

static void
die (ucontext_t *ucontext)
{
  atomic_store (&well.stage, STAGE_DIE);
  ps_backstop_stop_signal ();
  ps_backstop_hasten ();
  ucontext->uc_mcontext = well.machine;
  memcpy (&ucontext->uc_sigmask, well.mask, MASK_BYTES);
  ps_crash_actions_end_by (well.signum, &well.info, ucontext);
  ps_backstop_stop ();
  /* Whoever was there before us may know better, and go on. */
  if (!ps_crash_actions_is_last (well.signum))
    {
      ps_lastcalls_end ();
      atomic_store (&well.tid, 0);
    }
}

/* --- The first crash ------------------------------------------------------------------------- */

static void
tell (Stage stage, const char *cut_short)
{
  const PsCrash *crash;
  PsCrashNotes notes;

  atomic_store (&well.stage, stage);
  ps_crash_facts_get (&crash, &notes);
  notes.cut_short = cut_short;
  ps_crash_tell (crash, &notes);
}

static void
call_all (void)
{
  const PsLastCall *call;
  const PsCrash *crash;
  PsCrashNotes notes;

  ps_crash_facts_get (&crash, &notes);
  while ((call = ps_lastcalls_next ()) != NULL)
    {
      well.call = call;
      atomic_store (&well.stage, STAGE_CALL);
      if (call->kind == PS_LASTCALL_CRASH_FUNC)
        ((PsCrashFunc) call->func) (crash, call->data);
      else
        well.caller (crash, call);
    }
}

static void
first (int signum, siginfo_t *info, ucontext_t *ucontext)
{
  atomic_store (&well.stage, STAGE_LOOK);
  well.signum = signum;
  well.info = *info;
  well.machine = ucontext->uc_mcontext;
  memcpy (well.mask, &ucontext->uc_sigmask, MASK_BYTES);
  ps_backstop_start (signum);

  ps_crash_facts_find (signum, info, ucontext);
  ps_crash_facts_unwind ();
  tell (STAGE_TELL, NULL);
  call_all ();
  die (ucontext);
}

/* The owner again. It goes on after the step that failed, if anything at all. */
static void
again (int signum, siginfo_t *info, ucontext_t *ucontext)
{
  int late = ps_backstop_is (info);

  if (late)
    ps_backstop_hasten ();
  switch ((Stage) atomic_load (&well.stage))
    {
    case STAGE_LOOK:
      tell (STAGE_TELL, late ? "it took too long" : "finding out more crashed, too");
      break;
    case STAGE_TELL:
      /* Only what the loader wrote of modules is not ours; that is left out. What is late has been
       * sent to the journal: nothing waits before. */
      ps_unwind_reset ();
      if (!late)
        tell (STAGE_TELL_LESS, "telling it crashed, too");
      break;
    case STAGE_CALL:
      atomic_store (&well.stage, STAGE_TELL_LESS);
      ps_crash_tell_cut (well.call->name, late ? "it took too long" : "it crashed, too");
      late = 1;
      break;
    case STAGE_TELL_LESS:
      late = 1;
      break;
    case STAGE_DIE:
      if (late)
        return;
      ps_crash_actions_pass_on (signum, info, ucontext);
      return;
    }
  /* The callbacks have not done anything wrong yet. */
  if (!late)
    call_all ();
  die (ucontext);
}

/* --- The handler ----------------------------------------------------------------------------- */

static int
claim (pid_t me)
{
  pid_t nobody = 0;

  return atomic_compare_exchange_strong (&well.tid, &nobody, me);
}

/* Until the process is gone, or the owner lives on. FALSE: neither came to pass. */
static int
park (pid_t me)
{
  const struct timespec moment = { .tv_nsec = 10 * 1000000 };

  for (int ms = 0; ms < PARK_MS; ms += 10)
    {
      if (claim (me))
        return 1;
      nanosleep (&moment, NULL);
    }
  return 0;
}

/* In this process, and not in the one it is a copy of. */
int
ps_crash_is_enabled (void)
{
  return atomic_load (&well.enabled) && ps_self_is_watched ();
}

static void
handle (int signum, siginfo_t *info, void *ucontext)
{
  int saved_errno = errno;
  pid_t me = gettid ();

  if (!ps_crash_is_enabled ())
    ps_crash_actions_pass_on (signum, info, ucontext);
  else if (atomic_load (&well.tid) == me)
    again (signum, info, ucontext);
  else if (ps_backstop_is (info) || ps_crash_actions_is_ignored (signum, info))
    ; /* of a crash that somebody recovered from; or as it would have been */
  else if (!ps_crash_actions_is_over (signum) && (claim (me) || park (me)))
    first (signum, info, ucontext);
  else
    ps_crash_actions_pass_on (signum, info, ucontext);
  errno = saved_errno;
}

/* --- Taking and giving back ------------------------------------------------------------------ */

void
ps_crash_enable (PsCrashCaller caller)
{
  if (ps_crash_is_enabled ())
    return;
  well.caller = caller;
  atomic_store (&well.tid, 0);
  atomic_store (&well.enabled, 1);
  ps_backstop_prepare ();
  ps_crash_actions_take (handle);
}

void
ps_crash_disable (void)
{
  if (!ps_crash_is_enabled ())
    return;
  ps_crash_actions_give_back ();
  ps_backstop_close ();
  atomic_store (&well.enabled, 0);
}

/* In a forked child, which is not to be told of. Returns whether its parent is. */
int
ps_crash_forget (void)
{
  if (!atomic_exchange (&well.enabled, 0))
    return 0;
  ps_crash_actions_give_back ();
  ps_backstop_forget ();
  return 1;
}
