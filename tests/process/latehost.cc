/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A C++ program whose destructors use the library: of static objects made before and after it
 * attached, of one that belongs to a thread, and of the program itself. Usage: latehost exit|run.
 * What happens goes to descriptor 3, as in every child.
 */
#include <gio/gio.h>
#include <postscriptum.h>

extern "C"
{
#include "ps-child.h"
}

#include <pthread.h>
#include <cstdlib>
#include <cstring>

static PsWatcher *watcher;
static PsScope *scope;

static void
say (PsContext *context, gpointer word)
{
  child_sayf ("%s: %s", ps_context_get_event (context) == PS_EVENT_QUIT ? "quit" : "finish",
              static_cast<const char *> (word));
}

static void
save (PsContext *, gpointer)
{
}

/* Whatever a program may call when it should be over. */
static void
use (const char *who)
{
  guint id = ps_watcher_on_finish (watcher, say, const_cast<char *> (who));

  child_sayf ("%s: %s, default %s", who, id != 0 ? "added" : "too late",
              ps_watcher_get_default () == watcher ? "the same" : "another");
  ps_watcher_add_checkpoint (watcher, 1000, save, nullptr);
  ps_watcher_set_deadline (watcher, 60000);
  ps_watcher_set_hangup (watcher, PS_HANGUP_IGNORE);
  ps_watcher_set_exit_policy (watcher, PS_EXIT_POLICY_STATUS);
  ps_watcher_ready (watcher, "ready");
  ps_watcher_status (watcher, "used by %s", who);
  ps_watcher_quit (watcher, 9);
  ps_watcher_remove (watcher, 12345);
  g_cancellable_is_cancelled (ps_watcher_get_cancellable (watcher));
  ps_watcher_get_exit_status (watcher);
  ps_watcher_unref (ps_watcher_ref (watcher));
}

class Late
{
public:
  explicit Late (const char *name) : who (name)
  {
  }
  ~Late ()
  {
    use (who);
  }
  void
  touch ()
  {
  }

private:
  const char *who;
};

static thread_local Late in_thread ("of a thread");

static void *
have_one (void *)
{
  in_thread.touch ();
  return nullptr;
}

/* Made before the library attached, and so destroyed after it has finished; with a thread that ends
 * then. */
class Early
{
public:
  ~Early ()
  {
    pthread_t thread;

    use ("made before");
    ps_scope_end (scope);
    if (pthread_create (&thread, nullptr, have_one, nullptr) == 0)
      pthread_join (thread, nullptr);
    ps_watcher_detach (watcher);
    use ("made before, detached");
    ps_watcher_detach (watcher);
  }
};

static Early early;

static void __attribute__ ((destructor)) at_the_very_end ()
{
  use ("the program");
}

int
main (int argc, char **argv)
{
  GMainLoop *loop = g_main_loop_new (nullptr, FALSE);

  child_need (argc == 2);
  watcher = ps_glib_attach (loop);
  ps_watcher_set_log_func (watcher, nullptr, nullptr, nullptr);
  ps_watcher_on_finish (watcher, say, const_cast<char *> ("f"));
  ps_watcher_on_quit (watcher, say, const_cast<char *> ("q"));
  scope = ps_scope_new (watcher, say, const_cast<char *> ("scope"));
  /* Kept for the destructors, beside the process's own. */
  ps_watcher_ref (watcher);
  if (strcmp (argv[1], "run") == 0)
    {
      ps_watcher_quit (watcher, 4);
      return ps_watcher_run (watcher);
    }
  static Late late ("made after");
  exit (5);
}
