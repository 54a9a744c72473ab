/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Some of these texts come from outside (a callback's name, a status line, another process's
 * command name) and end on an administrator's terminal and in line-based protocols. So whatever
 * could end a line, move the cursor or turn the reading direction is taken out here, once.
 *
 * All of it goes into buffers of the caller's: an exit that runs out of memory still says why it
 * ends.
 */

#include "ps-text.h"

#include <string.h>

#define US_PER_MS 1000
#define REPLACEMENT 0xfffd

/* What follows it in the same line would be shown in another order than it has. */
static gboolean
turns_direction (gunichar c)
{
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e)
         || (c >= 0x2066 && c <= 0x2069);
}

static gunichar
as_it_is (gunichar c)
{
  return c;
}

static gunichar
in_one_line (gunichar c)
{
  if (c == '\n' || c == '\r' || c == '\t' || c == 0x2028 || c == 0x2029)
    return ' ';
  return g_unichar_iscntrl (c) || turns_direction (c) ? REPLACEMENT : c;
}

/* Copies one character; FALSE: it does not fit. */
static gboolean
copy_one (char *buffer, gsize size, gsize *length, const char **text,
          gunichar (*shown_as) (gunichar))
{
  gunichar c = g_utf8_get_char_validated (*text, -1);
  gboolean is_valid = c != (gunichar) -1 && c != (gunichar) -2;
  gunichar shown = is_valid ? shown_as (c) : REPLACEMENT;
  char bytes[6];
  gsize n = (gsize) g_unichar_to_utf8 (shown, bytes);

  if (*length + n >= size)
    return FALSE;
  memcpy (buffer + *length, bytes, n);
  *length += n;
  *text = is_valid ? g_utf8_next_char (*text) : *text + 1;
  return TRUE;
}

/* Copies the text, as far as whole characters fit. Nearly all of it is plain ASCII, which is the
 * same in every way of showing it. */
static char *
copy (char *buffer, gsize size, const char *text, gunichar (*shown_as) (gunichar))
{
  gsize length = 0;

  do
    while (*text >= ' ' && *text <= '~' && length + 1 < size)
      buffer[length++] = *text++;
  while (*text != '\0' && copy_one (buffer, size, &length, &text, shown_as));
  buffer[length] = '\0';
  return buffer;
}

/* The text as valid UTF-8, cut at a character's end: each invalid byte becomes U+FFFD. */
char *
ps_text_put_valid (char *buffer, gsize size, const char *text)
{
  return copy (buffer, size, text, as_it_is);
}

/* The text as one line of valid UTF-8, cut at a character's end. Line breaks and tabs become
 * spaces; other control characters and invalid bytes become U+FFFD. */
char *
ps_text_put_line (char *buffer, gsize size, const char *text)
{
  return copy (buffer, size, text, in_one_line);
}

char *
ps_text_put_duration (char *buffer, gsize size, gint64 duration_us)
{
  if (duration_us < US_PER_MS)
    g_snprintf (buffer, size, "%" G_GINT64_FORMAT " us", duration_us);
  else if (duration_us < G_USEC_PER_SEC)
    g_snprintf (buffer, size, "%" G_GINT64_FORMAT " ms", duration_us / US_PER_MS);
  else if (duration_us < 60 * G_USEC_PER_SEC)
    /* Not by a floating point number: those are printed with the locale's own point. */
    g_snprintf (buffer, size, "%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT " s",
                duration_us / G_USEC_PER_SEC, duration_us / (G_USEC_PER_SEC / 10) % 10);
  else
    g_snprintf (buffer, size, "%" G_GINT64_FORMAT " min %" G_GINT64_FORMAT " s",
                duration_us / (60 * G_USEC_PER_SEC), duration_us / G_USEC_PER_SEC % 60);
  return buffer;
}

char *
ps_text_put_signal (char *buffer, gsize size, int signum)
{
  const char *name = sigabbrev_np (signum);

  if (name != NULL)
    g_snprintf (buffer, size, "SIG%s", name);
  else if (signum >= SIGRTMIN && signum <= SIGRTMAX)
    g_snprintf (buffer, size, "SIGRTMIN+%d", signum - SIGRTMIN);
  else
    g_snprintf (buffer, size, "signal %d", signum);
  return buffer;
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
