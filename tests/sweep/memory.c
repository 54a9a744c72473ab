/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* E01: an allocation fails, once and from then on, between what causes an exit and its end. */

#include "ps-tap.h"
#include "sweep-run.h"

static char where[32];

static void
once (TrialPlan *plan, guint point, const Sweep *sweep)
{
  g_snprintf (where, sizeof where, "%u once", point);
  plan->memory = where;
}

static void
ever (TrialPlan *plan, guint point, const Sweep *sweep)
{
  g_snprintf (where, sizeof where, "%u ever", point);
  plan->memory = where;
}

#define SWEEP(function, text, how)                                                                 \
  static void function (void)                                                                      \
  {                                                                                                \
    static const Sweep sweep = {                                                                   \
      .name = "memory, " text ", " #how, .plan = { .ending = text }, .set_point = how, .coarse = 1 \
    };                                                                                             \
    sweep_run (&sweep);                                                                            \
  }

SWEEP (term_once, "term", once)
SWEEP (term_ever, "term", ever)
SWEEP (quit_once, "quit", once)
SWEEP (quit_ever, "quit", ever)
SWEEP (alone_once, "alone", once)
SWEEP (alone_ever, "alone", ever)
SWEEP (exit_once, "exit", once)
SWEEP (exit_ever, "exit", ever)
SWEEP (reload_once, "reload", once)
SWEEP (reload_ever, "reload", ever)
SWEEP (thread_once, "thread", once)
SWEEP (thread_ever, "thread", ever)

static const TapCase cases[] = {
  { "E01a", "no memory once, in an exit by SIGTERM", term_once },
  { "E01b", "no memory any more, in an exit by SIGTERM", term_ever },
  { "E01c", "no memory once, in ps_watcher_quit()", quit_once },
  { "E01d", "no memory any more, in ps_watcher_quit()", quit_ever },
  { "E01e", "no memory once, in exit()", exit_once },
  { "E01f", "no memory any more, in exit()", exit_ever },
  { "E01g", "no memory once, in a reload and an exit", reload_once },
  { "E01h", "no memory any more, in a reload and an exit", reload_ever },
  { "E01i", "no memory once, in exit() in a thread that GLib has not made", thread_once },
  { "E01j", "no memory any more, in exit() in such a thread", thread_ever },
  { "E01k", "no memory once, and no manager where there should be one", alone_once },
  { "E01l", "no memory any more, and no manager", alone_ever },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
