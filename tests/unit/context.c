/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-context-private.h"
#include "ps-clock.h"

#include "fake-clock.h"

static void
assert_critical (const char *pattern)
{
  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, pattern);
}

static void
test_signal (void)
{
  g_autoptr (PsContext) context = ps_context_new ();
  const struct sigaction before = { .sa_handler = SIG_IGN };
  PsCause cause = { .kind = PS_CAUSE_NONE };

  ps_cause_set_signal (&cause, SIGTERM, PS_ORIGIN_PROCESS,
                       &(PsSender){ 12, 34, "who", "what.service", NULL });
  context->event = PS_EVENT_TERMINATE;
  context->cause = &cause;
  context->previous_action = &before;
  context->exit_code = 0; /* of the policy "success", say */

  g_assert_cmpint (ps_context_get_event (context), ==, PS_EVENT_TERMINATE);
  g_assert_cmpint (ps_context_get_signal (context), ==, SIGTERM);
  g_assert_cmpint (ps_context_get_sender (context)->pid, ==, 12);
  g_assert_cmpstr (ps_context_get_sender (context)->unit, ==, "what.service");
  g_assert_cmpint (ps_context_get_exit_code (context), ==, 0);
  g_assert_cmpint (ps_context_get_recommended_exit_status (context), ==, 143);
  g_assert_true (ps_context_get_previous_action (context) == &before);
  ps_cause_clear (&cause);
}

static void
test_unknown_sender (void)
{
  g_autoptr (PsContext) context = ps_context_new ();
  PsCause cause = { .kind = PS_CAUSE_NONE };

  ps_cause_set_signal (&cause, SIGINT, PS_ORIGIN_KERNEL, &(PsSender){ .pid = 0 });
  context->cause = &cause;
  g_assert_null (ps_context_get_sender (context));
  g_assert_cmpint (ps_context_get_signal (context), ==, SIGINT);
  ps_cause_clear (&cause);
}

static void
test_signal_value (void)
{
  g_autoptr (PsContext) context = ps_context_new ();
  PsCause cause = { .kind = PS_CAUSE_SIGNAL, .signum = SIGRTMIN };
  int value = 5;

  g_assert_false (ps_context_get_signal_value (context, &value));
  context->cause = &cause;
  g_assert_false (ps_context_get_signal_value (context, &value));
  g_assert_cmpint (value, ==, 5);
  cause.has_value = TRUE;
  cause.value = -7;
  g_assert_true (ps_context_get_signal_value (context, NULL));
  g_assert_true (ps_context_get_signal_value (context, &value));
  g_assert_cmpint (value, ==, -7);
}

static void
test_quit (void)
{
  g_autoptr (PsContext) context = ps_context_new ();
  const PsCause cause = { .kind = PS_CAUSE_QUIT, .code = 7 };

  context->event = PS_EVENT_QUIT;
  context->cause = &cause;
  context->exit_code = 7;
  g_assert_cmpint (ps_context_get_signal (context), ==, 0);
  g_assert_null (ps_context_get_sender (context));
  g_assert_null (ps_context_get_previous_action (context));
  g_assert_cmpint (ps_context_get_exit_code (context), ==, 7);
  g_assert_cmpint (ps_context_get_recommended_exit_status (context), ==, 7);
}

static void
test_exit_code (void)
{
  g_autoptr (PsContext) context = ps_context_new ();

  g_assert_false (context->exit_code_set);
  ps_context_set_exit_code (context, 0);
  g_assert_true (context->exit_code_set);
  ps_context_set_exit_code (context, 3);
  g_assert_cmpint (ps_context_get_exit_code (context), ==, 3);
  ps_context_set_exit_code (context, 256);
  g_assert_cmpint (ps_context_get_exit_code (context), ==, 255);
  ps_context_set_exit_code (context, -1);
  g_assert_cmpint (ps_context_get_exit_code (context), ==, 255);
  ps_context_set_exit_code (context, 255);
  g_assert_cmpint (ps_context_get_exit_code (context), ==, 255);
}

static void
test_time_left (void)
{
  g_autoptr (PsContext) context = ps_context_new ();

  g_assert_cmpint (ps_context_get_time_left_us (context), ==, G_MAXINT64);
  context->end_us = fake_now_us + 1500;
  g_assert_cmpint (ps_context_get_time_left_us (context), ==, 1500);
  fake_now_us += 1499;
  g_assert_cmpint (ps_context_get_time_left_us (context), ==, 1);
  fake_now_us += 1;
  g_assert_cmpint (ps_context_get_time_left_us (context), ==, 0);
  fake_now_us += 1000000;
  g_assert_cmpint (ps_context_get_time_left_us (context), ==, 0);
  context->end_us = PS_NEVER_US - 1;
  g_assert_cmpint (ps_context_get_time_left_us (context), ==, PS_NEVER_US - 1 - fake_now_us);
}

/* --- Answers --------------------------------------------------------------------------------- */

static PsHold *
note_hold (PsContext *context, const char *why, gpointer data)
{
  *(char **) data = g_strdup (why);
  return NULL;
}

static void
test_hold_is_handed_on (void)
{
  g_autoptr (PsContext) context = ps_context_new ();
  g_autofree char *why = NULL;

  context->hold = note_hold;
  context->hold_data = &why;
  g_assert_null (ps_context_hold (context, "writing 812 lines"));
  g_assert_cmpstr (why, ==, "writing 812 lines");

  assert_critical ("*why != NULL*");
  g_assert_null (ps_context_hold (context, NULL));
  g_test_assert_expected_messages ();
}

static void
test_veto (void)
{
  g_autoptr (PsContext) context = ps_context_new ();

  context->event = PS_EVENT_QUERY;
  ps_context_veto (context, "burning a disc");
  g_assert_cmpstr (context->veto, ==, "burning a disc");
  ps_context_veto (context, "burning another one");
  g_assert_cmpstr (context->veto, ==, "burning another one");
  assert_critical ("*why != NULL*");
  ps_context_veto (context, NULL);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (context->veto, ==, "burning another one");
}

static void
test_veto_in_query_only (void)
{
  static const PsEvent others[] = { PS_EVENT_CHECKPOINT, PS_EVENT_TERMINATE, PS_EVENT_QUIT,
                                    PS_EVENT_RELOAD,     PS_EVENT_RESUME,    PS_EVENT_FINISH };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (PsContext) context = ps_context_new ();

      context->event = others[i];
      assert_critical ("*PS_EVENT_QUERY*");
      ps_context_veto (context, "never");
      g_test_assert_expected_messages ();
      g_assert_false (context->is_vetoed);
    }
}

static void
test_fail (void)
{
  g_autoptr (PsContext) context = ps_context_new ();

  ps_context_fail (context, g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "first"));
  ps_context_fail (context, g_error_new (G_FILE_ERROR, G_FILE_ERROR_IO, "second"));
  g_assert_error (context->error, G_FILE_ERROR, G_FILE_ERROR_IO);
  assert_critical ("*error != NULL*");
  ps_context_fail (context, NULL);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (context->error->message, ==, "second");
}

/* --- Its end --------------------------------------------------------------------------------- */

static void
test_recycled (void)
{
  PsContext *context = ps_context_new (), *again;

  context->event = PS_EVENT_QUERY;
  ps_context_veto (context, "no");
  ps_context_set_exit_code (context, 3);
  ps_context_fail (context, g_error_new (G_FILE_ERROR, G_FILE_ERROR_IO, "failed"));
  again = ps_context_recycle (context);
  g_assert_true (again == context);
  g_assert_false (again->is_vetoed);
  g_assert_null (again->error);
  g_assert_false (again->exit_code_set);
  ps_context_unref (again);
}

/* One that was kept beyond its callback answers with nothing, and no other callback gets it. */
static void
test_kept (void)
{
  PsContext *context = ps_context_new (), *kept;
  const struct sigaction before = { .sa_handler = SIG_IGN };
  PsCause cause = { .kind = PS_CAUSE_NONE };
  g_autofree char *why = NULL;

  ps_cause_set_signal (&cause, SIGTERM, PS_ORIGIN_PROCESS,
                       &(PsSender){ 12, 34, "who", NULL, NULL });
  context->event = PS_EVENT_QUERY;
  context->cause = &cause;
  context->previous_action = &before;
  context->hold = note_hold;
  context->hold_data = &why;
  ps_context_veto (context, "no");
  ps_context_fail (context, g_error_new (G_FILE_ERROR, G_FILE_ERROR_IO, "failed"));

  kept = ps_context_ref (context);
  g_assert_true (kept == context);
  g_assert_null (ps_context_recycle (context));

  g_assert_cmpint (ps_context_get_signal (kept), ==, 0);
  g_assert_null (ps_context_get_sender (kept));
  g_assert_null (ps_context_get_previous_action (kept));
  assert_critical ("*hold != NULL*");
  g_assert_null (ps_context_hold (kept, "too late"));
  g_test_assert_expected_messages ();
  g_assert_null (why);
  ps_context_unref (kept);
  ps_cause_clear (&cause);
}

static void
test_boxed (void)
{
  PsContext *context = ps_context_new ();
  PsContext *copy = g_boxed_copy (PS_TYPE_CONTEXT, context);

  g_assert_true (copy == context);
  g_assert_cmpstr (g_type_name (PS_TYPE_CONTEXT), ==, "PsContext");
  ps_context_unref (context);
  g_assert_cmpint (ps_context_get_time_left_us (copy), ==, G_MAXINT64);
  g_boxed_free (PS_TYPE_CONTEXT, copy);
}

static void
test_nothing (void)
{
  for (guint i = 0; i < 12; i++)
    assert_critical ("*context != NULL*");
  g_assert_null (ps_context_ref (NULL));
  ps_context_unref (NULL);
  ps_context_get_event (NULL);
  ps_context_get_signal (NULL);
  ps_context_get_exit_code (NULL);
  ps_context_set_exit_code (NULL, 1);
  ps_context_get_recommended_exit_status (NULL);
  ps_context_get_time_left_us (NULL);
  ps_context_veto (NULL, "no");
  g_assert_null (ps_context_get_sender (NULL));
  g_assert_null (ps_context_get_previous_action (NULL));
  g_assert_null (ps_context_hold (NULL, "why"));
  g_test_assert_expected_messages ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/context/signal", test_signal);
  g_test_add_func ("/context/unknown-sender", test_unknown_sender);
  g_test_add_func ("/context/signal-value", test_signal_value);
  g_test_add_func ("/context/quit", test_quit);
  g_test_add_func ("/context/exit-code", test_exit_code);
  g_test_add_func ("/context/time-left", test_time_left);
  g_test_add_func ("/context/hold-is-handed-on", test_hold_is_handed_on);
  g_test_add_func ("/context/veto", test_veto);
  g_test_add_func ("/context/veto-in-query-only", test_veto_in_query_only);
  g_test_add_func ("/context/fail", test_fail);
  g_test_add_func ("/context/recycled", test_recycled);
  g_test_add_func ("/context/kept", test_kept);
  g_test_add_func ("/context/boxed", test_boxed);
  g_test_add_func ("/context/nothing", test_nothing);
  return g_test_run ();
}
