/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Small enough to be seen to be right: a document is written from front to back, and whatever it is
 * given, its strings are valid UTF-8 without control characters. json-glib builds a tree first, and
 * would be one more library for it.
 */

#include "ps-json.h"

#include <stdio.h>

#include "ps-clean.h"

void
ps_json_init (PsJson *json)
{
  json->text = g_string_new (NULL);
  json->needs_comma = FALSE;
}

void
ps_json_clear (PsJson *json)
{
  g_string_free (json->text, TRUE);
}

static void
append_unichar (GString *text, gunichar c)
{
  if (c == '"' || c == '\\')
    g_string_append_printf (text, "\\%c", (char) c);
  else if (c == '\n')
    g_string_append (text, "\\n");
  else if (ps_clean_is_harmless (c))
    g_string_append_unichar (text, c);
  else if (c > 0xffff)
    g_string_append_printf (text, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                            0xdc00 + ((c - 0x10000) & 0x3ff));
  else
    g_string_append_printf (text, "\\u%04x", c);
}

static void
append_string (GString *text, const char *value)
{
  g_string_append_c (text, '"');
  while (*value != '\0')
    {
      gunichar c = g_utf8_get_char_validated (value, -1);

      if (c == (gunichar) -1 || c == (gunichar) -2)
        g_string_append_printf (text, "\\\\x%02x", (unsigned char) *value++);
      else
        {
          append_unichar (text, c);
          value = g_utf8_next_char (value);
        }
    }
  g_string_append_c (text, '"');
}

static void
begin_value (PsJson *json, const char *key)
{
  if (json->needs_comma)
    g_string_append_c (json->text, ',');
  if (key != NULL)
    {
      append_string (json->text, key);
      g_string_append_c (json->text, ':');
    }
  json->needs_comma = TRUE;
}

void
ps_json_begin (PsJson *json, const char *key, char bracket)
{
  begin_value (json, key);
  g_string_append_c (json->text, bracket);
  json->needs_comma = FALSE;
}

void
ps_json_end (PsJson *json, char bracket)
{
  g_string_append_c (json->text, bracket);
  json->needs_comma = TRUE;
}

void
ps_json_null (PsJson *json, const char *key)
{
  begin_value (json, key);
  g_string_append (json->text, "null");
}

void
ps_json_string (PsJson *json, const char *key, const char *value)
{
  if (value == NULL || *value == '\0')
    {
      ps_json_null (json, key);
      return;
    }
  begin_value (json, key);
  append_string (json->text, value);
}

void
ps_json_int (PsJson *json, const char *key, gint64 value)
{
  begin_value (json, key);
  g_string_append_printf (json->text, "%" G_GINT64_FORMAT, value);
}

void
ps_json_known (PsJson *json, const char *key, gint64 value)
{
  if (value == -1)
    ps_json_null (json, key);
  else
    ps_json_int (json, key, value);
}

void
ps_json_bool (PsJson *json, const char *key, gboolean value)
{
  begin_value (json, key);
  g_string_append (json->text, value ? "true" : "false");
}

void
ps_json_print (PsJson *json)
{
  puts (json->text->str);
  g_string_truncate (json->text, 0);
  json->needs_comma = FALSE;
}
