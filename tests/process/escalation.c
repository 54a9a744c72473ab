/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking again: the second signal hurries an exit, the third forces it (G10, G11). */
#include "common.h"

#include <ps-ids.h>
#include <string.h>

typedef struct
{
  PsEscalation escalation;
  gboolean nests;
  int raises; /* a signal that the nested loop raises again and again */
} Setup;

static void
hold_for_ever (PsContext *context, gpointer unused)
{
  say (context, (gpointer) "holds");
  ps_hold_ref (ps_context_hold (context, "for ever"));
}

static gpointer
leave_when_told (gpointer loop)
{
  child_await ("return");
  g_main_loop_quit (loop);
  return NULL;
}

static gboolean
raise_again (gpointer signum)
{
  raise (GPOINTER_TO_INT (signum));
  return G_SOURCE_CONTINUE;
}

/* The loop turns on within the callback; what the callback does is its own affair. */
static void
nest (PsContext *context, gpointer raises)
{
  GMainLoop *inner = g_main_loop_new (NULL, FALSE);

  say (context, (gpointer) "nests");
  if (GPOINTER_TO_INT (raises) != 0)
    g_timeout_add (NEXT_WISH_MS, raise_again, raises);
  else
    in_thread (leave_when_told, inner);
  g_main_loop_run (inner);
  child_say ("returns");
}

static void
say_again_record (int priority, const char *message, const GLogField *fields, gsize n_fields,
                  gpointer unused)
{
  const char *signal_name = record_field (fields, n_fields, "PS_SIGNAL");
  const char *id = record_field (fields, n_fields, "MESSAGE_ID");

  if (g_strcmp0 (id, PS_MESSAGE_SIGNAL_AGAIN) == 0)
    child_sayf ("again: %s", signal_name);
}

static int
escalation_child (gconstpointer data)
{
  const Setup *setup = data;
  PsWatcher *watcher = watch ();

  ps_watcher_set_escalation (watcher, setup->escalation);
  ps_watcher_set_log_func (watcher, say_again_record, NULL, NULL);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, NULL, 1, 0, say, (gpointer) "next", NULL);
  ps_watcher_on_terminate (watcher, setup->nests ? nest : hold_for_ever,
                           GINT_TO_POINTER (setup->raises));
  ps_watcher_add (watcher, PS_EVENT_FINISH, NULL, 0, 0, hold_for_ever, (gpointer) "f", NULL);
  ps_watcher_add (watcher, PS_EVENT_FINISH, NULL, 1, 0, say, (gpointer) "last", NULL);
  return run (watcher);
}

static void
next_wish (void)
{
  g_usleep (NEXT_WISH_MS * 1000);
}

static void
expect_escalation (PsEscalation escalation, const int *signals)
{
  const Setup setup = { escalation, FALSE, 0 };
  Proc *child = proc_start (escalation_child, &setup);
  g_autofree char *again = g_strdup_printf ("again: SIG%s", sigabbrev_np (signals[1]));

  proc_expect (child, "ready");
  proc_kill (child, signals[0]);
  proc_expect (child, "terminate: holds");
  next_wish ();
  proc_kill (child, signals[1]);
  /* It is waited for no more, and what was not begun is not; finish is. */
  proc_expect_lines (child, again, "finish: holds");
  next_wish ();
  proc_kill (child, signals[2]);
  /* The third ends it here and now. */
  proc_expect_exit (child, 128 + signals[2]);
}

/* In the checkpoints already: the terminate callbacks are not reached, and the journal names them.
 */
static int
checkpoint_child (gconstpointer unused)
{
  PsWatcher *watcher = watch ();

  child_forgive_leaks (); /* the hold */
  ps_watcher_set_log_func (watcher, say_given_up, NULL, NULL);
  ps_watcher_add (watcher, PS_EVENT_CHECKPOINT, "saver", 0, 0, hold_for_ever, NULL, NULL);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "second", 1, 0, say, (gpointer) "t", NULL);
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "first", 0, 0, say, (gpointer) "u", NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
escalation_04 (void)
{
  Proc *child = proc_start (checkpoint_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "checkpoint: holds");
  next_wish ();
  proc_kill (child, SIGINT);
  proc_expect_lines (child, "given up: for ever of saver", "skipped: first", "skipped: second",
                     "finish: f");
  proc_expect_exit (child, 143);
}

/* A callback that runs a loop of its own is not cut off by the second; */
static void
expect_nested_second (PsEscalation escalation, int signum)
{
  const Setup setup = { escalation, TRUE, 0 };
  Proc *child = proc_start (escalation_child, &setup);
  g_autofree char *again = g_strdup_printf ("again: SIG%s", sigabbrev_np (signum));

  proc_expect (child, "ready");
  proc_kill (child, signum);
  proc_expect (child, "terminate: nests");
  next_wish ();
  proc_kill (child, signum);
  proc_tell (child, "return");
  proc_expect_lines (child, "returns", again, "finish: holds");
  next_wish ();
  proc_kill (child, signum);
  proc_expect_exit (child, 128 + signum);
}

/* by the third it is. */
static void
expect_nested_third (PsEscalation escalation, int signum)
{
  const Setup setup = { escalation, TRUE, signum };
  Proc *child = proc_start (escalation_child, &setup);

  proc_expect (child, "ready");
  proc_kill (child, signum);
  proc_expect (child, "terminate: nests");
  proc_expect_exit (child, 128 + signum);
}

static const int int3[] = { SIGINT, SIGINT, SIGINT };
static const int term_int_int[] = { SIGTERM, SIGINT, SIGINT };
static const int int_term_hup[] = { SIGINT, SIGTERM, SIGHUP };

static void
escalation_01 (void)
{
  expect_escalation (PS_ESCALATION_INTERACTIVE, int3);
}

static void
g10 (void)
{
  expect_nested_second (PS_ESCALATION_INTERACTIVE, SIGINT);
  expect_nested_second (PS_ESCALATION_ANY, SIGTERM);
  expect_nested_third (PS_ESCALATION_INTERACTIVE, SIGINT);
  expect_nested_third (PS_ESCALATION_ANY, SIGTERM);
}

static void
g11 (void)
{
  expect_escalation (PS_ESCALATION_INTERACTIVE, term_int_int);
  expect_escalation (PS_ESCALATION_ANY, int_term_hup);
}

/* What does not count is noted and changes nothing; the deadline does. */
static int
patient_child (gconstpointer data)
{
  ps_prepare ();
  return escalation_child (data);
}

static void
expect_patience (PsEscalation escalation, int signum)
{
  const Setup setup = { escalation, FALSE, 0 };
  Proc *child = proc_start (patient_child, &setup);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: holds");
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *line = g_strdup_printf ("again: SIG%s", sigabbrev_np (signum));

      next_wish ();
      proc_kill (child, signum);
      proc_expect (child, line);
    }
  proc_kill (child, SIGKILL);
  proc_expect_signal (child, SIGKILL);
}

static void
escalation_02 (void)
{
  expect_patience (PS_ESCALATION_INTERACTIVE, SIGTERM);
  expect_patience (PS_ESCALATION_NONE, SIGTERM);
  expect_patience (PS_ESCALATION_NONE, SIGINT);
}

/* The child sends the second itself, at once: well within 200 ms, whatever the load. */
static gboolean
int_twice (gpointer unused)
{
  raise (SIGINT);
  raise (SIGINT);
  return G_SOURCE_REMOVE;
}

static gboolean
let_go (gpointer hold)
{
  child_say ("releases");
  ps_hold_release (hold);
  return G_SOURCE_REMOVE;
}

static void
hold_for_100_ms (PsContext *context, gpointer unused)
{
  say (context, (gpointer) "holds");
  g_timeout_add (100, let_go, ps_context_hold (context, "100 ms"));
}

static int
bounced_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_terminate (watcher, hold_for_100_ms, NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  g_idle_add (int_twice, NULL);
  return run_quietly (watcher);
}

static void
escalation_03 (void)
{
  Proc *child = proc_start (bounced_child, NULL);

  proc_expect_lines (child, "terminate: holds", "releases", "finish: f");
  proc_expect_exit (child, 130);
}

/* --- A veto, and the next exit --------------------------------------------------------------- */

/* At the very end of the veto: the hold of the resume callback is given up on. */
static void
ask_at_the_end (int priority, const char *message, const GLogField *fields, gsize n_fields,
                gpointer watcher)
{
  if (g_strcmp0 (record_field (fields, n_fields, "PS_REASON"), "life goes on") != 0)
    return;
  ps_watcher_set_deadline (watcher, 0);
  raise (SIGINT);
}

static int
last_child (gconstpointer unused)
{
  PsWatcher *watcher = watch ();

  child_forgive_leaks (); /* the holds */
  /* A busy machine may be late by a tenth of it. */
  ps_watcher_set_deadline (watcher, 10000);
  ps_watcher_set_log_func (watcher, ask_at_the_end, watcher, NULL);
  ps_watcher_on_query (watcher, veto_once, NULL);
  ps_watcher_on_resume (watcher, hold_for_ever, NULL);
  ps_watcher_on_terminate (watcher, hold_for_ever, NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

/* What comes when the veto has been told is the first signal of the next exit, and the one after it
 * the second. */
static void
g11_after_veto (void)
{
  Proc *child = proc_start (last_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGINT);
  proc_expect_lines (child, "resume: holds", "terminate: holds");
  next_wish ();
  proc_kill (child, SIGINT);
  proc_expect (child, "finish: f");
  proc_expect_exit (child, 130);
}

static const TapCase cases[] = {
  { "escalation-01", "a second SIGINT skips to finish, a third ends it", escalation_01 },
  { "escalation-02", "what does not count is noted, and changes nothing", escalation_02 },
  { "escalation-03", "two within 200 ms are one wish", escalation_03 },
  { "escalation-04", "in the checkpoints: what is not reached is named", escalation_04 },
  { "G10", "signals again and again, while a callback runs a loop of its own", g10 },
  { "G11", "another signal is a second one, too", g11 },
  { "G11b", "one that comes at the end of a veto is the first of the next exit", g11_after_veto },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
