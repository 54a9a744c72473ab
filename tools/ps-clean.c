/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a journal holds was written by anybody: a callback's name may clear the screen, a process
 * may be named so that the terminal copies something to the clipboard. So nothing of it is printed
 * but through here, on a terminal or not: a pipe often ends on one.
 *
 * What is taken out is written down as an escape, not replaced: one can see what was there.
 */

#include "ps-clean.h"

#include "ps-text.h"

#define HOUR_US (3600 * (gint64) G_USEC_PER_SEC)
#define DAY_US (24 * HOUR_US)

/* What moves nothing, ends nothing, and has a picture. */
gboolean
ps_clean_is_harmless (gunichar c)
{
  static const GUnicodeType harmful[] = {
    G_UNICODE_CONTROL,        G_UNICODE_FORMAT,
    G_UNICODE_LINE_SEPARATOR, G_UNICODE_PARAGRAPH_SEPARATOR,
    G_UNICODE_SURROGATE,      G_UNICODE_PRIVATE_USE,
    G_UNICODE_UNASSIGNED,
  };
  GUnicodeType type = g_unichar_type (c);

  for (gsize i = 0; i < G_N_ELEMENTS (harmful); i++)
    if (type == harmful[i])
      return FALSE;
  return TRUE;
}

void
ps_clean_append (GString *to, const char *text)
{
  while (*text != '\0')
    {
      gunichar c = g_utf8_get_char_validated (text, -1);

      if (c == (gunichar) -1 || c == (gunichar) -2)
        g_string_append_printf (to, "\\x%02x", (unsigned char) *text++);
      else
        {
          if (ps_clean_is_harmless (c))
            g_string_append_unichar (to, c);
          else if (c < 0x100)
            g_string_append_printf (to, "\\x%02x", c);
          else
            g_string_append_printf (to, "\\u%04x", c);
          text = g_utf8_next_char (text);
        }
    }
}

char *
ps_clean (const char *text)
{
  GString *to = g_string_new (NULL);

  ps_clean_append (to, text);
  return g_string_free (to, FALSE);
}

gsize
ps_clean_fit (const char *text, gsize length, gsize max)
{
  gsize fits = MIN (length, max);

  if (fits < length)
    while (fits > 0 && max - fits < 3 && ((guchar) text[fits] & 0xc0) == 0x80)
      fits--;
  return fits;
}

static gsize
width_of (gunichar c)
{
  return g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
}

gsize
ps_clean_width (const char *clean)
{
  gsize width = 0;

  for (; *clean != '\0'; clean = g_utf8_next_char (clean))
    width += width_of (g_utf8_get_char (clean));
  return width;
}

char *
ps_clean_cut (const char *clean, gsize columns)
{
  const char *at = clean;
  gsize width = 0;

  if (ps_clean_width (clean) <= columns)
    return g_strdup (clean);
  if (columns == 0)
    return g_strdup ("");
  while (width + width_of (g_utf8_get_char (at)) <= columns - 1)
    {
      width += width_of (g_utf8_get_char (at));
      at = g_utf8_next_char (at);
    }
  return g_strdup_printf ("%.*s…", (int) (at - clean), clean);
}

char *
ps_clean_duration (gint64 duration_us)
{
  char buffer[PS_TEXT_SHORT];

  if (duration_us < 0)
    return g_strdup ("-");
  if (duration_us < HOUR_US)
    return g_strdup (ps_text_put_duration (buffer, sizeof buffer, duration_us));
  if (duration_us < DAY_US)
    return g_strdup_printf ("%" G_GINT64_FORMAT " h %" G_GINT64_FORMAT " min",
                            duration_us / HOUR_US, duration_us % HOUR_US / (HOUR_US / 60));
  return g_strdup_printf ("%" G_GINT64_FORMAT " d %" G_GINT64_FORMAT " h", duration_us / DAY_US,
                          duration_us % DAY_US / HOUR_US);
}

char *
ps_clean_time (gint64 realtime_us)
{
  g_autoptr (GDateTime) time =
      realtime_us >= 0 ? g_date_time_new_from_unix_local (realtime_us / G_USEC_PER_SEC) : NULL;

  return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S") : g_strdup ("-");
}
