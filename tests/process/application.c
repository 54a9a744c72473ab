/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program whose loop is a GApplication's, as the guide has it. There is no GMainLoop that
 * runs; the one that is attached stands for the context.
 */
#include "common.h"

#include <gio/gio.h>

typedef enum
{
  WAITS,             /* for a signal */
  ENDS_BY_ITSELF,    /* nothing is left to do */
  QUITS_THE_WATCHER, /* with a status */
  STAYS,             /* nobody tells the application that the exit is complete */
  REFUSES,           /* what it was started with: status 1 of its own */
} Behaviour;

static gboolean
let_it_go (gpointer application)
{
  g_application_release (application);
  return G_SOURCE_REMOVE;
}

static void
begin (GApplication *application, gpointer behaviour)
{
  g_application_hold (application);
  if (GPOINTER_TO_INT (behaviour) == ENDS_BY_ITSELF)
    g_idle_add (let_it_go, application);
  if (GPOINTER_TO_INT (behaviour) == QUITS_THE_WATCHER)
    quit_soon (ps_watcher_get_default (), 5);
  say_ready_soon ();
}

static gboolean
release_hold (gpointer hold)
{
  ps_hold_release (hold);
  return G_SOURCE_REMOVE;
}

/* The application's loop has to turn on for it. */
static void
take_a_turn (PsContext *context, gpointer word)
{
  after_ms (20, release_hold, ps_context_hold (context, "a turn of the loop"));
  say (context, word);
}

static void
quit_application (PsContext *context, gpointer application)
{
  child_say ("quit the application");
  g_application_quit (application);
}

static int
application_child (gconstpointer data)
{
  const Behaviour behaviour = GPOINTER_TO_INT (data);
  char *argv[] = { (char *) "application", (char *) "--unknown", NULL };
  g_autoptr (GApplication) application = g_application_new (NULL, G_APPLICATION_NON_UNIQUE);
  PsWatcher *watcher = watch_all ();
  int status;

  ps_watcher_set_deadline (watcher, FORCED_MS);
  ps_watcher_on_terminate (watcher, take_a_turn, (gpointer) "takes a turn");
  if (behaviour != STAYS)
    ps_watcher_add (watcher, PS_EVENT_FINISH, "quit_application", G_MAXINT, 0, quit_application,
                    g_object_ref (application), g_object_unref);
  g_signal_connect (application, "activate", G_CALLBACK (begin), (gpointer) data);
  status = g_application_run (application, behaviour == REFUSES ? 2 : 1, argv);
  child_sayf ("it returned %d", status);
  return status != 0 ? status : ps_watcher_get_exit_status (watcher);
}

static void
application_01 (void)
{
  expect_stop (proc_start (application_child, GINT_TO_POINTER (WAITS)), SIGTERM, 143,
               "terminate: takes a turn", "terminate: t", "finish: f", "quit the application",
               "it returned 0");
}

static void
application_02 (void)
{
  Proc *child = proc_start (application_child, GINT_TO_POINTER (ENDS_BY_ITSELF));

  proc_expect_lines (child, "ready", "it returned 0", "quit: q", "finish: f",
                     "quit the application");
  proc_expect_exit (child, 0);
}

static void
application_03 (void)
{
  Proc *child = proc_start (application_child, GINT_TO_POINTER (QUITS_THE_WATCHER));

  proc_expect_lines (child, "ready", "quit: q", "finish: f", "quit the application",
                     "it returned 0");
  proc_expect_exit (child, 5);
}

/* The exit was complete, and its deadline holds all the same. */
static void
application_04 (void)
{
  expect_stop (proc_start (application_child, GINT_TO_POINTER (STAYS)), SIGTERM, 143,
               "terminate: takes a turn", "terminate: t", "finish: f");
}

static void
application_05 (void)
{
  Proc *child = proc_start (application_child, GINT_TO_POINTER (REFUSES));

  proc_expect_lines (child, "it returned 1", "quit: q", "finish: f", "quit the application");
  proc_expect_exit (child, 1);
}

static const TapCase cases[] = {
  { "application-01", "a GApplication gets SIGTERM", application_01 },
  { "application-02", "it ends by itself", application_02 },
  { "application-03", "it ends the watch with a status", application_03 },
  { "application-04", "nobody tells it that the exit is complete", application_04 },
  { "application-05", "it does not begin, and says so by its status", application_05 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
