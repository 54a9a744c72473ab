/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What signal handlers compose their last words with: nothing is written outside of the buffer,
 * whatever is added, and nothing that is added forges a field or a line.
 */

#include "ps-words.h"

#include <glib.h>
#include <string.h>

#define GUARD '#'

/* A buffer between two guards, with a size of its own in each case. */
typedef struct
{
  char before[16];
  char text[64];
  char after[16];
} Guarded;

static void
guarded_init (Guarded *guarded, PsWords *words, gsize size)
{
  g_assert_cmpuint (size, <=, sizeof guarded->text);
  memset (guarded, GUARD, sizeof *guarded);
  ps_words_init (words, guarded->text, size);
}

/* The text, its length and its end agree, and nothing beside it was touched. */
static void
assert_guarded (const Guarded *guarded, const PsWords *words, gsize size)
{
  g_assert_true (words->text == guarded->text);
  g_assert_cmpuint (words->length, <, size);
  g_assert_cmpuint (strlen (guarded->text), ==, words->length);
  for (gsize i = 0; i < sizeof guarded->before; i++)
    g_assert_cmpint (guarded->before[i], ==, GUARD);
  for (gsize i = size; i < sizeof guarded->text; i++)
    g_assert_cmpint (guarded->text[i], ==, GUARD);
  for (gsize i = 0; i < sizeof guarded->after; i++)
    g_assert_cmpint (guarded->after[i], ==, GUARD);
}

#define assert_words(expected, add, ...)                                                           \
  G_STMT_START                                                                                     \
  {                                                                                                \
    Guarded guarded_;                                                                              \
    PsWords words_;                                                                                \
    guarded_init (&guarded_, &words_, sizeof guarded_.text);                                       \
    add (&words_, __VA_ARGS__);                                                                    \
    g_assert_cmpstr (guarded_.text, ==, expected);                                                 \
    assert_guarded (&guarded_, &words_, sizeof guarded_.text);                                     \
  }                                                                                                \
  G_STMT_END

static void
test_add (void)
{
  Guarded guarded;
  PsWords words;

  guarded_init (&guarded, &words, sizeof guarded.text);
  assert_guarded (&guarded, &words, sizeof guarded.text);
  g_assert_cmpstr (guarded.text, ==, "");
  ps_words_add (&words, "one");
  ps_words_add (&words, "");
  ps_words_add_bytes (&words, " two!", 4);
  ps_words_add_bytes (&words, "x", 0);
  g_assert_cmpstr (guarded.text, ==, "one two");
  assert_guarded (&guarded, &words, sizeof guarded.text);
}

static void
test_int (void)
{
  assert_words ("0", ps_words_add_int, 0);
  assert_words ("9", ps_words_add_int, 9);
  assert_words ("10", ps_words_add_int, 10);
  assert_words ("-1", ps_words_add_int, -1);
  assert_words ("-100", ps_words_add_int, -100);
  assert_words ("9223372036854775807", ps_words_add_int, INT64_MAX);
  assert_words ("-9223372036854775808", ps_words_add_int, INT64_MIN);
}

static void
test_hex (void)
{
  assert_words ("0", ps_words_add_hex, 0, 0);
  assert_words ("0", ps_words_add_hex, 0, 1);
  assert_words ("00", ps_words_add_hex, 0, 2);
  assert_words ("deadbeef", ps_words_add_hex, 0xdeadbeef, 0);
  assert_words ("deadbeef", ps_words_add_hex, 0xdeadbeef, 4);
  assert_words ("00000000deadbeef", ps_words_add_hex, 0xdeadbeef, 16);
  assert_words ("ffffffffffffffff", ps_words_add_hex, UINT64_MAX, 0);
  assert_words ("ffffffffffffffff", ps_words_add_hex, UINT64_MAX, 16);
  assert_words ("8000000000000000", ps_words_add_hex, UINT64_C (1) << 63, 3);
}

/* More digits than a value can have are not written. */
static void
test_hex_digits (void)
{
  assert_words ("0000000000000000", ps_words_add_hex, 0, 17);
  assert_words ("0000000000000001", ps_words_add_hex, 1, 64);
  assert_words ("ffffffffffffffff", ps_words_add_hex, UINT64_MAX, 17);
  assert_words ("00000000deadbeef", ps_words_add_hex, 0xdeadbeef, UINT_MAX);
}

static void
test_clean (void)
{
  assert_words ("plain, 100%s %n", ps_words_add_clean, "plain, 100%s %n");
  assert_words ("a b c d e", ps_words_add_clean, "a\nb\rc\td\ne");
  assert_words ("?[2J?]52;?", ps_words_add_clean, "\033[2J\033]52;\a");
  assert_words ("?a?", ps_words_add_clean, "\001a\177");
  /* Only bytes are known here: what is beyond ASCII passes as it is. */
  assert_words ("Gr\303\274\303\237e \377", ps_words_add_clean, "Gr\303\274\303\237e \377");
  for (int c = 1; c < 0x20; c++)
    {
      const char text[] = { 'a', (char) c, 'b', '\0' };

      assert_words (c == '\n' || c == '\t' || c == '\r' ? "a b" : "a?b", ps_words_add_clean, text);
    }
}

static void
test_duration (void)
{
  assert_words ("0 us", ps_words_add_duration, 0);
  assert_words ("-5 us", ps_words_add_duration, -5);
  assert_words ("999 us", ps_words_add_duration, 999);
  assert_words ("1 ms", ps_words_add_duration, 1000);
  assert_words ("999 ms", ps_words_add_duration, 999999);
  assert_words ("1.0 s", ps_words_add_duration, 1000000);
  assert_words ("2.1 s", ps_words_add_duration, 2149999);
  assert_words ("3600.0 s", ps_words_add_duration, INT64_C (3600) * 1000000);
  assert_words ("9223372036854.7 s", ps_words_add_duration, INT64_MAX);
}

static void
test_field (void)
{
  assert_words ("NAME=value\n", ps_words_field, "NAME", "value");
  assert_words ("NAME=\n", ps_words_field, "NAME", "");
  assert_words ("NAME=a=b\n", ps_words_field, "NAME", "a=b");
  assert_words ("NAME=a MESSAGE=forged\n", ps_words_field, "NAME", "a\nMESSAGE=forged");
  assert_words ("NAME=-12\n", ps_words_field_int, "NAME", -12);
}

/* Whatever does not fit is cut, at each size of the buffer, down to the terminator alone. */
static void
test_full (void)
{
  static const char whole[] = "one 1234567890-0000000000000abc a?b 1.5 s N=v\n";

  for (gsize size = 1; size <= 64; size++)
    {
      g_autofree char *expected = g_strndup (whole, size - 1);
      Guarded guarded;
      PsWords words;

      guarded_init (&guarded, &words, size);
      ps_words_add (&words, "one ");
      ps_words_add_int (&words, 1234567890);
      ps_words_add_bytes (&words, "-", 1);
      ps_words_add_hex (&words, 0xabc, 16);
      ps_words_add_clean (&words, " a\001b ");
      ps_words_add_duration (&words, 1500000);
      ps_words_add (&words, " ");
      ps_words_field (&words, "N", "v");
      assert_guarded (&guarded, &words, size);
      g_assert_cmpstr (guarded.text, ==, expected);
      ps_words_add (&words, whole);
      ps_words_add_int (&words, INT64_MIN);
      assert_guarded (&guarded, &words, size);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/words/add", test_add);
  g_test_add_func ("/words/int", test_int);
  g_test_add_func ("/words/hex", test_hex);
  g_test_add_func ("/words/hex-digits", test_hex_digits);
  g_test_add_func ("/words/clean", test_clean);
  g_test_add_func ("/words/duration", test_duration);
  g_test_add_func ("/words/field", test_field);
  g_test_add_func ("/words/full", test_full);
  return g_test_run ();
}
