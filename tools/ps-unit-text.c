/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A template is a unit with words between two "@", as meson's configure_file() takes them, so that
 * a project may use either. What a value brings along must stay a value: a line break in it would
 * be a directive of its own, and "%" a specifier.
 */

#include "ps-unit-text.h"

#include <string.h>

GQuark
ps_unit_text_error_quark (void)
{
  return g_quark_from_static_string ("ps-unit-text-error");
}

static gboolean
is_one_line (const char *value)
{
  for (const char *at = value; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      return FALSE;
  return g_utf8_validate (value, -1, NULL) && value[0] != '\0' && value[strlen (value) - 1] != '\\';
}

static gboolean
append_value (GString *to, const PsUnitWord *word, GError **error)
{
  if (word->value == NULL)
    {
      g_set_error (error, PS_UNIT_TEXT_ERROR, 0, "this template needs %s=", word->option);
      return FALSE;
    }
  if (!is_one_line (word->value))
    {
      g_set_error (error, PS_UNIT_TEXT_ERROR, 0,
                   "%s=: must be one line of text, not empty, and not end with a backslash",
                   word->option);
      return FALSE;
    }
  for (const char *at = word->value; *at != '\0'; at++)
    g_string_append_len (to, *at == '%' ? "%%" : at, *at == '%' ? 2 : 1);
  return TRUE;
}

static const PsUnitWord *
find_word (const PsUnitWord *words, const char *name, gsize length)
{
  for (; words->name != NULL; words++)
    if (strlen (words->name) == length && strncmp (words->name, name, length) == 0)
      return words;
  return NULL;
}

/* An "@" that begins no placeholder stands for itself: foo@.service. */
char *
ps_unit_text_fill (const char *text, const PsUnitWord *words, GError **error)
{
  g_autoptr (GString) filled = g_string_new (NULL);

  while (*text != '\0')
    {
      gsize length = *text == '@' ? strspn (text + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
      const PsUnitWord *word =
          length > 0 && text[1 + length] == '@' ? find_word (words, text + 1, length) : NULL;

      if (word == NULL)
        {
          g_string_append_c (filled, *text++);
          continue;
        }
      if (!append_value (filled, word, error))
        return NULL;
      text += length + 2;
    }
  return g_string_free (g_steal_pointer (&filled), FALSE);
}
