/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe.h"

PsWatcher *the_watcher;
GMainLoop *the_loop;

/* Pairs of an Act and its ActKind; they live as long as the process, for callbacks run until its
 * very end. */
typedef struct
{
  Act act;
  const ActKind *kind;
} Line;

static GPtrArray *lines;

static const struct
{
  const char *word;
  PsEvents event;
} known_moments[] = {
  { "start", 0 },
  { "attached", 0 },
  { "ready", 0 },
  { "query", PS_EVENT_QUERY },
  { "checkpoint", PS_EVENT_CHECKPOINT },
  { "terminate", PS_EVENT_TERMINATE },
  { "quit", PS_EVENT_QUIT },
  { "reload", PS_EVENT_RELOAD },
  { "resume", PS_EVENT_RESUME },
  { "finish", PS_EVENT_FINISH },
};

static gboolean
set_moment (Act *act, const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "/", 3);

  act->moment = g_strdup (parts[0]);
  if (parts[1] != NULL)
    {
      act->priority = (int) g_ascii_strtoll (parts[1], NULL, 10);
      act->deadline_ms = parts[2] != NULL ? (guint) g_ascii_strtoull (parts[2], NULL, 10) : 0;
    }

  for (gsize i = 0; i < G_N_ELEMENTS (known_moments); i++)
    if (g_strcmp0 (known_moments[i].word, act->moment) == 0)
      {
        act->event = known_moments[i].event;
        return TRUE;
      }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no such moment: “%s”", text);
  return FALSE;
}

gboolean
script_add (const char *spec, GError **error)
{
  g_auto (GStrv) halves = g_strsplit (spec, ":", 2);
  g_auto (GStrv) words = NULL;
  Line *line;

  if (halves[0] == NULL || halves[1] == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "“%s” is not MOMENT[/PRIORITY[/DEADLINE_MS]]:ACT[=ARGUMENT]", spec);
      return FALSE;
    }

  words = g_strsplit (halves[1], "=", 2);
  line = g_new0 (Line, 1);
  line->act.spec = g_strdup (spec);
  line->act.argument = g_strdup (words[1] != NULL ? words[1] : "");
  line->kind = act_find (words[0]);
  if (lines == NULL)
    lines = g_ptr_array_new ();
  g_ptr_array_add (lines, line);

  if (!set_moment (&line->act, halves[0], error))
    return FALSE;
  if (line->kind != NULL && (line->act.event != 0 || !line->kind->in_event_only))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no act “%s” at “%s”", words[0],
               halves[0]);
  return FALSE;
}

static void
run_line (PsContext *context, gpointer user_data)
{
  Line *line = user_data;

  trace ("%s", line->act.spec);
  line->kind->run (&line->act, context);
}

void
script_register (void)
{
  for (guint i = 0; lines != NULL && i < lines->len; i++)
    {
      Line *line = g_ptr_array_index (lines, i);
      const Act *act = &line->act;

      if (act->event != 0)
        ps_watcher_add (the_watcher, act->event, act->spec, act->priority, act->deadline_ms,
                        run_line, line, NULL);
    }
}

void
script_run_moment (const char *moment)
{
  for (guint i = 0; lines != NULL && i < lines->len; i++)
    {
      Line *line = g_ptr_array_index (lines, i);

      if (line->act.event == 0 && g_str_equal (line->act.moment, moment))
        run_line (NULL, line);
    }
}
