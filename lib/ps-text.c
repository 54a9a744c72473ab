/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Some of these texts come from outside (a callback's name, a status line, another process's
 * command name) and end on an administrator's terminal and in line-based protocols. So whatever
 * could end a line, move the cursor or turn the reading direction is taken out here, once.
 */

#include "ps-text.h"

#include <string.h>

#define US_PER_MS 1000

/* How many bytes of the text, at most max_bytes, end with a character's end. */
gsize
ps_text_cut (const char *text, gsize max_bytes)
{
  gsize length = strnlen (text, max_bytes + 1), cut = max_bytes;

  if (length <= max_bytes)
    return length;
  /* 10xxxxxx is not the first byte of a character; there are three of them at most in one. */
  for (guint back = 0; back < 3 && cut > 0 && ((guchar) text[cut] & 0xc0) == 0x80; back++)
    cut--;
  return cut;
}

/* The text as valid UTF-8 of at most about max_bytes: each invalid byte becomes U+FFFD. */
char *
ps_text_valid (const char *text, gsize max_bytes)
{
  return g_utf8_make_valid (text, (gssize) ps_text_cut (text, max_bytes));
}

/* What follows it in the same line would be shown in another order than it has. */
static gboolean
turns_direction (gunichar c)
{
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e)
         || (c >= 0x2066 && c <= 0x2069);
}

/* What is shown for the character at p, and in *next where the one after it begins. */
static gunichar
harmless (const char *p, const char **next)
{
  gunichar c = g_utf8_get_char_validated (p, -1);

  if (c == (gunichar) -1 || c == (gunichar) -2)
    {
      *next = p + 1;
      return 0xfffd;
    }
  *next = g_utf8_next_char (p);
  if (c == '\n' || c == '\r' || c == '\t' || c == 0x2028 || c == 0x2029)
    return ' ';
  return g_unichar_iscntrl (c) || turns_direction (c) ? 0xfffd : c;
}

/* Puts the text into the buffer as one line of valid UTF-8, cut at a character's end where it is
 * too long. Line breaks and tabs become spaces; other control characters and each invalid byte
 * become U+FFFD. Allocates nothing. */
void
ps_text_put_line (char *line, gsize size, const char *text)
{
  gsize length = 0;

  while (*text != '\0')
    {
      gunichar c = harmless (text, &text);

      if (length + (gsize) g_unichar_to_utf8 (c, NULL) >= size)
        break;
      length += (gsize) g_unichar_to_utf8 (c, line + length);
    }
  line[length] = '\0';
}

/* The same, as a text of its own of at most max_bytes. */
char *
ps_text_one_line (const char *text, gsize max_bytes)
{
  /* What is shown for a byte has three at most. */
  gsize size = MIN (max_bytes, 3 * strnlen (text, max_bytes)) + 1;
  char *line = g_malloc (size);

  ps_text_put_line (line, size, text);
  return line;
}

char *
ps_text_duration (gint64 duration_us)
{
  if (duration_us < US_PER_MS)
    return g_strdup_printf ("%" G_GINT64_FORMAT " us", duration_us);
  if (duration_us < G_USEC_PER_SEC)
    return g_strdup_printf ("%" G_GINT64_FORMAT " ms", duration_us / US_PER_MS);
  if (duration_us < 60 * G_USEC_PER_SEC)
    /* Not by a floating point number: those are printed with the locale's own point. */
    return g_strdup_printf ("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT " s",
                            duration_us / G_USEC_PER_SEC, duration_us / (G_USEC_PER_SEC / 10) % 10);
  return g_strdup_printf ("%" G_GINT64_FORMAT " min %" G_GINT64_FORMAT " s",
                          duration_us / (60 * G_USEC_PER_SEC), duration_us / G_USEC_PER_SEC % 60);
}

char *
ps_text_signal (int signum)
{
  const char *name = sigabbrev_np (signum);

  if (name != NULL)
    return g_strconcat ("SIG", name, NULL);
  if (signum >= SIGRTMIN && signum <= SIGRTMAX)
    return g_strdup_printf ("SIGRTMIN+%d", signum - SIGRTMIN);
  return g_strdup_printf ("signal %d", signum);
}

const char *
ps_text_event (PsEvent event)
{
  switch (event)
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
  return "unknown";
}
