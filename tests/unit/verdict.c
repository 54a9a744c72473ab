/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each rule by a case of its own, then all of them together: every combination of what a record can
 * say and of how things can be, against what must never be concluded. */

#include "ps-verdict.h"

#include <signal.h>
#include <string.h>

#define BOOT "b0010000000000000000000000000000"
#define OTHER_BOOT "b0020000000000000000000000000000"
#define MACHINE "3ac41e00000000000000000000000000"
#define OTHER_MACHINE "5ac41e00000000000000000000000000"

static const PsPresent now = {
  .boot = BOOT,
  .machine = MACHINE,
  .inode = 77,
  .born_ns = 1000,
  .pid_namespace = 5,
  .pid = 900,
  .start = 9000,
  .start_there = -1,
};

static PsRunLife
new_life (void)
{
  PsRunLife life = { .who = { .boot = BOOT,
                              .machine = MACHINE,
                              .inode = 77,
                              .born_ns = 1000,
                              .pid_namespace = 5,
                              .pid = 400,
                              .start = 4000 },
                     .begun = { 1000000, 50000000 },
                     .last = { 3000000, 20000000 },
                     .state = "running" };

  return life;
}

static void
settle (PsRunLife *life, const char *result, const char *code, const char *status)
{
  life->settled.is_set = 1;
  g_strlcpy (life->settled.result, result, sizeof life->settled.result);
  g_strlcpy (life->settled.code, code, sizeof life->settled.code);
  g_strlcpy (life->settled.status, status, sizeof life->settled.status);
  life->settled.time = (PsRunLifeTime){ 4000000, 21000000 };
}

static void
ask_by_signal (PsRunLife *life, int signum)
{
  life->has_cause = 1;
  g_strlcpy (life->cause.kind, "signal", sizeof life->cause.kind);
  life->cause.signum = signum;
}

static void
end (PsRunLife *life, int status)
{
  life->has_end = 1;
  life->end_status = status;
}

static PsFinding
judge_at (const PsRunLife *life, const PsPresent *present)
{
  PsFinding finding;

  ps_verdict_find (&finding, life, present);
  return finding;
}

static PsFinding
judge (const PsRunLife *life)
{
  return judge_at (life, &now);
}

#define assert_verdict(finding, wanted)                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_assert_cmpint ((finding).kind, ==, PS_FINDING_ENDED);                                        \
    g_assert_cmpstr (ps_verdict_word ((finding).verdict), ==, wanted);                             \
  }                                                                                                \
  G_STMT_END

static void
test_orderly (void)
{
  PsRunLife life = new_life ();
  PsFinding finding;

  end (&life, 0);
  finding = judge (&life);
  assert_verdict (finding, "clean");
  g_assert_cmpint (finding.code, ==, 0);
  g_assert_true (finding.end_is_known);
  g_assert_cmpint (finding.ended.boot_us, ==, life.last.boot_us);
  end (&life, 3);
  finding = judge (&life);
  assert_verdict (finding, "quit");
  g_assert_cmpint (finding.code, ==, 3);
  ask_by_signal (&life, SIGTERM);
  end (&life, 143);
  finding = judge (&life);
  assert_verdict (finding, "terminated");
  g_assert_cmpint (finding.signum, ==, SIGTERM);
  g_assert_cmpint (finding.status, ==, 143);
}

/* The machine's way down does not change what was said before. */
static void
test_orderly_before_reboot (void)
{
  PsRunLife life = new_life ();
  PsPresent present = now;

  g_strlcpy (present.boot, OTHER_BOOT, sizeof present.boot);
  end (&life, 0);
  assert_verdict (judge_at (&life, &present), "clean");
  life.crash.is_set = 1;
  assert_verdict (judge_at (&life, &present), "crashed");
}

static void
test_after_the_end (void)
{
  PsRunLife life = new_life ();
  PsFinding finding;

  end (&life, 0);
  settle (&life, "exit-code", "exited", "5"); /* main() returned something else */
  finding = judge (&life);
  assert_verdict (finding, "quit");
  g_assert_cmpint (finding.code, ==, 5);
  settle (&life, "timeout", "killed", "KILL");
  assert_verdict (judge (&life), "killed");
  settle (&life, "core-dump", "dumped", "SEGV");
  assert_verdict (judge (&life), "crashed");
  ask_by_signal (&life, SIGTERM);
  settle (&life, "success", "killed", "TERM"); /* the policy to die of the signal itself */
  assert_verdict (judge (&life), "terminated");
  life.forced.is_set = 1;
  life.forced.status = 143;
  assert_verdict (judge (&life), "forced");
}

static void
test_own_word (void)
{
  PsRunLife life = new_life ();
  PsFinding finding;

  life.crash = (PsRunLifeBreak){ .is_set = 1, .signum = SIGSEGV };
  finding = judge (&life);
  assert_verdict (finding, "crashed");
  g_assert_cmpint (finding.signum, ==, SIGSEGV);
  life.crash = (PsRunLifeBreak){ .is_set = 1, .signum = SIGABRT, .is_watchdog = 1 };
  assert_verdict (judge (&life), "watchdog");
  life.crash.is_watchdog = 0;
  assert_verdict (judge (&life), "crashed");
  settle (&life, "watchdog", "killed", "ABRT");
  assert_verdict (judge (&life), "watchdog");
  settle (&life, "oom-kill", "killed", "ABRT"); /* of a child, and then it crashed */
  assert_verdict (judge (&life), "crashed");

  life = new_life ();
  life.forced = (PsRunLifeBreak){ .is_set = 1, .status = 143 };
  ask_by_signal (&life, SIGTERM);
  settle (&life, "timeout", "exited", "143");
  finding = judge (&life);
  assert_verdict (finding, "forced");
  g_assert_cmpint (finding.status, ==, 143);
  g_assert_cmpint (finding.signum, ==, SIGTERM);
  g_assert_cmpint (finding.code, ==, -1);
}

static void
test_managers_word (void)
{
  const struct
  {
    const char *result, *code, *status, *verdict;
    int signum, exit_status;
  } cases[] = {
    { "oom-kill", "killed", "KILL", "out-of-memory", SIGKILL, -1 },
    { "oom-kill", "", "", "out-of-memory", 0, -1 },
    { "oom-kill", "killed", "TERM", "killed", SIGTERM, -1 }, /* a child's memory */
    { "watchdog", "dumped", "ABRT", "watchdog", SIGABRT, -1 },
    { "watchdog", "killed", "KILL", "watchdog", SIGKILL, -1 },
    { "timeout", "killed", "KILL", "killed", SIGKILL, -1 },
    { "signal", "killed", "KILL", "killed", SIGKILL, -1 },
    { "signal", "killed", "USR1", "killed", SIGUSR1, -1 },
    { "signal", "killed", "RTMIN+2", "killed", SIGRTMIN + 2, -1 },
    { "core-dump", "dumped", "SEGV", "crashed", SIGSEGV, -1 },
    { "signal", "killed", "ABRT", "crashed", SIGABRT, -1 },
    { "success", "exited", "0", "quit", 0, 0 },
    { "exit-code", "exited", "7", "quit", 0, 7 },
    { "resources", "", "", "killed", 0, -1 },
    { "nonsense", "exited", "999", "killed", 0, -1 },
    { "signal", "killed", "NONSENSE", "killed", 0, -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PsRunLife life = new_life ();
      PsFinding finding;

      settle (&life, cases[i].result, cases[i].code, cases[i].status);
      finding = judge (&life);
      assert_verdict (finding, cases[i].verdict);
      g_assert_cmpint (finding.signum, ==, cases[i].signum);
      g_assert_cmpint (finding.status, ==, cases[i].exit_status);
      g_assert_false (finding.end_is_known);
      g_assert_cmpint (finding.ended.boot_us, ==, 4000000);
    }
}

static void
test_silence (void)
{
  PsRunLife life = new_life ();
  PsPresent present = now;

  assert_verdict (judge (&life), "killed");
  g_strlcpy (present.boot, OTHER_BOOT, sizeof present.boot);
  assert_verdict (judge_at (&life, &present), "power-loss");
  life.is_torn = 1;
  assert_verdict (judge_at (&life, &present), "power-loss");
  assert_verdict (judge (&life), "unknown");
  life.is_damaged = 1;
  assert_verdict (judge_at (&life, &present), "unknown");
  life = new_life ();
  present.boot[0] = '\0';
  assert_verdict (judge_at (&life, &present), "unknown");
  life.who.boot[0] = '\0';
  assert_verdict (judge (&life), "unknown");
  life = new_life ();
  life.is_detached = 1;
  assert_verdict (judge (&life), "unknown");
}

/* A copied directory: whatever else may have been said, was said elsewhere. */
static void
test_copy (void)
{
  PsRunLife life = new_life ();
  PsPresent present = now;

  present.born_ns = 2000; /* even with the same number */
  assert_verdict (judge_at (&life, &present), "unknown");
  g_strlcpy (present.boot, OTHER_BOOT, sizeof present.boot);
  assert_verdict (judge_at (&life, &present), "unknown");
  present.born_ns = 0;
  assert_verdict (judge_at (&life, &present), "power-loss");
  present.inode = 78;
  assert_verdict (judge_at (&life, &present), "unknown");
  present.born_ns = 1000; /* a file system that numbers anew */
  assert_verdict (judge_at (&life, &present), "power-loss");
  g_strlcpy (present.machine, OTHER_MACHINE, sizeof present.machine);
  assert_verdict (judge_at (&life, &present), "unknown");
  end (&life, 0);
  assert_verdict (judge_at (&life, &present), "clean");
}

static void
test_alive (void)
{
  PsRunLife life = new_life ();
  PsPresent present = now;

  present.start_there = 4000;
  g_assert_cmpint (judge_at (&life, &present).kind, ==, PS_FINDING_LIVES);
  present.start_there = 4001; /* another process with its number */
  assert_verdict (judge_at (&life, &present), "killed");
  present.start_there = 4000;
  present.pid_namespace = 6; /* a number of elsewhere */
  assert_verdict (judge_at (&life, &present), "killed");
  present = now;
  present.start_there = 4000;
  g_strlcpy (present.boot, OTHER_BOOT, sizeof present.boot);
  assert_verdict (judge_at (&life, &present), "power-loss");
  present = now;
  present.is_locked = TRUE;
  g_assert_cmpint (judge_at (&life, &present).kind, ==, PS_FINDING_LIVES);
}

static void
test_exec (void)
{
  PsRunLife life = new_life ();
  PsPresent present = now;

  life.who.pid = present.pid;
  life.who.start = present.start_there = present.start;
  assert_verdict (judge_at (&life, &present), "unknown");
}

static void
test_earlier_verdict (void)
{
  PsRunLife life = new_life ();
  PsPresent present = now;

  g_strlcpy (life.verdict, "killed", sizeof life.verdict);
  g_strlcpy (present.boot, OTHER_BOOT, sizeof present.boot);
  assert_verdict (judge_at (&life, &present), "killed");
  g_strlcpy (life.verdict, "nonsense", sizeof life.verdict);
  assert_verdict (judge_at (&life, &present), "power-loss");
}

static void
test_words (void)
{
  PsVerdict verdict;

  for (int i = PS_VERDICT_CLEAN; i <= PS_VERDICT_UNKNOWN; i++)
    {
      g_assert_true (ps_verdict_parse (ps_verdict_word (i), &verdict));
      g_assert_cmpint (verdict, ==, i);
    }
  g_assert_null (ps_verdict_word (PS_VERDICT_UNKNOWN + 1));
  g_assert_false (ps_verdict_parse ("", &verdict));
  g_assert_cmpint (ps_verdict_parse_signal ("KILL"), ==, SIGKILL);
  g_assert_cmpint (ps_verdict_parse_signal ("RTMIN+99"), ==, 0);
  g_assert_cmpint (ps_verdict_parse_signal (""), ==, 0);
}

/* --- All combinations ------------------------------------------------------------------------ */

enum
{
  ENDED = 1 << 0,
  BY_SIGNAL = 1 << 1,
  CRASHED = 1 << 2,
  FORCED = 1 << 3,
  DAMAGED = 1 << 4,
  COPIED = 1 << 5,
  REBOOTED = 1 << 6,
  PID_IN_USE = 1 << 7, /* by another */
  LOCKED = 1 << 8,
  CLOCK_BACK = 1 << 9,
  ALL = 1 << 10,
};

static const char *const results[][3] = {
  { NULL, NULL, NULL },
  { "oom-kill", "killed", "KILL" },
  { "watchdog", "killed", "ABRT" },
  { "timeout", "killed", "KILL" },
  { "success", "exited", "0" },
  { "exit-code", "exited", "4" },
  { "core-dump", "dumped", "SEGV" },
};

static void
compose (PsRunLife *life, PsPresent *present, int what, guint result)
{
  *life = new_life ();
  *present = now;
  if (what & ENDED)
    end (life, 0);
  if (what & BY_SIGNAL)
    ask_by_signal (life, SIGTERM);
  life->crash = (PsRunLifeBreak){ .is_set = (what & CRASHED) != 0, .signum = SIGSEGV };
  life->forced = (PsRunLifeBreak){ .is_set = (what & FORCED) != 0, .status = 143 };
  life->is_damaged = (what & DAMAGED) != 0;
  present->born_ns += (what & COPIED) != 0;
  if (what & REBOOTED)
    g_strlcpy (present->boot, OTHER_BOOT, sizeof present->boot);
  present->start_there = what & PID_IN_USE ? 4001 : -1;
  present->is_locked = (what & LOCKED) != 0;
  if (what & CLOCK_BACK)
    life->begun.real_us = 99 * life->last.real_us;
  if (results[result][0] != NULL)
    settle (life, results[result][0], results[result][1], results[result][2]);
}

static void
check_combination (int what, guint result)
{
  gboolean told = (what & (ENDED | CRASHED | FORCED)) != 0, silent = !told && result == 0;
  PsPresent present;
  PsFinding finding, other;
  PsRunLife life;

  compose (&life, &present, what, result);
  finding = judge_at (&life, &present);
  g_assert_cmpint (finding.kind, ==, what & LOCKED ? PS_FINDING_LIVES : PS_FINDING_ENDED);
  if (finding.kind == PS_FINDING_LIVES)
    return;
  if (silent)
    g_assert_cmpstr (ps_verdict_word (finding.verdict), ==,
                     what & (COPIED | DAMAGED) ? "unknown"
                     : what & REBOOTED         ? "power-loss"
                                               : "killed");
  else
    g_assert_true (finding.verdict != PS_VERDICT_POWER_LOSS
                   && finding.verdict != PS_VERDICT_UNKNOWN);
  g_assert_true (finding.verdict != PS_VERDICT_CLEAN || (what & ENDED));
  g_assert_true (finding.verdict != PS_VERDICT_TERMINATED || (what & BY_SIGNAL));
  g_assert_true (finding.verdict != PS_VERDICT_OUT_OF_MEMORY || (!told && result == 1));
  g_assert_cmpint (finding.end_is_known, ==, told);
  g_assert_true (finding.ended.boot_us >= life.begun.boot_us);

  /* Neither the clock of the day nor a process that has its number changes anything. */
  compose (&life, &present, what ^ CLOCK_BACK ^ PID_IN_USE, result);
  other = judge_at (&life, &present);
  g_assert_cmpint (other.verdict, ==, finding.verdict);
}

static void
test_combinations (void)
{
  for (int what = 0; what < ALL; what++)
    for (guint result = 0; result < G_N_ELEMENTS (results); result++)
      check_combination (what, result);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/verdict/orderly", test_orderly);
  g_test_add_func ("/verdict/orderly-before-reboot", test_orderly_before_reboot);
  g_test_add_func ("/verdict/after-the-end", test_after_the_end);
  g_test_add_func ("/verdict/own-word", test_own_word);
  g_test_add_func ("/verdict/managers-word", test_managers_word);
  g_test_add_func ("/verdict/silence", test_silence);
  g_test_add_func ("/verdict/copy", test_copy);
  g_test_add_func ("/verdict/alive", test_alive);
  g_test_add_func ("/verdict/exec", test_exec);
  g_test_add_func ("/verdict/earlier-verdict", test_earlier_verdict);
  g_test_add_func ("/verdict/words", test_words);
  g_test_add_func ("/verdict/combinations", test_combinations);
  return g_test_run ();
}
