/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group O: what runs, in which order, and how often. */
#include "common.h"

#include <string.h>

/* --- O01, O04: the same function and data runs once, on its earliest event -------------------- */

static int
once_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();
  char *word = g_strdup ("one");

  ps_watcher_on_finish (watcher, say, word);
  ps_watcher_on_terminate (watcher, say, word);
  return run (watcher);
}

static void
o01 (void)
{
  expect_stop (proc_start (once_child, NULL), SIGTERM, 143, "terminate: one");
}

static int
once_by_mask_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_add (watcher, PS_EVENT_FINISH | PS_EVENT_QUIT | PS_EVENT_TERMINATE, "one", 0, 0, say,
                  (gpointer) "one", NULL);
  return run (watcher);
}

static void
o01_by_mask (void)
{
  expect_stop (proc_start (once_by_mask_child, NULL), SIGTERM, 143, "terminate: one");
}

static int
twice_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();
  char *one = g_strdup ("one"), *two = g_strdup ("two");

  ps_watcher_on_terminate (watcher, say, one);
  ps_watcher_on_terminate (watcher, say, two);
  ps_watcher_on_terminate (watcher, say, one);
  return run (watcher);
}

static void
o04 (void)
{
  /* The last registered comes first; its twin is what is left out. */
  expect_stop (proc_start (twice_child, NULL), SIGTERM, 143, "terminate: one", "terminate: two");
}

/* --- O02: many -------------------------------------------------------------------------------- */

static int
many_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();
  guint n = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < n; i++)
    ps_watcher_on_terminate (watcher, say, g_strdup_printf ("%u", i));
  for (guint i = 0; i < n; i++)
    ps_watcher_on_finish (watcher, say, g_strdup_printf ("%u", i));
  return run (watcher);
}

static void
expect_many (guint n)
{
  Proc *child = proc_start (many_child, GUINT_TO_POINTER (n));

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  for (guint i = 0; i < 2 * n; i++)
    {
      g_autofree char *line =
          g_strdup_printf ("%s: %u", i < n ? "terminate" : "finish", (2 * n - 1 - i) % n);

      proc_expect (child, line);
    }
  proc_expect_exit (child, 143);
}

static void
o02 (void)
{
  expect_many (15);
  expect_many (128);
}

/* --- O05: finish is last, whatever comes before ----------------------------------------------- */

static int
all_events_child (gconstpointer quits)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_finish (watcher, say, (gpointer) "last");
  ps_watcher_on_terminate (watcher, say, (gpointer) "signal");
  ps_watcher_on_quit (watcher, say, (gpointer) "self");
  ps_watcher_on_query (watcher, say, (gpointer) "first");
  ps_watcher_on_resume (watcher, say, (gpointer) "never");
  ps_watcher_on_reload (watcher, say, (gpointer) "never");
  if (quits == NULL)
    return run (watcher);
  quit_soon (watcher, 4);
  return run_quietly (watcher);
}

static void
o05 (void)
{
  Proc *quits;

  expect_stop (proc_start (all_events_child, NULL), SIGTERM, 143, "query: first",
               "terminate: signal", "finish: last");
  expect_stop (proc_start (all_events_child, NULL), SIGINT, 130, "query: first",
               "terminate: signal", "finish: last");
  quits = proc_start (all_events_child, "quits");
  proc_expect_lines (quits, "query: first", "quit: self", "finish: last");
  proc_expect_exit (quits, 4);
}

/* --- O06: a veto, and life goes on ------------------------------------------------------------ */

static guint vetoes = 1;

static void
say_and_veto (PsContext *context, gpointer unused)
{
  child_sayf ("%s: %s", event_name (context), vetoes > 0 ? "no" : "yes");
  if (vetoes > 0)
    ps_context_veto (context, "burning a disc");
  vetoes -= vetoes > 0;
}

static void
say_again (PsContext *context, gpointer unused)
{
  child_say ("resume: on we go");
}

static int
veto_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_query (watcher, say_and_veto, NULL);
  ps_watcher_on_query (watcher, say, (gpointer) "me too");
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_resume (watcher, say_again, NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  return run (watcher);
}

static void
o06 (void)
{
  Proc *child = proc_start (veto_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "query: me too", "query: no", "resume: on we go");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "query: me too", "query: yes", "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

/* --- O07: a callback fails -------------------------------------------------------------------- */

static void
fail (PsContext *context, gpointer unused)
{
  child_sayf ("%s: fails", event_name (context));
  ps_context_fail (context, g_error_new (PS_ERROR, PS_ERROR_INVALID, "no space left"));
}

static void
warn (PsContext *context, gpointer data)
{
  child_sayf ("%s: warns, %s", event_name (context), data == NULL ? "without data" : "?");
  g_warning ("a warning of the callback's own");
}

static void
say_failures (int priority, const char *message, const GLogField *fields, gsize n_fields,
              gpointer unused)
{
  const char *error = record_field (fields, n_fields, "PS_ERROR");

  if (error != NULL)
    child_sayf ("%s: %s, priority %d", record_field (fields, n_fields, "PS_STEP"), error, priority);
}

static int
failing_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();

  ps_watcher_set_log_func (watcher, say_failures, NULL, NULL);
  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_terminate (watcher, fail, NULL);
  ps_watcher_on_terminate (watcher, warn, NULL);
  return run (watcher);
}

static void
o07 (void)
{
  Proc *child = proc_start (failing_child, NULL);
  const char *record;

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: warns, without data", "terminate: fails");
  record = proc_next (child);
  tap_check (g_str_has_prefix (record, "fail: "));
  tap_check (strstr (record, "no space left") != NULL);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
  proc_expect_output (child, "a warning of the callback's own");
}

/* --- O10: one priority, interleaved ----------------------------------------------------------- */

static int
interleaved_child (gconstpointer data)
{
  PsWatcher *watcher = watch ();
  static const char *const words[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8" };
  guint ids[G_N_ELEMENTS (words)];

  for (guint i = 0; i < 6; i++)
    ids[i] = ps_watcher_on_terminate (watcher, say, (gpointer) words[i]);
  ps_watcher_remove (watcher, ids[1]);
  ids[6] = ps_watcher_on_terminate (watcher, say, (gpointer) words[6]);
  ps_watcher_remove (watcher, ids[4]);
  ids[7] = ps_watcher_on_terminate (watcher, say, (gpointer) words[7]);
  ps_watcher_remove (watcher, ids[7]);
  ids[8] = ps_watcher_on_terminate (watcher, say, (gpointer) words[8]);
  return run (watcher);
}

static void
o10 (void)
{
  expect_stop (proc_start (interleaved_child, NULL), SIGTERM, 143, "terminate: 8", "terminate: 6",
               "terminate: 5", "terminate: 3", "terminate: 2", "terminate: 0");
}

static int
priorities_child (gconstpointer data)
{
  static const int priorities[] = { 0, 100, -100, G_MAXINT, G_MININT, 0, 7, -100 };
  PsWatcher *watcher = watch ();

  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    ps_watcher_add (watcher, PS_EVENT_TERMINATE, NULL, priorities[i], 0, say,
                    g_strdup_printf ("%d of %u", priorities[i], i), g_free);
  return run (watcher);
}

static void
o10_priorities (void)
{
  expect_stop (proc_start (priorities_child, NULL), SIGTERM, 143, "terminate: -2147483648 of 4",
               "terminate: -100 of 7", "terminate: -100 of 2", "terminate: 0 of 5",
               "terminate: 0 of 0", "terminate: 7 of 6", "terminate: 100 of 1",
               "terminate: 2147483647 of 3");
}

static const TapCase cases[] = {
  { "O01", "the same function on finish and terminate runs once, on the earlier", o01 },
  { "O01b", "one registration for several events runs once", o01_by_mask },
  { "O02", "15 and 128 callbacks all run once, the last registered first", o02 },
  { "O04", "other data is another callback, the same pair is one", o04 },
  { "O05", "finish comes last, after terminate or quit", o05 },
  { "O06", "a veto keeps the process; the next signal asks again", o06 },
  { "O07", "a callback that fails is recorded, the others run", o07 },
  { "O10", "equal priorities stay in order over adding and removing", o10 },
  { "O10b", "a lower priority runs first, over the whole range of int", o10_priorities },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
