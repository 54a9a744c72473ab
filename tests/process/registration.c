/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group R: registering and removing while callbacks run, and from everywhere. */
#include "common.h"

#include <string.h>

static PsWatcher *the_watcher;
static guint ids[8];

static guint
add (PsEvents events, int priority, PsCallback callback, const char *word)
{
  return ps_watcher_add (the_watcher, events, word, priority, 0, callback, g_strdup (word),
                         say_and_free);
}

/* --- R01 to R03: removing --------------------------------------------------------------------- */

static void
remove_oneself (PsContext *context, gpointer word)
{
  say (context, word);
  child_sayf ("removed: %d", ps_watcher_remove (the_watcher, ids[0]));
  child_sayf ("again: %d", ps_watcher_remove (the_watcher, ids[0]));
  child_sayf ("still here: %s", (const char *) word);
}

static int
remove_oneself_child (gconstpointer data)
{
  the_watcher = watch ();
  ids[0] = add (PS_EVENT_TERMINATE | PS_EVENT_RELOAD, 0, remove_oneself, "self");
  ps_watcher_set_hangup (the_watcher, PS_HANGUP_RELOAD);
  ps_watcher_on_finish (the_watcher, say, (gpointer) "f");
  return run (the_watcher);
}

static void
r01 (void)
{
  Proc *child = proc_start (remove_oneself_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGHUP);
  proc_expect_lines (child, "reload: self", "removed: 1", "again: 0", "still here: self",
                     "freed: self");
  proc_kill (child, SIGTERM);
  proc_expect (child, "finish: f");
  proc_expect_exit (child, 143);
}

/* From another thread, while it runs. */
static gpointer
remove_running (gpointer unused)
{
  child_sayf ("removed: %d", ps_watcher_remove (the_watcher, ids[0]));
  return NULL;
}

static void
be_removed (PsContext *context, gpointer word)
{
  say (context, word);
  g_thread_join (g_thread_new ("remover", remove_running, NULL));
  child_sayf ("still here: %s", (const char *) word);
}

static int
remove_running_child (gconstpointer data)
{
  the_watcher = watch ();
  ids[0] = add (PS_EVENT_TERMINATE, 0, be_removed, "self");
  return run (the_watcher);
}

static void
r01_thread (void)
{
  expect_stop (proc_start (remove_running_child, NULL), SIGTERM, 143, "terminate: self",
               "removed: 1", "still here: self", "freed: self");
}

static void
remove_ids (PsContext *context, gpointer word)
{
  say (context, word);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    if (ids[i] != 0)
      child_sayf ("removed %u: %d", i, ps_watcher_remove (the_watcher, ids[i]));
}

static int
remove_next_child (gconstpointer data)
{
  the_watcher = watch ();
  ps_watcher_on_terminate (the_watcher, say, (gpointer) "last");
  ids[0] = add (PS_EVENT_TERMINATE, 0, say, "next");
  ids[1] = add (PS_EVENT_TERMINATE, 5, say, "next phase");
  ids[2] = add (PS_EVENT_FINISH, 0, say, "next event");
  ps_watcher_on_terminate (the_watcher, remove_ids, (gpointer) "remover");
  return run (the_watcher);
}

static void
r02 (void)
{
  expect_stop (proc_start (remove_next_child, NULL), SIGTERM, 143, "terminate: remover",
               "freed: next", "removed 0: 1", "freed: next phase", "removed 1: 1",
               "freed: next event", "removed 2: 1", "terminate: last");
}

static int
remove_called_child (gconstpointer data)
{
  the_watcher = watch ();
  ps_watcher_on_terminate (the_watcher, remove_ids, (gpointer) "remover");
  ids[0] = add (PS_EVENT_TERMINATE, 0, say, "called");
  return run (the_watcher);
}

static void
r03 (void)
{
  expect_stop (proc_start (remove_called_child, NULL), SIGTERM, 143, "terminate: called",
               "terminate: remover", "freed: called", "removed 0: 1");
}

/* --- R04, R05: adding ------------------------------------------------------------------------- */

static void
add_some (PsContext *context, gpointer word)
{
  say (context, word);
  add (PS_EVENT_TERMINATE, 0, say, "same priority");
  add (PS_EVENT_TERMINATE, -10, say, "earlier priority");
  add (PS_EVENT_TERMINATE, 10, say, "later priority");
  add (PS_EVENT_QUERY, 0, say, "earlier event");
  add (PS_EVENT_FINISH, 0, say, "later event");
  ps_watcher_on_terminate (the_watcher, add_some, word);
}

static int
add_child (gconstpointer data)
{
  the_watcher = watch ();
  ps_watcher_add (the_watcher, PS_EVENT_TERMINATE, NULL, 5, 0, say, (gpointer) "between", NULL);
  ps_watcher_on_terminate (the_watcher, say, (gpointer) "second");
  ps_watcher_on_terminate (the_watcher, add_some, (gpointer) "adder");
  return run (the_watcher);
}

/* What was added runs in the same pass, and only once, though it adds itself again. */
static void
r04 (void)
{
  expect_stop (proc_start (add_child, NULL), SIGTERM, 143, "terminate: adder", "terminate: second",
               "terminate: same priority", "terminate: earlier priority", "terminate: between",
               "terminate: later priority", "finish: later event");
}

static void
add_late (PsContext *context, gpointer word)
{
  guint id = add (PS_EVENT_FINISH, 0, say, "too late");

  child_sayf ("id %u", id);
  say (context, word);
}

static int
add_late_child (gconstpointer data)
{
  the_watcher = watch ();
  ps_watcher_on_finish (the_watcher, add_late, (gpointer) "adder");
  return run (the_watcher);
}

static void
r05 (void)
{
  Proc *child = proc_start (add_late_child, NULL);

  expect_stop (child, SIGTERM, 143, "freed: too late", "id 0", "finish: adder");
  proc_expect_output (child, "WARNING");
  proc_expect_output (child, "finish");
}

/* --- R06, R10: a signal that was not handled when its handler went ---------------------------- */

static void
own_handler (int signum)
{
  child_say ("own handler");
}

static int
detach_pending_child (gconstpointer has_own)
{
  PsWatcher *watcher;

  if (has_own != NULL)
    signal (SIGTERM, own_handler);
  watcher = watch ();
  ps_watcher_on_terminate (watcher, say, (gpointer) "never");
  raise (SIGTERM);
  child_say ("raised");
  unwatch (watcher);
  child_say ("detached");
  return 0;
}

static void
r06 (void)
{
  Proc *child = proc_start (detach_pending_child, NULL);

  proc_expect (child, "raised");
  proc_expect_signal (child, SIGTERM);
  child = proc_start (detach_pending_child, "own handler");
  proc_expect_lines (child, "raised", "own handler", "detached");
  proc_expect_exit (child, 0);
}

/* Likewise a second SIGHUP, which waits for the reload of the first to be over. */
static void
detach_here (PsContext *context, gpointer watcher)
{
  say (context, (gpointer) "detaching");
  ps_watcher_detach (watcher);
  child_say ("detached");
}

static int
detach_reloading_child (gconstpointer data)
{
  PsWatcher *watcher;

  signal (SIGHUP, own_handler);
  watcher = watch ();
  ps_watcher_on_reload (watcher, detach_here, watcher);
  raise (SIGHUP);
  raise (SIGHUP);
  turn ();
  ps_watcher_unref (watcher);
  return 0;
}

static void
r06_reload (void)
{
  Proc *child = proc_start (detach_reloading_child, NULL);

  proc_expect_lines (child, "reload: detaching", "own handler", "detached");
  proc_expect_exit (child, 0);
}

static int
stale_child (gconstpointer data)
{
  PsWatcher *watcher;

  signal (SIGTERM, own_handler);
  watcher = watch ();
  raise (SIGTERM);
  unwatch (watcher);

  watcher = watch ();
  ps_watcher_on_terminate (watcher, say, (gpointer) "new");
  turn ();
  return run (watcher);
}

static void
r10 (void)
{
  Proc *child = proc_start (stale_child, NULL);

  proc_expect_lines (child, "own handler", "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "terminate: new");
  proc_expect_exit (child, 143);
}

/* --- R08, R09: lifetimes ---------------------------------------------------------------------- */

static void
busy_notify (gpointer unused)
{
  ids[1] = ps_watcher_on_terminate (the_watcher, say, (gpointer) "from the notify");
  child_sayf ("notify: removed %d, status %d", ps_watcher_remove (the_watcher, ids[0]),
              ps_watcher_get_exit_status (the_watcher));
}

static int
busy_notify_child (gconstpointer data)
{
  guint id;

  the_watcher = watch ();
  ids[0] = add (PS_EVENT_TERMINATE, 0, say, "other");
  id = ps_watcher_add (the_watcher, PS_EVENT_TERMINATE, NULL, 0, 0, say, NULL, busy_notify);
  ps_watcher_remove (the_watcher, id);
  return run (the_watcher);
}

static void
r08 (void)
{
  Proc *child = proc_start (busy_notify_child, NULL);

  proc_expect (child, "freed: other");
  proc_expect (child, "notify: removed 1, status 0");
  expect_stop (child, SIGTERM, 143, "terminate: from the notify");
}

static void
let_go (PsContext *context, gpointer word)
{
  ps_watcher_unref (the_watcher);
  ps_watcher_detach (the_watcher);
  say (context, word);
}

static int
let_go_child (gconstpointer data)
{
  g_autofree char *word = g_strdup ("let go");

  the_watcher = watch ();
  ps_watcher_on_reload (the_watcher, let_go, word);
  ps_watcher_on_terminate (the_watcher, say, (gpointer) "never");
  raise (SIGHUP);
  turn ();
  child_sayf ("default: %s", ps_watcher_get_default () == NULL ? "none" : "still there");
  raise (SIGTERM);
  return 0;
}

static void
let_go_of_all (gpointer word)
{
  ps_watcher_detach (the_watcher);
  ps_watcher_unref (the_watcher);
  say_and_free (word);
}

static int
let_go_of_all_child (gconstpointer data)
{
  guint id;

  the_watcher = watch ();
  id = ps_watcher_add (the_watcher, PS_EVENT_TERMINATE, NULL, 0, 0, say, g_strdup ("all"),
                       let_go_of_all);
  child_sayf ("removed: %d", ps_watcher_remove (the_watcher, id));
  raise (SIGTERM);
  return 0;
}

static void
r09_notify (void)
{
  Proc *child = proc_start (let_go_of_all_child, NULL);

  proc_expect_lines (child, "freed: all", "removed: 1");
  proc_expect_signal (child, SIGTERM);
}

static void
r09 (void)
{
  Proc *child = proc_start (let_go_child, NULL);

  proc_expect_lines (child, "reload: let go", "default: none");
  proc_expect_signal (child, SIGTERM);
}

/* --- R11: one pair comes and goes ------------------------------------------------------------- */

static int
come_and_go_child (gconstpointer data)
{
  the_watcher = watch ();
  ps_watcher_set_hangup (the_watcher, PS_HANGUP_RELOAD);
  for (guint round = 0; round < 3; round++)
    {
      guint id = ps_watcher_on_reload (the_watcher, say, (gpointer) "r");

      raise (SIGHUP);
      turn ();
      for (guint i = 0; i < 1000; i++)
        {
          child_need (ps_watcher_remove (the_watcher, id));
          id = ps_watcher_on_reload (the_watcher, say, (gpointer) "r");
        }
      ps_watcher_remove (the_watcher, id);
      /* A reload in which it is not there. */
      raise (SIGHUP);
      turn ();
    }
  return 0;
}

static void
r11 (void)
{
  Proc *child = proc_start (come_and_go_child, NULL);

  proc_expect_lines (child, "reload: r", "reload: r", "reload: r");
  proc_expect_exit (child, 0);
}

/* --- R07: from two threads, in a storm -------------------------------------------------------- */

#define ROUNDS 200000

static gint storm_runs = 2;

static void
ignore (PsContext *context, gpointer unused)
{
}

static gpointer
add_and_remove (gpointer unused)
{
  guint mine[7] = { 0 };

  for (guint i = 0; i < ROUNDS; i++)
    {
      guint *id = &mine[i % G_N_ELEMENTS (mine)];

      if (*id != 0)
        child_need (ps_watcher_remove (the_watcher, *id));
      *id = ps_watcher_add (the_watcher, 1 << (i % 7), "storm", (int) (i % 5), 0, ignore,
                            GUINT_TO_POINTER (i), NULL);
      child_need (*id != 0);
    }
  for (guint i = 0; i < G_N_ELEMENTS (mine); i++)
    child_need (ps_watcher_remove (the_watcher, mine[i]));
  if (g_atomic_int_dec_and_test (&storm_runs))
    child_say ("both done");
  return NULL;
}

static gpointer
hang_up_often (gpointer unused)
{
  while (g_atomic_int_get (&storm_runs) > 0)
    {
      kill (getpid (), SIGHUP);
      g_thread_yield ();
    }
  return NULL;
}

static int
storm_child (gconstpointer data)
{
  the_watcher = watch ();
  ps_watcher_set_hangup (the_watcher, PS_HANGUP_RELOAD);
  ps_watcher_on_reload (the_watcher, ignore, NULL);
  ps_watcher_on_finish (the_watcher, say, (gpointer) "f");
  in_thread (add_and_remove, NULL);
  in_thread (add_and_remove, NULL);
  in_thread (hang_up_often, NULL);
  return run_quietly (the_watcher);
}

static void
r07 (void)
{
  Proc *child = proc_start (storm_child, NULL);

  proc_set_patience (child, 60000 * tap_slowness ());
  proc_expect (child, "both done");
  proc_kill (child, SIGTERM);
  proc_expect (child, "finish: f");
  proc_expect_exit (child, 143);
}

static const TapCase cases[] = {
  { "R01", "a callback removes itself; its data is freed once, after it", r01 },
  { "R01b", "another thread removes it while it runs", r01_thread },
  { "R02", "a callback removes those to come; they do not run", r02 },
  { "R03", "a callback removes one that has run; its data is freed once", r03 },
  { "R04", "a callback adds for this event; it runs in this pass, once", r04 },
  { "R05", "adding in the finish phase fails, with a warning", r05 },
  { "R06", "a signal not handled at detach goes to what is in force then", r06 },
  { "R06b", "likewise a SIGHUP that waits for a reload to be over", r06_reload },
  { "R07", "two threads add and remove 200,000 times each in a storm of reloads", r07 },
  { "R08", "a destroy notify calls the library", r08 },
  { "R09", "a callback gives the watcher away that calls it", r09 },
  { "R09b", "a destroy notify gives the watcher away that it was removed from", r09_notify },
  { "R10", "a signal from before does not reach a new watcher", r10 },
  { "R11", "one that has run is removed and added again and again", r11 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
