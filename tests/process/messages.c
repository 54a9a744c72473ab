/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group N, third part: what the messages say, and when (N14, N15, N17). */
#include "common.h"

#include <string.h>

static void
fail_reload (PsContext *context, gpointer unused)
{
  ps_context_fail (context, g_error_new (PS_ERROR, PS_ERROR_INVALID, "line 3\nREADY=0: bad"));
}

static PsHold *reload_hold;

static gboolean
release_reload (gpointer unused)
{
  child_say ("releases");
  ps_hold_release (reload_hold);
  return G_SOURCE_REMOVE;
}

static void
hold_reload (PsContext *context, gpointer unused)
{
  reload_hold = ps_context_hold (context, "reading");
  child_say ("holds");
  g_timeout_add (50, release_reload, NULL);
}

static int
reload_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);

  ps_watcher_ready (watcher, NULL);
  ps_watcher_on_reload (watcher, hold_reload, NULL);
  return run (watcher);
}

static int
failing_reload_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);

  ps_watcher_on_reload (watcher, fail_reload, NULL);
  return run (watcher);
}

static void
expect_reloading (Inbox *inbox)
{
  gint64 begun_us = g_get_monotonic_time ();
  g_autofree char *since = NULL;

  inbox_expect_line (inbox, "RELOADING=1");
  since = inbox_field (inbox, "MONOTONIC_USEC");
  tap_check (since != NULL);
  if (!tap_failed ())
    tap_check (ABS (g_ascii_strtoll (since, NULL, 10) - begun_us) < 10 * G_USEC_PER_SEC);
}

static void
n14 (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (reload_child, inbox);

  proc_expect (child, "ready");
  inbox_expect_line (inbox, "READY=1");
  proc_kill (child, SIGHUP);
  proc_expect (child, "holds");
  expect_reloading (inbox);
  proc_expect (child, "releases");
  inbox_find_line (inbox, "READY=1");
  proc_kill (child, SIGTERM);
  inbox_find_line (inbox, "STOPPING=1");
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static void
n14_failing (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (failing_reload_child, inbox);
  g_autofree char *status = NULL;

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  expect_reloading (inbox);
  inbox_find_line (inbox, "READY=1");
  status = inbox_field (inbox, "STATUS");
  tap_check (status != NULL && strstr (status, "line 3") != NULL);
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

/* --- N15: stopping ---------------------------------------------------------------------------- */

static void
await_go (PsContext *context, gpointer word)
{
  say (context, word);
  child_await ("go");
}

static guint n_vetoes = 1;

static void
veto_first (PsContext *context, gpointer unused)
{
  child_say ("asked");
  if (n_vetoes > 0)
    ps_context_veto (context, "once");
  n_vetoes -= n_vetoes > 0;
}

static int
stopping_child (gconstpointer inbox)
{
  PsWatcher *watcher = watch_managed (inbox);

  ps_watcher_on_query (watcher, veto_first, NULL);
  ps_watcher_on_resume (watcher, say, (gpointer) "r");
  ps_watcher_on_terminate (watcher, await_go, (gpointer) "slow");
  return run (watcher);
}

static void
n15 (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (stopping_child, inbox);
  guint n_stopping = 0;

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "asked", "resume: r");
  /* What can be vetoed is not announced. */
  while (!tap_failed () && inbox_has_more (inbox))
    tap_check (strstr (inbox_next (inbox), "STOPPING=1") == NULL);

  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "asked", "terminate: slow");
  inbox_expect_line (inbox, "STOPPING=1");
  {
    g_autofree char *status = inbox_field (inbox, "STATUS");
    g_autofree char *extend = inbox_field (inbox, "EXTEND_TIMEOUT_USEC");

    tap_check (status != NULL && *status != '\0');
    tap_check (extend != NULL && g_ascii_strtoll (extend, NULL, 10) >= 60 * G_USEC_PER_SEC);
  }
  proc_kill (child, SIGTERM);
  proc_kill (child, SIGTERM);
  proc_tell (child, "go");
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  while (!tap_failed () && inbox_has_more (inbox))
    n_stopping += strstr (inbox_next (inbox), "STOPPING=1") != NULL;
  tap_check_int (n_stopping, ==, 0);
}

/* --- N17: texts ------------------------------------------------------------------------------- */

static const char *const injections[] = { "two\nREADY=1",
                                          "MAINPID=1\nMAINPID=1\nFDSTORE=1",
                                          "tab\tand\x01\x7f\x1b[31mred",
                                          "bad utf-8 \xff\xc3\x28 \xed\xa0\x80",
                                          "\r\nSTOPPING=1\r\n",
                                          "next\xc2\x85line\xe2\x80\xa8",
                                          "" };

static void
hold_oddly (PsContext *context, gpointer unused)
{
  for (guint i = 0; i < G_N_ELEMENTS (injections); i++)
    ps_hold_release (ps_context_hold (context, injections[i]));
}

static int
texts_child (gconstpointer inbox)
{
  g_autofree char *text = g_strnfill (64 * 1024, 'x');
  PsWatcher *watcher = watch_managed (inbox);

  for (guint i = 0; i < G_N_ELEMENTS (injections); i++)
    {
      child_await ("next");
      ps_watcher_status (watcher, "%s", injections[i]);
    }
  child_await ("next");
  ps_watcher_status (watcher, "%s", text);
  child_await ("next");
  ps_watcher_ready (watcher, "now\nMAINPID=1");
  ps_watcher_add (watcher, PS_EVENT_TERMINATE, "odd\nMAINPID=1", 0, 0, hold_oddly, NULL, NULL);
  return run (watcher);
}

/* One line, and valid: no message says more than was meant. */
static void
check_one_line (const char *message)
{
  tap_check (g_str_has_prefix (message, "STATUS="));
  tap_check (strchr (message, '\n') == NULL);
  tap_check (g_utf8_validate (message, -1, NULL));
  for (const char *at = message; *at != '\0'; at++)
    tap_check (!g_ascii_iscntrl (*at));
  tap_check_int (strlen (message), <, 8192);
}

static void
n17 (void)
{
  Inbox *inbox = inbox_new ();
  Proc *child = proc_start (texts_child, inbox);

  for (guint i = 0; i < G_N_ELEMENTS (injections) + 1; i++)
    {
      proc_tell (child, "next");
      check_one_line (inbox_next (inbox));
    }
  proc_tell (child, "next");
  {
    const char *message = inbox_next (inbox);

    tap_check (strstr (message, "READY=1") != NULL);
    tap_check (strstr (message, "\nMAINPID") == NULL);
  }
  expect_stop (child, SIGTERM, 143, "terminate: t", "finish: f");
  while (!tap_failed () && inbox_has_more (inbox))
    {
      const char *message = inbox_next (inbox);

      tap_check (strstr (message, "\nMAINPID") == NULL && strstr (message, "\nREADY") == NULL);
      tap_check (g_utf8_validate (message, -1, NULL));
    }
}

static const TapCase cases[] = {
  { "N14", "RELOADING=1 with the time, then READY=1", n14 },
  { "N14b", "a reload that fails: READY=1, and STATUS= says what failed", n14_failing },
  { "N15", "STOPPING=1 once, first, with STATUS= and EXTEND_TIMEOUT_USEC=", n15 },
  { "N17", "texts stay in their line (N16: no MAINPID= gets out)", n17 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
