/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Others who take the same signal by GLib's own sources get it in time. GLib is told behind a
 * query, and before everything that may wait for them. */
#include "common.h"

#include <glib-unix.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
say_and_quit (gpointer loop)
{
  child_say ("other");
  g_main_loop_quit (loop);
}

static gboolean
others_source (gpointer loop)
{
  say_and_quit (loop);
  return G_SOURCE_REMOVE;
}

/* Somebody else's, in this context or that of another thread. */
static void
add_others_source (GMainLoop *loop)
{
  GSource *source = g_unix_signal_source_new (SIGTERM);

  g_source_set_callback (source, others_source, loop, NULL);
  g_source_attach (source, g_main_loop_get_context (loop));
  g_source_unref (source);
}

/* --- A callback that waits for them ----------------------------------------------------------- */

static void
wait_in_loop (PsContext *context, gpointer loop)
{
  child_sayf ("%s begins", event_name (context));
  g_main_loop_run (loop);
  child_sayf ("%s ends", event_name (context));
}

static int
query_waits_child (gconstpointer before)
{
  GMainLoop *loop = g_main_loop_new (NULL, FALSE);
  PsWatcher *watcher;

  if (before != NULL)
    add_others_source (loop);
  watcher = watch ();
  if (before == NULL)
    add_others_source (loop);
  ps_watcher_on_query (watcher, wait_in_loop, loop);
  return run (watcher);
}

static void
expect_query_waits (gboolean before)
{
  Proc *child = proc_start (query_waits_child, GINT_TO_POINTER (before));

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "query begins", "other", "query ends");
  proc_expect_exit (child, 143);
}

static void
a_in_loop (void)
{
  expect_query_waits (TRUE);
  expect_query_waits (FALSE);
}

static gpointer
run_others_loop (gpointer loop)
{
  g_main_context_push_thread_default (g_main_loop_get_context (loop));
  g_main_loop_run (loop);
  g_main_context_pop_thread_default (g_main_loop_get_context (loop));
  return NULL;
}

static void
join (PsContext *context, gpointer thread)
{
  child_sayf ("%s begins", event_name (context));
  g_thread_join (thread);
  child_sayf ("%s ends", event_name (context));
}

static int
joins_child (gconstpointer event)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  PsWatcher *watcher = watch ();
  GThread *thread;

  add_others_source (loop);
  thread = g_thread_new ("other", run_others_loop, loop);
  ps_watcher_add (watcher, (PsEvents) GPOINTER_TO_UINT (event), "join", 0, 0, join, thread, NULL);
  return run (watcher);
}

static void
expect_joined (PsEvent event, const char *name)
{
  g_autofree char *begins = g_strdup_printf ("%s begins", name);
  g_autofree char *ends = g_strdup_printf ("%s ends", name);
  Proc *child = proc_start (joins_child, GUINT_TO_POINTER (event));
  const char *line;

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  /* The other thread may be the first. */
  line = proc_next (child);
  proc_expect (child, g_str_equal (line, "other") ? begins : "other");
  proc_expect (child, ends);
  proc_expect_exit (child, 143);
}

static void
a_joined (void)
{
  expect_joined (PS_EVENT_CHECKPOINT, "checkpoint");
  expect_joined (PS_EVENT_TERMINATE, "terminate");
  expect_joined (PS_EVENT_FINISH, "finish");
}

/* --- A query behind which nothing comes ------------------------------------------------------- */

static void
veto (PsContext *context, gpointer unused)
{
  child_say ("query");
  ps_context_veto (context, "not now");
}

static void
let_go (PsContext *context, gpointer watcher)
{
  child_say ("query");
  ps_watcher_detach (watcher);
}

static int
query_child (gconstpointer detaches)
{
  PsWatcher *watcher = watch ();

  add_others_source (the_loop ());
  ps_watcher_on_query (watcher, detaches != NULL ? let_go : veto, watcher);
  say_ready_soon ();
  g_main_loop_run (the_loop ());
  if (detaches == NULL)
    ps_watcher_detach (watcher);
  ps_watcher_unref (watcher);
  return 5;
}

static void
expect_after_query (gboolean detaches)
{
  Proc *child = proc_start (query_child, GINT_TO_POINTER (detaches));

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "query", "other");
  proc_expect_exit (child, 5);
}

static void
a_vetoed (void)
{
  expect_after_query (FALSE);
}

static void
a_detached (void)
{
  expect_after_query (TRUE);
}

/* --- A query that hangs ----------------------------------------------------------------------- */

static gpointer
say_from_loop (gpointer loop)
{
  run_others_loop (loop);
  child_say ("other thread is through");
  return NULL;
}

static gint let;

static void
hang (PsContext *context, gpointer unused)
{
  child_say ("query");
  while (!g_atomic_int_get (&let))
    g_usleep (1000);
}

static gpointer
end_hang (gpointer thread)
{
  g_thread_join (thread);
  g_atomic_int_set (&let, TRUE);
  return NULL;
}

static int
hangs_child (gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  PsWatcher *watcher = watch ();

  add_others_source (loop);
  in_thread (end_hang, g_thread_new ("other", say_from_loop, loop));
  ps_watcher_on_query (watcher, hang, NULL);
  return run (watcher);
}

/* The second signal goes to GLib at once. */
static void
a_hangs (void)
{
  Proc *child = proc_start (hangs_child, NULL);

  proc_expect (child, "ready");
  proc_kill (child, SIGTERM);
  proc_expect (child, "query");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "other", "other thread is through");
  proc_expect_exit (child, 143);
}

/* --- A handler that is slow ------------------------------------------------------------------- */

#define ROUNDS 20

static gint queries, others;
static __thread gint awaited; /* so many have begun before our handler goes on */

/* In place of libc's: the loop's thread is at work before the handler that has woken it is through.
 */
ssize_t
write (int fd, const void *bytes, size_t n)
{
  ssize_t written = syscall (SYS_write, fd, bytes, n);

  while (n == sizeof (guint64) && g_atomic_int_get (&queries) < awaited)
    usleep (100);
  return written;
}

/* GLib is told behind it; who is told before that has the time to see it as one more. */
static void
veto_slowly (PsContext *context, gpointer unused)
{
  g_atomic_int_inc (&queries);
  g_usleep (10000);
  ps_context_veto (context, "not now");
}

static gboolean
count_others (gpointer unused)
{
  g_atomic_int_inc (&others);
  return G_SOURCE_CONTINUE;
}

static gpointer
ask_slowly (gpointer watcher)
{
  for (gint i = 1; i <= 2 * ROUNDS; i++)
    {
      awaited = i % 2 == 0 ? 0 : i;
      raise (SIGTERM);
      while (g_atomic_int_get (&queries) < i || g_atomic_int_get (&others) < i)
        g_usleep (100);
    }
  child_sayf ("%d more", g_atomic_int_get (&others) - 2 * ROUNDS);
  _exit (0);
}

static int
slow_child (gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr (GSource) source = g_unix_signal_source_new (SIGTERM);
  PsWatcher *watcher = watch ();

  g_source_set_callback (source, count_others, NULL, NULL);
  g_source_attach (source, context);
  in_thread (run_others_loop, loop);
  ps_watcher_on_query (watcher, veto_slowly, NULL);
  in_thread (ask_slowly, watcher);
  return run_quietly (watcher);
}

static void
a_slow (void)
{
  Proc *child = proc_start (slow_child, NULL);

  proc_expect (child, "0 more");
  proc_expect_exit (child, 0);
}

static const TapCase cases[] = {
  { "A06", "a query that runs a loop until somebody else's source was called", a_in_loop },
  { "A07", "callbacks that wait for a thread that such a source ends", a_joined },
  { "A08", "such a source is called after a veto", a_vetoed },
  { "A09", "and after a query that detaches", a_detached },
  { "A10", "and while a query hangs, by the second signal", a_hangs },
  { "A11", "and once for each signal, however slow the handler is", a_slow },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
