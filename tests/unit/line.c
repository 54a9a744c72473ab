/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lines with a checksum: what is printed is read back, one line each whatever is in it; and of a
 * file that was cut, zeroed or changed at any byte no record is read that was not written.
 */

#include "ps-line.h"

#include <glib.h>
#include <string.h>

static gsize
print (char *buffer, gsize size, const char *verb, const char *key, const char *value)
{
  PsLine line;

  ps_line_begin (&line, buffer, size, verb);
  ps_line_add (&line, key, value);
  return ps_line_end (&line);
}

/* The polynomial's own check value (RFC 3720, and every catalogue of them). */
static void
test_checksum (void)
{
  char zeros[32] = { 0 };

  g_assert_cmphex (ps_line_checksum ("123456789", 9), ==, 0xe3069283);
  g_assert_cmphex (ps_line_checksum (zeros, sizeof zeros), ==, 0x8a9136aa);
}

static void
test_print (void)
{
  char buffer[128];
  PsLine line;
  gsize n;

  ps_line_begin (&line, buffer, sizeof buffer, "unlink");
  ps_line_add (&line, NULL, "1");
  ps_line_add (&line, "path", "a b\\c=d\n");
  ps_line_add_int (&line, "least", G_MININT64);
  ps_line_add_hex (&line, "most", G_MAXUINT64);
  n = ps_line_end (&line);
  g_assert_cmpuint (n, ==,
                    strlen (" unlink 1 path=a\\x20b\\x5cc=d\\x0a") + 8
                        + strlen (" least=-9223372036854775808 most=ffffffffffffffff\n"));
  g_assert_cmpint (memcmp (buffer + 8,
                           " unlink 1 path=a\\x20b\\x5cc=d\\x0a least=-9223372036854775808 "
                           "most=ffffffffffffffff\n",
                           n - 8),
                   ==, 0);
}

/* What is readable stays so, and nothing else gets to a terminal. */
static void
test_escapes (void)
{
  static const struct
  {
    const char *value, *escaped;
  } cases[] = {
    { "", "" },
    { "/run/f\xc3\xbc", "/run/f\xc3\xbc" },
    { "\xff", "\\xff" },
    { "\xc3", "\\xc3" },
    { "\xc0\x80", "\\xc0\\x80" },
    { "\xed\xa0\x80", "\\xed\\xa0\\x80" },
    { "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
    { "\xf0\x9f\x90\x98", "\xf0\x9f\x90\x98" },
    { "\xc2\x9b", "\\xc2\\x9b" },
    { "\xe2\x80\xae", "\\xe2\\x80\\xae" },
    { "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
    { "\x1b[2J\x7f", "\\x1b[2J\\x7f" },
    { "\t\r", "\\x09\\x0d" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char buffer[128], back[64];
      const char *at = buffer;
      PsLineRead line;
      gsize n = print (buffer, sizeof buffer, "v", "k", cases[i].value);

      buffer[n - 1] = '\0';
      g_assert_cmpstr (buffer + strlen ("00000000 v k="), ==, cases[i].escaped);
      buffer[n - 1] = '\n';
      g_assert_cmpint (ps_line_next (&at, buffer + n, &line), ==, PS_LINE_GOOD);
      g_assert_true (ps_line_is (&line, "v"));
      g_assert_cmpint (ps_line_get (&line, "k", back, sizeof back), ==,
                       (int) strlen (cases[i].value));
      g_assert_cmpstr (back, ==, cases[i].value);
    }
}

/* Nothing is cut: there is a whole line or none, and no byte beyond the buffer. */
static void
test_no_room (void)
{
  char buffer[64];
  gsize whole = print (buffer, sizeof buffer, "verb", "key", "value");

  for (gsize size = 10; size <= sizeof buffer; size++)
    {
      memset (buffer, '#', sizeof buffer);
      g_assert_cmpuint (print (buffer, size, "verb", "key", "value"), ==, size < whole ? 0 : whole);
      for (gsize i = size; i < sizeof buffer; i++)
        g_assert_cmpint (buffer[i], ==, '#');
    }
}

static gsize
print_three (char *buffer, gsize size)
{
  gsize n = print (buffer, size, "first", NULL, "1");

  n += print (buffer + n, size - n, "second", "path", "/run/x");
  return n + print (buffer + n, size - n, "third", "id", "3");
}

typedef struct
{
  guint good, bad, torn;
} Seen;

/* Every good line is one of the three that were written, and in their order. */
static Seen
read_all (const char *bytes, gsize n)
{
  static const char *const verbs[] = { "first", "second", "third" };
  const char *at = bytes;
  gsize next = 0;
  PsLineRead line;
  PsLineKind kind;
  Seen seen = { 0 };

  while ((kind = ps_line_next (&at, bytes + n, &line)) != PS_LINE_NONE)
    {
      seen.good += kind == PS_LINE_GOOD;
      seen.bad += kind == PS_LINE_BAD;
      seen.torn += kind == PS_LINE_TORN;
      g_assert_true (line.text >= bytes && line.text + line.length <= bytes + n);
      if (kind != PS_LINE_GOOD)
        continue;
      while (next < G_N_ELEMENTS (verbs) && !ps_line_is (&line, verbs[next]))
        next++;
      g_assert_cmpuint (next++, <, G_N_ELEMENTS (verbs));
    }
  g_assert_cmpuint (seen.torn, <=, 1);
  return seen;
}

/* W03: the file as it is after a write that did not come to its end. */
static void
test_cut (void)
{
  char buffer[256];
  gsize n = print_three (buffer, sizeof buffer);
  guint lines = 0;

  for (gsize cut = 0; cut <= n; cut++)
    {
      Seen seen = read_all (buffer, cut);
      gboolean at_end = cut == 0 || buffer[cut - 1] == '\n';

      lines += cut > 0 && at_end;
      g_assert_cmpuint (seen.good, ==, lines);
      g_assert_cmpuint (seen.bad, ==, 0);
      g_assert_cmpuint (seen.torn, ==, !at_end);
    }
}

/* W03: a file whose length was written, and whose last bytes were not. */
static void
test_zeroed_tail (void)
{
  char buffer[256], changed[256];
  gsize n = print_three (buffer, sizeof buffer);

  for (gsize from = 0; from < n; from++)
    {
      guint lines = 0;

      memcpy (changed, buffer, n);
      memset (changed + from, 0, n - from);
      for (gsize i = 0; i < from; i++)
        lines += buffer[i] == '\n';
      g_assert_cmpuint (read_all (changed, n).good, ==, lines);
    }
}

/* W03: each bit flipped costs the line it is in (or the two that it joins), and no other. */
static void
test_flipped (void)
{
  char buffer[256], changed[256];
  gsize n = print_three (buffer, sizeof buffer);

  for (gsize bit = 0; bit < 8 * n; bit++)
    {
      Seen seen;

      memcpy (changed, buffer, n);
      changed[bit / 8] ^= (char) (1 << bit % 8);
      seen = read_all (changed, n);
      g_assert_cmpuint (seen.good, ==, buffer[bit / 8] == '\n' && bit / 8 < n - 1 ? 1 : 2);
      g_assert_cmpuint (seen.bad + seen.torn, >, 0);
    }
}

/* Who appends after a torn end begins a new line, and loses nothing by it. */
static void
test_after_torn_end (void)
{
  char buffer[256];
  gsize n = print (buffer, sizeof buffer, "first", "key", "value") - 3;

  buffer[n++] = '\n';
  n += print (buffer + n, sizeof buffer - n, "third", "id", "3");
  g_assert_cmpuint (read_all (buffer, n).good, ==, 1);
  g_assert_cmpuint (read_all (buffer, n).bad, ==, 1);
}

static void
test_words (void)
{
  static const char text[] = " verb  one k=v two= =x k=w three";
  char buffer[128], value[8];
  const char *at = buffer, *word_at = NULL;
  PsLineRead line;
  PsLineWord word;
  guint n = 0;

  g_snprintf (buffer, sizeof buffer, "%08x%s\n", ps_line_checksum (text + 1, strlen (text) - 1),
              text);
  g_assert_cmpint (ps_line_next (&at, buffer + strlen (buffer), &line), ==, PS_LINE_GOOD);
  while (ps_line_next_word (&line, &word_at, &word))
    n++;
  g_assert_cmpuint (n, ==, 6);
  g_assert_cmpint (ps_line_get (&line, "k", value, sizeof value), ==, 1);
  g_assert_cmpstr (value, ==, "v");
  g_assert_cmpint (ps_line_get (&line, NULL, value, sizeof value), ==, 3);
  g_assert_cmpstr (value, ==, "one");
  g_assert_cmpint (ps_line_get (&line, "two", value, sizeof value), ==, 0);
  g_assert_cmpint (ps_line_get (&line, "three", value, sizeof value), ==, -1);
  g_assert_cmpint (ps_line_get (&line, NULL, value, 3), ==, -1);
}

/* Values that nobody wrote by ps_line_add(), though their checksum is right. */
static void
test_bad_values (void)
{
  static const char *const values[] = { "\\",    "\\x",   "\\x4",  "\\y41", "\\xG1",
                                        "\\x4G", "\\x00", "\\X41", "\\xAB" };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      PsLineWord word = { .value = values[i], .value_length = strlen (values[i]) };
      char buffer[16];

      g_assert_cmpint (ps_line_value (&word, buffer, sizeof buffer), ==, -1);
    }
}

static gint64
int_of (const char *text, gint64 otherwise)
{
  char buffer[128];
  const char *at = buffer;
  PsLineRead line;
  gsize n = print (buffer, sizeof buffer, "v", "n", text);

  g_assert_cmpint (ps_line_next (&at, buffer + n, &line), ==, PS_LINE_GOOD);
  (void) ps_line_get_int (&line, "n", &otherwise);
  return otherwise;
}

static void
test_numbers (void)
{
  static const char *const none[] = { "",
                                      "-",
                                      "--1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1e3",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999999" };

  g_assert_cmpint (int_of ("0", 7), ==, 0);
  g_assert_cmpint (int_of ("9223372036854775807", 7), ==, G_MAXINT64);
  g_assert_cmpint (int_of ("-9223372036854775808", 7), ==, G_MININT64);
  for (gsize i = 0; i < G_N_ELEMENTS (none); i++)
    g_assert_cmpint (int_of (none[i], 7), ==, 7);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/line/checksum", test_checksum);
  g_test_add_func ("/line/print", test_print);
  g_test_add_func ("/line/escapes", test_escapes);
  g_test_add_func ("/line/no-room", test_no_room);
  g_test_add_func ("/line/W03/cut", test_cut);
  g_test_add_func ("/line/W03/zeroed-tail", test_zeroed_tail);
  g_test_add_func ("/line/W03/flipped", test_flipped);
  g_test_add_func ("/line/after-torn-end", test_after_torn_end);
  g_test_add_func ("/line/words", test_words);
  g_test_add_func ("/line/bad-values", test_bad_values);
  g_test_add_func ("/line/numbers", test_numbers);
  return g_test_run ();
}
