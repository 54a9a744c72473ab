/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Points in time are told in UTC: a picture is looked at elsewhere than it was made.
 */

#include "ps-svg-words.h"

#include <string.h>

#include "ps-life-text.h"
#include "ps-svg-scale.h"

const char *
ps_svg_words_name (const PsLife *life)
{
  return *life->unit != '\0' ? life->unit : *life->program != '\0' ? life->program : "a process";
}

const char *
ps_svg_words_class (const char *event)
{
  static const char *const own[] = { "query", "checkpoint", "finish" };

  for (gsize i = 0; i < G_N_ELEMENTS (own); i++)
    if (strcmp (event, own[i]) == 0)
      return own[i];
  return "terminate";
}

static char *
signal_words (const PsWhy *why)
{
  const char *name = *why->signal != '\0' ? why->signal : "a signal";
  g_autofree char *sender = ps_life_text_sender (why, NULL);

  return sender != NULL ? g_strdup_printf ("%s from %s", name, sender) : g_strdup (name);
}

char *
ps_svg_words_why (const PsWhy *why)
{
  if (strcmp (why->kind, "signal") == 0 || strcmp (why->kind, "crash") == 0)
    return signal_words (why);
  if (strcmp (why->kind, "loop") == 0)
    return g_strdup ("the main loop was quit");
  if (strcmp (why->kind, "quit") != 0 && strcmp (why->kind, "exit") != 0)
    return g_strdup ("for an unknown reason");
  if (why->code == PS_UNKNOWN)
    return g_strdup (why->kind);
  return g_strdup_printf ("%s with code %" G_GINT64_FORMAT, why->kind, why->code);
}

static void
append_time (GString *to, const char *before, gint64 time_us)
{
  char words[PS_SVG_SCALE_WORDS];

  if (time_us < 0 || time_us > PS_SVG_TIME_MAX_US)
    return;
  g_string_append (to, before);
  g_string_append (to, ps_svg_scale_words (words, sizeof words, time_us));
}

char *
ps_svg_words_end (const PsLife *life)
{
  GString *words = g_string_new (ps_fate_word (life->fate));

  if (life->status >= 0 && life->status <= 255)
    g_string_append_printf (words, " with status %d", (int) life->status);
  append_time (words, " after ", life->lived_us);
  append_time (words, "; the exit took ", life->exit_duration_us);
  if (life->exit_duration_us >= 0)
    append_time (words, " of ", life->deadline_us);
  else
    append_time (words, "; the exit might have taken ", life->deadline_us);
  if (*life->reason != '\0')
    g_string_append_printf (words, "; %s", life->reason);
  return g_string_free (words, FALSE);
}

char *
ps_svg_words_whose (const PsLife *life)
{
  gint64 when_us = life->exit_begun_us != PS_UNKNOWN ? life->exit_begun_us : life->ended_us;
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (when_us / G_USEC_PER_SEC);
  GString *words = g_string_new (NULL);

  if (when_us >= 0 && when != NULL)
    {
      g_autofree char *date = g_date_time_format (when, "%Y-%m-%d %H:%M:%S UTC");

      g_string_append (words, date);
    }
  if (*life->host != '\0')
    g_string_append_printf (words, "%s%s", words->len > 0 ? " · " : "", life->host);
  if (life->pid != PS_UNKNOWN)
    g_string_append_printf (words, "%sprocess %" G_GINT64_FORMAT, words->len > 0 ? " · " : "",
                            life->pid);
  return g_string_free (words, FALSE);
}
