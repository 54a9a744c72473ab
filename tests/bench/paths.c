/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main paths, each between two marks at which callgrind writes down what it has counted; see
 * check.py. Without valgrind it just runs.
 *
 *     paths callbacks      attaching, very many callbacks, a veto, holds
 *     paths exit           a whole exit with ten callbacks, without records
 *     paths told           the same; each record is made and given to a log function
 */
#include "bench.h"

#include <postscriptum.h>
#include <signal.h>
#include <valgrind/callgrind.h>

#define MANY 1000
#define FEW 10

static PsHold *holds[MANY];
static int calls, vetoes = 1;

static void
begin (void)
{
  CALLGRIND_ZERO_STATS;
}

/* name: of a path in counts.json. */
static void
end (const char *name)
{
  CALLGRIND_DUMP_STATS_AT (name);
}

static void
many (PsContext *context, gpointer data)
{
  if (calls == 0)
    begin ();
  if (++calls == MANY)
    end ("dispatch");
}

static void
other (PsContext *context, gpointer data)
{
  calls = -1;
}

static void
query (PsContext *context, gpointer data)
{
  if (vetoes == 0)
    return;
  end ("signal-to-callback");
  vetoes--;
  ps_context_veto (context, "only asked");
}

static gboolean
release_holds (gpointer data)
{
  begin ();
  for (int i = 0; i < MANY; i++)
    ps_hold_release (holds[i]);
  end ("hold-release");
  return G_SOURCE_REMOVE;
}

static void
take_holds (PsContext *context, gpointer data)
{
  begin ();
  for (int i = 0; i < MANY; i++)
    holds[i] = ps_context_hold (context, "takes its time");
  end ("hold");
  g_idle_add (release_holds, NULL);
}

static gboolean
ask (gpointer data)
{
  begin ();
  raise (SIGTERM);
  return G_SOURCE_REMOVE;
}

static gboolean
ask_again (gpointer data)
{
  raise (SIGTERM);
  return G_SOURCE_REMOVE;
}

static void
resume (PsContext *context, gpointer data)
{
  g_timeout_add (1, ask_again, NULL);
}

static void
add_many (PsWatcher *watcher, PsCallback callback, guint *ids)
{
  for (int i = 0; i < MANY; i++)
    {
      guint id = ps_watcher_add (watcher, PS_EVENT_TERMINATE, "many", 0, 0, callback,
                                 GINT_TO_POINTER (i), NULL);

      if (ids != NULL)
        ids[i] = id;
    }
}

static int
play_callbacks (GMainLoop *loop)
{
  g_autoptr (PsWatcher) watcher = NULL;
  guint ids[MANY];

  begin ();
  watcher = ps_glib_attach (loop);
  end ("attach");
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  add_many (watcher, other, ids);
  begin ();
  for (int i = 0; i < MANY; i++)
    ps_watcher_remove (watcher, ids[i * 7 % MANY]);
  end ("remove");
  begin ();
  add_many (watcher, many, NULL);
  end ("register");
  begin ();
  add_many (watcher, many, NULL);
  end ("duplicate");
  ps_watcher_on_query (watcher, query, NULL);
  ps_watcher_on_resume (watcher, resume, NULL);
  ps_watcher_on_finish (watcher, take_holds, NULL);
  g_idle_add (ask, NULL);
  return ps_watcher_run (watcher) == 128 + SIGTERM && calls == MANY ? 0 : 99;
}

static void
few (PsContext *context, gpointer data)
{
  calls++;
}

static void
hear (int priority, const char *message, const GLogField *fields, gsize n_fields, gpointer data)
{
}

static int
play_exit (GMainLoop *loop, PsLogFunc hears, const char *name)
{
  g_autoptr (PsWatcher) watcher = ps_glib_attach (loop);
  int status;

  ps_watcher_set_log_func (watcher, hears, NULL, NULL);
  for (int i = 0; i < FEW; i++)
    ps_watcher_on_terminate (watcher, few, GINT_TO_POINTER (i));
  g_idle_add (ask, NULL);
  status = ps_watcher_run (watcher);
  end (name);
  return status == 128 + SIGTERM && calls == FEW ? 0 : 99;
}

/* Valgrind does not extend the stack when it delivers a signal. */
static __attribute__ ((noinline)) void
touch_stack (void)
{
  volatile char pages[64 * 1024];

  for (gsize i = 0; i < sizeof pages; i += 1024)
    pages[i] = 0;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  const char *what = argc > 1 ? argv[1] : "";

  touch_stack ();
  if (strcmp (what, "callbacks") == 0)
    return play_callbacks (loop);
  if (strcmp (what, "exit") == 0)
    return play_exit (loop, NULL, "exit");
  if (strcmp (what, "told") == 0)
    return play_exit (loop, hear, "exit-told");
  return 2;
}
