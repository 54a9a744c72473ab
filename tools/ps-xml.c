/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Names of steps, reasons and commands are whatever somebody logged. Here they are taken apart into
 * characters; each comes out as itself, as an entity, or as an escape that can be read. Nothing
 * that goes in can end an element, begin one, or make the document ill-formed.
 */

#include "ps-xml.h"

#include <string.h>

#define PIECE_MAX 24
#define MARKS_MAX 2

/* What says which way the line runs, and what shows as nothing: a text could look like another. */
static gboolean
is_misleading (gunichar character)
{
  return character == 0x061c || (character >= 0x200b && character <= 0x200f)
         || (character >= 0x2028 && character <= 0x202e)
         || (character >= 0x2060 && character <= 0x206f) || character == 0xfeff;
}

static gboolean
is_for_xml (gunichar character)
{
  return !g_unichar_iscntrl (character) && (character & 0xfffe) != 0xfffe
         && !is_misleading (character);
}

static const char *
entity_for (gunichar character)
{
  switch (character)
    {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return NULL;
    }
}

/* Takes one character of the text; piece becomes what stands for it. Returns its width. */
static gsize
take (const char **text, char piece[PIECE_MAX])
{
  gunichar character = g_utf8_get_char_validated (*text, -1);

  if (character == (gunichar) -1 || character == (gunichar) -2)
    {
      g_snprintf (piece, PIECE_MAX, "\\x%02x", (guchar) * *text);
      *text += 1;
      return strlen (piece);
    }
  *text = g_utf8_next_char (*text);
  if (entity_for (character) != NULL)
    {
      g_strlcpy (piece, entity_for (character), PIECE_MAX);
      return 1;
    }
  if (!is_for_xml (character))
    {
      g_snprintf (piece, PIECE_MAX, character < 0x80 ? "\\x%02x" : "\\u{%x}", character);
      return strlen (piece);
    }
  piece[g_unichar_to_utf8 (character, piece)] = '\0';
  return g_unichar_iswide (character) ? 2 : g_unichar_iszerowidth (character) ? 0 : 1;
}

gsize
ps_xml_width (const char *text)
{
  char piece[PIECE_MAX];
  gsize width = 0;

  while (*text != '\0')
    width += take (&text, piece);
  return width;
}

void
ps_xml_append (GString *to, const char *text)
{
  ps_xml_append_cut (to, text, G_MAXSIZE);
}

/* Of the marks upon a letter that take no room two are kept: a hundred would be a tower. */
gsize
ps_xml_append_cut (GString *to, const char *text, gsize width)
{
  gboolean is_cut = width < G_MAXSIZE && ps_xml_width (text) > width;
  gsize room = is_cut && width > 0 ? width - 1 : width, used = 0, marks = 0;
  char piece[PIECE_MAX];

  while (*text != '\0')
    {
      gsize more = take (&text, piece);

      if (used + more > room)
        break;
      marks = more == 0 ? marks + 1 : 0;
      if (marks <= MARKS_MAX)
        g_string_append (to, piece);
      used += more;
    }
  if (!is_cut)
    return used;
  g_string_append (to, "…");
  return used + 1;
}
