/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The order in which the witnesses are heard.
 *
 * 1. Does it live? The lock of the record says so, or a process that has the number of the life and
 *    began when it began, in this boot and in a PID namespace that is the same. A number alone is
 * no identity. A process that finds itself there has replaced itself by exec().
 * 2. What an earlier start has concluded stays: one life has one verdict.
 * 3. The service manager on the watchdog: its SIGABRT looks like a crash to the process.
 * 4. The process on itself: a crash, a forced end, an orderly end, the last word first. An orderly
 *    end is no proof of what came after it: main() may hang, or return something else; there the
 *    manager knows better.
 * 5. The manager on a process that said nothing: out of memory, a signal, a status.
 * 6. Nobody said anything. In a copy of a record, or in one that is damaged, the word may be lost:
 *    unknown. Of another boot: the machine went down. Of this one: killed.
 *
 * The time of day decides nothing: clocks are set.
 */

#include "ps-verdict.h"

#include <signal.h>
#include <string.h>

/* --- Words ----------------------------------------------------------------------------------- */

static const char *const words[] = {
  [PS_VERDICT_CLEAN] = "clean",
  [PS_VERDICT_TERMINATED] = "terminated",
  [PS_VERDICT_QUIT] = "quit",
  [PS_VERDICT_CRASHED] = "crashed",
  [PS_VERDICT_KILLED] = "killed",
  [PS_VERDICT_OUT_OF_MEMORY] = "out-of-memory",
  [PS_VERDICT_WATCHDOG] = "watchdog",
  [PS_VERDICT_FORCED] = "forced",
  [PS_VERDICT_POWER_LOSS] = "power-loss",
  [PS_VERDICT_UNKNOWN] = "unknown",
};

/* NULL for what is none. */
const char *
ps_verdict_word (PsVerdict verdict)
{
  return (guint) verdict < G_N_ELEMENTS (words) ? words[verdict] : NULL;
}

gboolean
ps_verdict_parse (const char *word, PsVerdict *verdict)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strcmp (word, words[i]) == 0)
      {
        *verdict = i;
        return TRUE;
      }
  return FALSE;
}

/* As systemd writes them: "KILL", "RTMIN+3". 0: it is none. */
int
ps_verdict_parse_signal (const char *name)
{
  guint64 more;

  for (int signum = 1; signum < SIGRTMIN; signum++)
    if (g_strcmp0 (sigabbrev_np (signum), name) == 0)
      return signum;
  if (g_str_has_prefix (name, "RTMIN+")
      && g_ascii_string_to_unsigned (name + strlen ("RTMIN+"), 10, 0,
                                     (guint64) (SIGRTMAX - SIGRTMIN), &more, NULL))
    return SIGRTMIN + (int) more;
  return 0;
}

static gboolean
is_crash_signal (int signum)
{
  return signum == SIGSEGV || signum == SIGBUS || signum == SIGFPE || signum == SIGILL
         || signum == SIGABRT || signum == SIGTRAP || signum == SIGSYS;
}

/* --- Does it live? --------------------------------------------------------------------------- */

static gboolean
is_same_boot (const PsRunLife *life, const PsPresent *present)
{
  return life->who.boot[0] != '\0' && strcmp (life->who.boot, present->boot) == 0;
}

static gboolean
is_other_boot (const PsRunLife *life, const PsPresent *present)
{
  return life->who.boot[0] != '\0' && present->boot[0] != '\0'
         && strcmp (life->who.boot, present->boot) != 0;
}

/* A process of its number and its time of birth is there: it, or what it has become by exec(). */
static gboolean
is_there (const PsRunLife *life, const PsPresent *present)
{
  return is_same_boot (life, present) && life->who.pid_namespace == present->pid_namespace
         && life->who.pid > 0 && life->who.start >= 0 && life->who.start == present->start_there;
}

static gboolean
is_us (const PsRunLife *life, const PsPresent *present)
{
  return is_there (life, present) && life->who.pid == present->pid
         && life->who.start == present->start;
}

/* Whether this file is not the one that the life began in. Where the file system tells when a file
 * was made, that decides: some give out other inode numbers after each mount. */
static gboolean
is_copy (const PsRunLife *life, const PsPresent *present)
{
  if (life->who.machine[0] != '\0' && present->machine[0] != '\0'
      && strcmp (life->who.machine, present->machine) != 0)
    return TRUE;
  if (life->who.born_ns != 0 && present->born_ns != 0)
    return life->who.born_ns != present->born_ns;
  return life->who.inode != 0 && present->inode != 0 && life->who.inode != present->inode;
}

/* --- What the witnesses say ------------------------------------------------------------------ */

/* What the manager says of the main process: the signal it died of, or the status. */
typedef struct
{
  gboolean is_known;
  int signum;
  int status; /* -1: it died of the signal */
} ManagersWord;

static ManagersWord
hear_manager (const PsRunLifeSettled *settled)
{
  ManagersWord word = { .status = -1 };
  guint64 status;

  if (!settled->is_set)
    return word;
  if (strcmp (settled->code, "killed") == 0 || strcmp (settled->code, "dumped") == 0)
    word.signum = ps_verdict_parse_signal (settled->status);
  else if (strcmp (settled->code, "exited") == 0
           && g_ascii_string_to_unsigned (settled->status, 10, 0, 255, &status, NULL))
    word.status = (int) status;
  word.is_known = word.signum > 0 || word.status >= 0;
  return word;
}

static gboolean
has_result (const PsRunLife *life, const char *result)
{
  return life->settled.is_set && strcmp (life->settled.result, result) == 0;
}

static void
conclude (PsFinding *finding, PsVerdict verdict, const char *reason)
{
  finding->verdict = verdict;
  finding->reason = reason;
}

static void
hear_crash (PsFinding *finding, const PsRunLife *life)
{
  gboolean watchdog = life->crash.is_watchdog && life->crash.signum == SIGABRT;

  finding->signum = (int) life->crash.signum;
  conclude (finding, watchdog ? PS_VERDICT_WATCHDOG : PS_VERDICT_CRASHED, NULL);
}

static void
hear_forced (PsFinding *finding, const PsRunLife *life)
{
  finding->signum = life->has_cause ? (int) life->cause.signum : 0;
  finding->status = (int) life->forced.status;
  conclude (finding, PS_VERDICT_FORCED, NULL);
}

static void
conclude_quit (PsFinding *finding, int code)
{
  finding->code = code;
  conclude (finding, code == 0 ? PS_VERDICT_CLEAN : PS_VERDICT_QUIT, NULL);
}

/* An orderly end, and then the process died of a signal all the same. FALSE: it did not, or of the
 * one that it was to die of. */
static gboolean
died_after_end (PsFinding *finding, const PsRunLife *life, const ManagersWord *word)
{
  if (word->signum == 0 || word->signum == life->cause.signum)
    return FALSE;
  finding->signum = word->signum;
  finding->status = -1;
  conclude (finding, is_crash_signal (word->signum) ? PS_VERDICT_CRASHED : PS_VERDICT_KILLED,
            "after its exit was done");
  return TRUE;
}

static void
hear_end (PsFinding *finding, const PsRunLife *life, const ManagersWord *word)
{
  finding->status = word->status >= 0 ? word->status : (int) life->end_status;
  if (died_after_end (finding, life, word))
    return;
  if (life->has_cause && life->cause.signum > 0)
    {
      finding->signum = (int) life->cause.signum;
      conclude (finding, PS_VERDICT_TERMINATED, NULL);
    }
  else
    conclude_quit (finding, finding->status);
}

/* A process that said nothing. FALSE: the manager does not know, either. */
static gboolean
hear_only_manager (PsFinding *finding, const PsRunLife *life, const ManagersWord *word)
{
  finding->signum = word->signum;
  finding->status = word->status;
  if (has_result (life, "oom-kill") && (word->signum == SIGKILL || !word->is_known))
    conclude (finding, PS_VERDICT_OUT_OF_MEMORY, NULL);
  else if (word->status >= 0)
    {
      finding->code = word->status;
      conclude (finding, PS_VERDICT_QUIT, "by _exit() or exec(): no callback has run");
    }
  else if (word->signum > 0)
    conclude (finding, is_crash_signal (word->signum) ? PS_VERDICT_CRASHED : PS_VERDICT_KILLED,
              has_result (life, "timeout") ? "it did not end in time" : NULL);
  else
    return FALSE;
  return TRUE;
}

/* Nobody has said a word. */
static void
guess_from_silence (PsFinding *finding, const PsRunLife *life, const PsPresent *present)
{
  if (life->is_detached)
    conclude (finding, PS_VERDICT_UNKNOWN, "the program had ended the watch");
  else if (is_copy (life, present))
    conclude (finding, PS_VERDICT_UNKNOWN, "the record is a copy");
  else if (life->is_damaged)
    conclude (finding, PS_VERDICT_UNKNOWN, "the record is damaged");
  else if (is_other_boot (life, present))
    conclude (finding, PS_VERDICT_POWER_LOSS, NULL);
  else if (!is_same_boot (life, present))
    conclude (finding, PS_VERDICT_UNKNOWN, "the boot is not known");
  else if (life->is_torn)
    conclude (finding, PS_VERDICT_UNKNOWN, "its last line is not whole: the disk may be full");
  else if (is_us (life, present))
    conclude (finding, PS_VERDICT_UNKNOWN, "the process has replaced itself by exec()");
  else
    conclude (finding, PS_VERDICT_KILLED, NULL);
}

static gboolean
is_told_by_itself (const PsRunLife *life)
{
  return life->crash.is_set || life->forced.is_set || life->has_end;
}

static void
hear (PsFinding *finding, const PsRunLife *life, const PsPresent *present)
{
  ManagersWord word = hear_manager (&life->settled);

  if (has_result (life, "watchdog") && !life->forced.is_set && !life->has_end)
    {
      finding->signum = life->crash.is_set ? (int) life->crash.signum : word.signum;
      conclude (finding, PS_VERDICT_WATCHDOG, NULL);
    }
  else if (life->crash.is_set)
    hear_crash (finding, life);
  else if (life->forced.is_set)
    hear_forced (finding, life);
  else if (life->has_end)
    hear_end (finding, life, &word);
  else if (!hear_only_manager (finding, life, &word))
    guess_from_silence (finding, life, present);
}

/* When it ended: by its own word, or before the manager's helper ran. */
static void
find_end (PsFinding *finding, const PsRunLife *life)
{
  finding->end_is_known = is_told_by_itself (life);
  finding->ended = life->last;
  if (!finding->end_is_known && life->settled.is_set
      && life->settled.time.boot_us >= life->last.boot_us)
    finding->ended = life->settled.time;
}

void
ps_verdict_find (PsFinding *finding, const PsRunLife *life, const PsPresent *present)
{
  PsVerdict earlier;

  memset (finding, 0, sizeof *finding);
  finding->code = finding->status = -1;
  if (present->is_locked || (is_there (life, present) && !is_us (life, present)))
    {
      finding->kind = PS_FINDING_LIVES;
      return;
    }
  finding->kind = PS_FINDING_ENDED;
  hear (finding, life, present);
  find_end (finding, life);
  if (ps_verdict_parse (life->verdict, &earlier) && earlier != finding->verdict)
    conclude (finding, earlier, "as an earlier start found");
}
