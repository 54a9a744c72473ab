/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a file of lines: none is read beyond its end. And any text as a value: it is one
 * harmless line, and comes back as it was. */

#include "target.h"

#include "ps-line.h"

static void
read_line (const PsLineRead *line, const char *bytes, size_t n)
{
  const char *at = NULL;
  char value[256];
  int64_t number;
  uint64_t hex;
  PsLineWord word;

  g_assert_cmpuint (line->verb_length, >, 0);
  while (ps_line_next_word (line, &at, &word))
    {
      int length = ps_line_value (&word, value, sizeof value);

      g_assert_true (word.key >= bytes && word.value + word.value_length <= bytes + n);
      g_assert_true (length < 0 || strlen (value) == (size_t) length);
    }
  (void) ps_line_get_int (line, "id", &number);
  (void) ps_line_get_hex (line, "id", &hex);
}

/* The bytes as they are, and as the text of a line whose checksum is right. */
static void
check_reading (const char *bytes, size_t n)
{
  const char *at = bytes;
  PsLineRead line;
  PsLineKind kind;
  g_autofree char *right = g_malloc (n + 16);
  int from = g_snprintf (right, 16, "%08x ", ps_line_checksum (bytes, n));

  while ((kind = ps_line_next (&at, bytes + n, &line)) != PS_LINE_NONE)
    if (kind == PS_LINE_GOOD)
      read_line (&line, bytes, n);
  memcpy (right + from, bytes, n);
  right[from + n] = '\n';
  at = right;
  if (ps_line_next (&at, right + from + n + 1, &line) == PS_LINE_GOOD)
    read_line (&line, right, from + n);
  else
    g_assert_true (n == 0 || bytes[0] == ' ' || memchr (bytes, '\n', n) != NULL);
}

static void
check_printing (Feed *feed)
{
  g_autofree char *verb = feed_text (feed, 16);
  g_autofree char *key = feed_text (feed, 16);
  g_autofree char *value = feed_text (feed, 256);
  gint64 number = feed_int64 (feed), number_back = 0;
  char buffer[4096], back[512]; /* each byte may become four */
  const char *at = buffer;
  PsLineRead read;
  PsLine line;
  size_t n;

  if (*verb == '\0')
    return;
  ps_line_begin (&line, buffer, sizeof buffer, verb);
  ps_line_add_int (&line, "a-number-of-a-long-name", number);
  ps_line_add (&line, NULL, value);
  ps_line_add (&line, key, value);
  n = ps_line_end (&line);
  g_assert_cmpuint (n, >, 0);
  g_assert_cmpint (ps_line_next (&at, buffer + n, &read), ==, PS_LINE_GOOD);
  g_assert_true (at == buffer + n);
  g_assert_cmpint (ps_line_get_int (&read, "a-number-of-a-long-name", &number_back), ==, 0);
  g_assert_cmpint (number_back, ==, number);
  /* An empty bare word is none. */
  if (*value != '\0')
    {
      g_assert_cmpint (ps_line_get (&read, NULL, back, sizeof back), ==, (int) strlen (value));
      g_assert_cmpstr (back, ==, value);
    }
  buffer[n - 1] = '\0';
  g_assert_true (is_harmless_line (buffer));
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n)
{
  Feed feed = { bytes, n };

  check_reading ((const char *) bytes, n);
  check_printing (&feed);
  return 0;
}
