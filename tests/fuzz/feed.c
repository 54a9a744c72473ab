/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "target.h"

guint8
feed_byte (Feed *feed)
{
  if (feed->n == 0)
    return 0;
  feed->n--;
  return *feed->bytes++;
}

gint64
feed_int64 (Feed *feed)
{
  guint64 value = 0;

  for (int i = 0; i < 8; i++)
    value = value << 8 | feed_byte (feed);
  return (gint64) value;
}

char *
feed_text (Feed *feed, size_t max)
{
  g_autoptr (GString) text = g_string_new (NULL);

  while (feed->n > 0 && text->len < max)
    {
      guint8 byte = feed_byte (feed);

      if (byte == 0xff)
        break;
      g_string_append_c (text, byte != 0 ? (char) byte : '0');
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
is_harmless_line (const char *text)
{
  if (!g_utf8_validate (text, -1, NULL))
    return FALSE;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      GUnicodeType type = g_unichar_type (c);

      if (type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR
          || type == G_UNICODE_PARAGRAPH_SEPARATOR || (c >= 0x202a && c <= 0x202e)
          || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x061c)
        return FALSE;
    }
  return TRUE;
}

gboolean
looks_like (const char *text, const char *expression)
{
  g_autofree char *whole = g_strdup_printf ("\\A(?:%s)\\z", expression);

  return g_regex_match_simple (whole, text, 0, 0);
}
