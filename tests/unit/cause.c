/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-cause.h"

#include <string.h>

#define SELF 4711

static void
test_origins (void)
{
  static const struct
  {
    int si_code;
    pid_t sender;
    PsOrigin origin;
  } cases[] = {
    { SI_USER, 1, PS_ORIGIN_PROCESS },     { SI_USER, SELF, PS_ORIGIN_SELF },
    { SI_USER, 0, PS_ORIGIN_OUTSIDE },     { SI_QUEUE, 12, PS_ORIGIN_PROCESS },
    { SI_QUEUE, SELF, PS_ORIGIN_SELF },    { SI_QUEUE, 0, PS_ORIGIN_OUTSIDE },
    { SI_TKILL, SELF, PS_ORIGIN_SELF },    { SI_TKILL, 12, PS_ORIGIN_PROCESS },
    { SI_TKILL, 0, PS_ORIGIN_OUTSIDE },    { SI_KERNEL, 0, PS_ORIGIN_KERNEL },
    { SI_KERNEL, 12, PS_ORIGIN_KERNEL },   { SI_TIMER, 0, PS_ORIGIN_TIMER },
    { SI_TIMER, SELF, PS_ORIGIN_TIMER },   { SI_ASYNCIO, 12, PS_ORIGIN_UNKNOWN },
    { G_MININT, SELF, PS_ORIGIN_UNKNOWN }, { 77, 12, PS_ORIGIN_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (ps_cause_origin (cases[i].si_code, cases[i].sender, SELF), ==,
                     cases[i].origin);
}

static void
assert_described (const PsCause *cause, const char *words)
{
  char text[PS_CAUSE_WORDS];

  g_assert_cmpstr (ps_cause_describe (cause, text, sizeof text), ==, words);
}

static void
test_signals_described (void)
{
  static const struct
  {
    int signum;
    PsOrigin origin;
    PsSender sender;
    const char *words;
  } cases[] = {
    { SIGTERM,
      PS_ORIGIN_PROCESS,
      { 1, 0, "systemd", "init.scope", NULL },
      "SIGTERM from systemd (pid 1)" },
    { SIGTERM,
      PS_ORIGIN_PROCESS,
      { 812, 1000, "bash", "session-3.scope", NULL },
      "SIGTERM from bash (pid 812, uid 1000, session-3.scope)" },
    { SIGTERM,
      PS_ORIGIN_PROCESS,
      { 812, 1000, "bash", "user@1000.service", "app-foo-12.scope" },
      "SIGTERM from bash (pid 812, uid 1000, app-foo-12.scope of user@1000.service)" },
    { SIGHUP,
      PS_ORIGIN_PROCESS,
      { 812, 0, "kill", NULL, NULL },
      "SIGHUP from kill (pid 812, uid 0)" },
    { SIGTERM,
      PS_ORIGIN_PROCESS,
      { 812, 4294967294, NULL, NULL, NULL },
      "SIGTERM from an unknown process (pid 812, uid 4294967294)" },
    { SIGTERM, PS_ORIGIN_SELF, { SELF, 0, "me", "me.service", NULL }, "SIGTERM from itself" },
    { SIGTERM,
      PS_ORIGIN_OUTSIDE,
      { 0, 0, NULL, NULL, NULL },
      "SIGTERM from outside the PID namespace" },
    { SIGINT,
      PS_ORIGIN_KERNEL,
      { 0, 0, NULL, NULL, NULL },
      "SIGINT from the kernel or a terminal" },
    { SIGTERM, PS_ORIGIN_TIMER, { 0, 0, NULL, NULL, NULL }, "SIGTERM from a timer" },
    { 77, PS_ORIGIN_UNKNOWN, { 0, 0, NULL, NULL, NULL }, "signal 77 from an unknown sender" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PsCause cause = { .kind = PS_CAUSE_NONE };

      ps_cause_set_signal (&cause, cases[i].signum, cases[i].origin, &cases[i].sender);
      assert_described (&cause, cases[i].words);
    }
}

static void
test_values_described (void)
{
  PsCause cause = { .kind = PS_CAUSE_NONE };

  ps_cause_set_signal (&cause, SIGRTMIN + 3, PS_ORIGIN_SELF, &(PsSender){ .pid = SELF });
  assert_described (&cause, "SIGRTMIN+3 from itself");
  cause.has_value = TRUE;
  cause.value = -7;
  assert_described (&cause, "SIGRTMIN+3 with value -7 from itself");
}

static void
test_others_described (void)
{
  assert_described (&(PsCause){ .kind = PS_CAUSE_NONE }, "nothing");
  assert_described (&(PsCause){ .kind = PS_CAUSE_QUIT, .code = 3 }, "the program quit with code 3");
  assert_described (&(PsCause){ .kind = PS_CAUSE_EXIT, .code = 0 }, "exit (0) or return from main");
  assert_described (&(PsCause){ .kind = PS_CAUSE_LOOP }, "the main loop was quit");
}

static void
test_kind_names (void)
{
  g_assert_cmpstr (ps_cause_kind_name (PS_CAUSE_NONE), ==, "none");
  g_assert_cmpstr (ps_cause_kind_name (PS_CAUSE_SIGNAL), ==, "signal");
  g_assert_cmpstr (ps_cause_kind_name (PS_CAUSE_QUIT), ==, "quit");
  g_assert_cmpstr (ps_cause_kind_name (PS_CAUSE_EXIT), ==, "exit");
  g_assert_cmpstr (ps_cause_kind_name (PS_CAUSE_LOOP), ==, "loop");
}

/* A sender is shown where a process is known, and never made up from a field that is none. */
static void
test_senders (void)
{
  static const struct
  {
    PsOrigin origin;
    gboolean has_sender;
  } cases[] = {
    { PS_ORIGIN_PROCESS, TRUE },  { PS_ORIGIN_SELF, TRUE },    { PS_ORIGIN_OUTSIDE, TRUE },
    { PS_ORIGIN_UNKNOWN, FALSE }, { PS_ORIGIN_KERNEL, FALSE }, { PS_ORIGIN_TIMER, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PsCause cause = { .kind = PS_CAUSE_NONE };
      const PsSender *sender;

      ps_cause_set_signal (&cause, SIGTERM, cases[i].origin,
                           &(PsSender){ 12, 34, "who", "user@34.service", "what.service" });
      sender = ps_cause_get_sender (&cause);
      g_assert_cmpint (sender != NULL, ==, cases[i].has_sender);
      if (sender == NULL)
        continue;
      g_assert_cmpint (sender->pid, ==, 12);
      g_assert_cmpuint (sender->uid, ==, 34);
      g_assert_cmpstr (sender->comm, ==, "who");
      g_assert_cmpstr (sender->unit, ==, "user@34.service");
      g_assert_cmpstr (sender->user_unit, ==, "what.service");
    }
  g_assert_null (ps_cause_get_sender (&(PsCause){ .kind = PS_CAUSE_QUIT }));
}

static void
test_texts_are_copied (void)
{
  PsCause cause = { .kind = PS_CAUSE_NONE };
  PsCause copy;
  char comm[] = "first", unit[] = "user@1.service", user_unit[] = "first.service";

  ps_cause_set_signal (&cause, SIGTERM, PS_ORIGIN_PROCESS,
                       &(PsSender){ 12, 0, comm, unit, user_unit });
  memset (comm, 'x', strlen (comm));
  memset (unit, 'x', strlen (unit));
  memset (user_unit, 'x', strlen (user_unit));
  assert_described (&cause, "SIGTERM from first (pid 12, uid 0, first.service of user@1.service)");
  g_assert_cmpstr (ps_cause_get_sender (&cause)->comm, ==, "first");
  g_assert_cmpstr (ps_cause_get_sender (&cause)->unit, ==, "user@1.service");
  g_assert_cmpstr (ps_cause_get_sender (&cause)->user_unit, ==, "first.service");

  /* A copy has its own. */
  ps_cause_copy (&copy, &cause);
  ps_cause_clear (&cause);
  memset (&cause, 'x', sizeof cause);
  assert_described (&copy, "SIGTERM from first (pid 12, uid 0, first.service of user@1.service)");
  g_assert_true (ps_cause_get_sender (&copy)->comm == copy.comm);
  g_assert_true (ps_cause_get_sender (&copy)->unit == copy.unit);
  g_assert_true (ps_cause_get_sender (&copy)->user_unit == copy.user_unit);

  /* Set anew it forgets what it had. */
  ps_cause_set_signal (&cause, SIGINT, PS_ORIGIN_PROCESS, &(PsSender){ .pid = 13, .uid = 1 });
  assert_described (&cause, "SIGINT from an unknown process (pid 13, uid 1)");
  ps_cause_clear (&cause);
  g_assert_cmpint (cause.kind, ==, PS_CAUSE_NONE);
  g_assert_null (ps_cause_get_sender (&cause));
  ps_cause_clear (&cause);
}

/* S04: a process may call itself what it likes (prctl), 15 bytes long. */
static void
test_hostile_names (void)
{
  PsCause cause = { .kind = PS_CAUSE_NONE };
  g_autofree char *longest = g_strnfill (100000, 'x');
  char words[PS_CAUSE_WORDS];

  ps_cause_set_signal (&cause, SIGTERM, PS_ORIGIN_PROCESS,
                       &(PsSender){ 12, 0, "\033[2J\nroot\377 %n", "a\nMESSAGE=b.service", "\nc" });
  assert_described (&cause, "SIGTERM from \357\277\275[2J root\357\277\275 %n "
                            "(pid 12, uid 0,  c of a MESSAGE=b.service)");

  ps_cause_set_signal (&cause, SIGTERM, PS_ORIGIN_PROCESS,
                       &(PsSender){ 12, 0, longest, longest, longest });
  ps_cause_describe (&cause, words, sizeof words);
  g_assert_cmpuint (strlen (words), <, sizeof words - 1);
  g_assert_true (g_str_has_suffix (words, "x)"));
}

static void
test_status (void)
{
  static const struct
  {
    PsCauseKind kind;
    int signum, code;
    PsExitPolicy policy;
    int status;
  } cases[] = {
    { PS_CAUSE_SIGNAL, SIGHUP, 0, PS_EXIT_POLICY_STATUS, 129 },
    { PS_CAUSE_SIGNAL, SIGINT, 0, PS_EXIT_POLICY_STATUS, 130 },
    { PS_CAUSE_SIGNAL, SIGTERM, 0, PS_EXIT_POLICY_STATUS, 143 },
    { PS_CAUSE_SIGNAL, SIGTERM, 0, PS_EXIT_POLICY_RERAISE, 143 },
    { PS_CAUSE_SIGNAL, SIGTERM, 0, PS_EXIT_POLICY_SUCCESS, 0 },
    { PS_CAUSE_QUIT, 0, 7, PS_EXIT_POLICY_STATUS, 7 },
    { PS_CAUSE_QUIT, 0, 7, PS_EXIT_POLICY_SUCCESS, 7 },
    { PS_CAUSE_EXIT, 0, 255, PS_EXIT_POLICY_RERAISE, 255 },
    { PS_CAUSE_LOOP, 0, 0, PS_EXIT_POLICY_STATUS, 0 },
    { PS_CAUSE_NONE, 0, 0, PS_EXIT_POLICY_STATUS, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const PsCause cause = { .kind = cases[i].kind,
                              .signum = cases[i].signum,
                              .code = cases[i].code };

      g_assert_cmpint (ps_cause_status (&cause, cases[i].policy), ==, cases[i].status);
    }
}

/* No failure turns into success by losing its high bytes. */
static void
test_clamp (void)
{
  for (int code = 0; code <= 255; code++)
    g_assert_cmpint (ps_cause_clamp_code (code), ==, code);
  g_assert_cmpint (ps_cause_clamp_code (256), ==, 255);
  g_assert_cmpint (ps_cause_clamp_code (512), ==, 255);
  g_assert_cmpint (ps_cause_clamp_code (-1), ==, 255);
  g_assert_cmpint (ps_cause_clamp_code (-256), ==, 255);
  g_assert_cmpint (ps_cause_clamp_code (G_MAXINT), ==, 255);
  g_assert_cmpint (ps_cause_clamp_code (G_MININT), ==, 255);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cause/origins", test_origins);
  g_test_add_func ("/cause/signals-described", test_signals_described);
  g_test_add_func ("/cause/values-described", test_values_described);
  g_test_add_func ("/cause/others-described", test_others_described);
  g_test_add_func ("/cause/kind-names", test_kind_names);
  g_test_add_func ("/cause/senders", test_senders);
  g_test_add_func ("/cause/texts-are-copied", test_texts_are_copied);
  g_test_add_func ("/cause/hostile-names", test_hostile_names);
  g_test_add_func ("/cause/status", test_status);
  g_test_add_func ("/cause/clamp", test_clamp);
  return g_test_run ();
}
