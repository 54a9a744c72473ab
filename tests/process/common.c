/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common.h"

#include <ftw.h>
#include <ps-ids.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static GMainLoop *loop;

static gboolean
just_turn (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

/* ThreadSanitizer may keep a signal that comes just before a call that waits, until that returns.
 */
static void
keep_turning (void)
{
  if (tap_loses_signals ())
    g_timeout_add (100, just_turn, NULL);
}

PsWatcher *
watch (void)
{
  PsWatcher *watcher;

  child_start_thread ();
  loop = g_main_loop_new (NULL, FALSE);
  keep_turning ();
  watcher = ps_glib_attach (loop);
  child_need (watcher != NULL);
  ps_watcher_set_log_func (watcher, NULL, NULL, NULL);
  return watcher;
}

void
unwatch (PsWatcher *watcher)
{
  ps_watcher_detach (watcher);
  ps_watcher_unref (watcher);
  g_main_loop_unref (loop);
}

GMainLoop *
the_loop (void)
{
  return loop;
}

static gboolean
say_ready (gpointer unused)
{
  child_say ("ready");
  return G_SOURCE_REMOVE;
}

void
say_ready_soon (void)
{
  g_idle_add (say_ready, NULL);
}

int
run_quietly (PsWatcher *watcher)
{
  int status = ps_watcher_run (watcher);

  ps_watcher_unref (watcher);
  g_main_loop_unref (loop);
  return status;
}

int
run (PsWatcher *watcher)
{
  say_ready_soon ();
  return run_quietly (watcher);
}

static gboolean
quit_now (gpointer code)
{
  ps_watcher_quit (ps_watcher_get_default (), GPOINTER_TO_INT (code));
  return G_SOURCE_REMOVE;
}

void
quit_soon (PsWatcher *watcher, int code)
{
  g_idle_add (quit_now, GINT_TO_POINTER (code));
}

void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

const char *
event_name (PsContext *context)
{
  switch (ps_context_get_event (context))
    {
    case PS_EVENT_QUERY:
      return "query";
    case PS_EVENT_CHECKPOINT:
      return "checkpoint";
    case PS_EVENT_TERMINATE:
      return "terminate";
    case PS_EVENT_QUIT:
      return "quit";
    case PS_EVENT_CRASH:
      return "crash";
    case PS_EVENT_RELOAD:
      return "reload";
    case PS_EVENT_RESUME:
      return "resume";
    case PS_EVENT_FINISH:
      return "finish";
    }
  return "no event";
}

void
say (PsContext *context, gpointer word)
{
  child_sayf ("%s: %s", event_name (context), (const char *) word);
}

void
veto_once (PsContext *context, gpointer unused)
{
  static gboolean done;

  if (!done)
    ps_context_veto (context, "not yet");
  done = TRUE;
}

void
raise_it (PsContext *context, gpointer signum)
{
  raise (GPOINTER_TO_INT (signum));
}

void
say_and_free (gpointer word)
{
  child_sayf ("freed: %s", (const char *) word);
  g_free (word);
}

const char *
record_field (const GLogField *fields, gsize n_fields, const char *name)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, name))
      return fields[i].value;
  return NULL;
}

static const char *
record_kind (const char *id)
{
  static const struct
  {
    const char *id;
    const char *kind;
  } kinds[] = {
    { PS_MESSAGE_RUN_BEGUN, "run-begun" },       { PS_MESSAGE_EXIT_BEGUN, "exit-begun" },
    { PS_MESSAGE_SIGNAL_AGAIN, "signal-again" }, { PS_MESSAGE_STEP_BEGUN, "step-begun" },
    { PS_MESSAGE_STEP_DONE, "step-done" },       { PS_MESSAGE_STEP_SKIPPED, "step-skipped" },
    { PS_MESSAGE_HOLD_DROPPED, "hold-dropped" }, { PS_MESSAGE_CALLBACK_FAILED, "callback-failed" },
    { PS_MESSAGE_EXIT_VETOED, "exit-vetoed" },   { PS_MESSAGE_EXIT_FINISHED, "exit-finished" },
    { PS_MESSAGE_RELOAD_BEGUN, "reload-begun" }, { PS_MESSAGE_RELOAD_DONE, "reload-done" },
    { PS_MESSAGE_WILL_DONE, "will-done" },       { PS_MESSAGE_CLAUSE_FAILED, "clause-failed" },
    { PS_MESSAGE_BAD_SETTING, "bad-setting" },   { PS_MESSAGE_SIGNALS_LOST, "signals-lost" },
  };

  for (guint i = 0; id != NULL && i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (id, kinds[i].id))
      return kinds[i].kind;
  return "of an unknown kind";
}

void
say_record (int priority, const char *message, const GLogField *fields, gsize n_fields,
            gpointer unused)
{
  static const char *const about[] = { PS_FIELD_CAUSE, PS_FIELD_SIGNAL, PS_FIELD_EVENT,
                                       PS_FIELD_STEP,  PS_FIELD_CODE,   PS_FIELD_HOLD_WHY,
                                       PS_FIELD_STATUS };
  g_autoptr (GString) line = g_string_new ("record ");

  g_string_append (line, record_kind (record_field (fields, n_fields, PS_FIELD_MESSAGE_ID)));
  for (guint i = 0; i < G_N_ELEMENTS (about); i++)
    {
      const char *value = record_field (fields, n_fields, about[i]);

      if (value != NULL)
        g_string_append_printf (line, " %s", value);
    }
  child_say (line->str);
}

PsWatcher *
watch_all (void)
{
  PsWatcher *watcher = watch ();

  ps_watcher_on_finish (watcher, say, (gpointer) "f");
  ps_watcher_on_terminate (watcher, say, (gpointer) "t");
  ps_watcher_on_quit (watcher, say, (gpointer) "q");
  return watcher;
}

PsWatcher *
watch_managed (gconstpointer inbox)
{
  g_setenv ("NOTIFY_SOCKET", inbox_path ((Inbox *) inbox), TRUE);
  return watch_all ();
}

void
say_given_up (int priority, const char *message, const GLogField *fields, gsize n_fields,
              gpointer unused)
{
  const char *why = record_field (fields, n_fields, "PS_HOLD_WHY");
  const char *reason = record_field (fields, n_fields, "PS_REASON");

  if (reason != NULL && why != NULL)
    child_sayf ("given up: %s of %s", why, record_field (fields, n_fields, "PS_STEP"));
  else if (reason != NULL)
    child_sayf ("skipped: %s", record_field (fields, n_fields, "PS_STEP"));
}

void
in_thread (GThreadFunc func, gpointer data)
{
  g_thread_unref (g_thread_new ("helper", func, data));
}

gboolean
thread_sleeps (pid_t tid)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/task/%d/stat", (int) tid);
  g_autofree char *text = NULL;

  /* One that has ended does nothing either. */
  return !g_file_get_contents (path, &text, NULL, NULL)
         || g_str_has_prefix (strrchr (text, ')'), ") S");
}

void
wait_until_asleep (pid_t tid)
{
  while (!thread_sleeps (tid))
    sched_yield ();
}

void
wait_until_others_sleep (void)
{
  GDir *tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const char *name;

  child_need (tasks != NULL);
  while ((name = g_dir_read_name (tasks)) != NULL)
    if (atoi (name) != gettid ())
      wait_until_asleep (atoi (name));
  g_dir_close (tasks);
}

void
after_ms (guint ms, GSourceFunc func, gpointer data)
{
  g_timeout_add (ms, func, data);
}

gboolean
say_alive (gpointer unused)
{
  child_say ("alive");
  return G_SOURCE_REMOVE;
}

void
await (const int *what)
{
  while (!g_atomic_int_get (what))
    g_usleep (1000);
}

void
expect_stop_at (const char *where, Proc *child, int signum, int status, const char *const *lines)
{
  proc_expect_at (where, child, "ready");
  proc_kill (child, signum);
  proc_expect_lines_at (where, child, lines);
  proc_expect_exit_at (where, child, status);
}

gboolean
got_namespace (Proc *child)
{
  const char *line = proc_next (child);

  if (tap_failed ())
    return FALSE;
  if (!g_str_equal (line, NO_NAMESPACE))
    {
      if (!g_str_equal (line, "namespace"))
        tap_fail (G_STRLOC, "the child said \"%s\" instead of \"namespace\"", line);
      return TRUE;
    }
  proc_wait (child);
  tap_skip ("namespaces are not to be had here");
  return FALSE;
}

gint64
ms_since (gint64 start_us)
{
  return (g_get_monotonic_time () - start_us) / 1000;
}

void
choose_signals (PsWatcher *watcher, const int *signums, gsize n)
{
  g_autoptr (GError) error = NULL;

  if (!ps_watcher_set_signals (watcher, signums, n, &error))
    child_give_up (G_STRLOC, error->message);
}

/* By the book, and not as the library does it. */
guint32
line_checksum (const char *text)
{
  guint32 sum = 0xffffffff;

  for (; *text != '\0'; text++)
    {
      sum ^= (guchar) *text;
      for (int bit = 0; bit < 8; bit++)
        sum = sum & 1 ? sum >> 1 ^ 0x82f63b78 : sum >> 1;
    }
  return ~sum;
}

/* --- Directories ----------------------------------------------------------------------------- */

static int
remove_one (const char *path, const struct stat *st, int type, struct FTW *unused)
{
  return remove (path);
}

static void
remove_directory (gpointer path)
{
  nftw (path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
  g_free (path);
}

const char *
new_directory (void)
{
  char *path = g_dir_make_tmp ("ps-test-XXXXXX", NULL);

  g_assert_nonnull (path);
  tap_defer (remove_directory, path);
  return path;
}

char *
find_file (const char *directory, const char *suffix)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;
  char *found = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, suffix))
      {
        tap_check (found == NULL);
        g_free (found);
        found = g_build_filename (directory, name, NULL);
      }
  return found;
}
