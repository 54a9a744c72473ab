/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a program calls its callbacks, what it says of them and of itself, on the whole way: through
 * a reload to the records, and to the note that a signal handler reads when it has to name who
 * hangs.
 */

#include "target.h"

#include "postscriptum.h"
#include "ps-current.h"

#include <signal.h>

static PsWatcher *watcher;
static const char *why;

static void
check_record (int priority, const char *message, const GLogField *fields, gsize n_fields,
              gpointer unused)
{
  g_assert_true (is_harmless_line (message));
  for (gsize i = 0; i < n_fields; i++)
    {
      g_assert_true (looks_like (fields[i].key, "[A-Z][A-Z0-9_]*"));
      g_assert_cmpint (fields[i].length, ==, -1);
      g_assert_true (g_utf8_validate (fields[i].value, -1, NULL));
    }
}

static void
callback (PsContext *context, gpointer calls)
{
  PsCurrent current;

  ++*(int *) calls;
  g_assert_true (ps_current_get (&current));
  g_assert_cmpstr (current.event, ==, "reload");
  g_assert_true (is_harmless_line (current.name));
  ps_context_fail (context, g_error_new_literal (PS_ERROR, PS_ERROR_INVALID, why));
  ps_hold_release (ps_context_hold (context, why));
}

static void
begin (void)
{
  /* Not freed: the watch goes on for as long as there are bytes. */
  GMainLoop *loop = g_main_loop_new (NULL, FALSE);

  watcher = ps_glib_attach (loop);
  g_main_loop_unref (loop);
  /* Under nohup, too. */
  ps_watcher_set_hangup (watcher, PS_HANGUP_RELOAD);
  ps_watcher_set_log_func (watcher, check_record, NULL, NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n)
{
  Feed feed = { bytes, n };
  g_autofree char *name = feed_text (&feed, 1024);
  g_autofree char *words = feed_text (&feed, 4096);
  int calls = 0;
  guint id;

  if (watcher == NULL)
    begin ();
  why = words;
  id = ps_watcher_add (watcher, PS_EVENT_RELOAD, name, 0, 0, callback, &calls, NULL);
  ps_watcher_status (watcher, "%s", words);
  raise (SIGHUP);
  while (calls == 0)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (calls, ==, 1);
  g_assert_true (ps_watcher_remove (watcher, id));
  return 0;
}
