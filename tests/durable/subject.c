/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A daemon whose life is a script, and which says where it is: to a tracer, and on its standard
 * output. Unless the script has a clean end it ends as if it had been killed.
 *
 *   durable-subject play SCRIPT RECORD TARGETS MARK | durable-subject next RECORD
 *
 * "hungry" instead of "play" takes memory afterwards, until it is killed.
 */

#include "../sweep/sweep.h"
#include "script.h"

#include <postscriptum.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MEAL_BYTES (1024 * 1024)

typedef struct
{
  PsWatcher *watcher;
  const Script *script;
  const char *record, *targets, *mark;
  guint clauses[SCRIPT_TARGETS_MAX];
} Life;

static gboolean
open_record (Life *self, GError **error)
{
  return ps_watcher_open_record (self->watcher, self->record, PS_RECORD_SYNC, error)
         && ps_watcher_will_allow (self->watcher, self->targets, error);
}

static gboolean
end (Life *self)
{
  ps_watcher_quit (self->watcher, 0);
  return ps_watcher_run (self->watcher) == 0;
}

static gboolean
take (Life *self, const Step *step, GError **error)
{
  g_autofree char *name =
      script_target_name (script_kind_of (self->script, step->target), step->target);
  g_autofree char *path = g_build_filename (self->targets, name, NULL);
  const char *command[] = { self->mark, path, NULL };
  guint *clause = &self->clauses[step->target];

  switch (step->kind)
    {
    case STEP_OPEN:
      return open_record (self, error);
    case STEP_UNLINK:
      return (*clause = ps_watcher_will_unlink (self->watcher, path, error)) != 0;
    case STEP_RMDIR:
      return (*clause = ps_watcher_will_rmdir (self->watcher, path, error)) != 0;
    case STEP_RUN:
      return (*clause = ps_watcher_will_run (self->watcher, command, error)) != 0;
    case STEP_REVOKE:
      return ps_watcher_will_revoke (self->watcher, *clause);
    case STEP_END:
      return end (self);
    }
  return FALSE;
}

/* What has no clause cannot be revoked. */
static gboolean
is_void (const Life *self, const Step *step)
{
  return step->kind == STEP_REVOKE && self->clauses[step->target] == 0;
}

static void
play (Life *self)
{
  for (guint i = 0; i < self->script->n_steps; i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean done;

      if (is_void (self, &self->script->steps[i]))
        continue;
      prctl (SWEEP_PRCTL, SCRIPT_BEGIN + i);
      done = take (self, &self->script->steps[i], &error);
      prctl (SWEEP_PRCTL, (done ? SCRIPT_DONE : SCRIPT_FAILED) + i);
      printf ("step %u %s: %s\n", i, done ? "done" : "failed",
              error != NULL                                ? error->message
              : done                                       ? "well"
              : self->script->steps[i].kind == STEP_REVOKE ? "it returned FALSE"
                                                           : "without a word");
      fflush (stdout);
    }
}

static void
take_memory (void)
{
  for (;;)
    memset (g_malloc (MEAL_BYTES), 1, MEAL_BYTES);
}

static int
tell_previous (Life *self)
{
  g_autoptr (GError) error = NULL;
  const PsRun *run;

  if (!ps_watcher_open_record (self->watcher, self->record, PS_RECORD_DEFAULT, &error))
    {
      printf ("no record: %s\n", error->message);
      return 1;
    }
  run = ps_watcher_get_previous_run (self->watcher);
  printf ("verdict %s\n", run != NULL ? ps_verdict_to_string (ps_run_get_verdict (run)) : "none");
  return 0;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Life self = { .watcher = ps_glib_attach (loop), .record = argv[2] };
  int status = 0;

  if (g_str_equal (argv[1], "next"))
    status = tell_previous (&self);
  else
    {
      self.script = script_find (argv[2]);
      self.record = argv[3];
      self.targets = argv[4];
      self.mark = argv[5];
      play (&self);
      if (g_str_equal (argv[1], "hungry"))
        take_memory ();
    }
  fflush (stdout);
  _exit (status);
}
