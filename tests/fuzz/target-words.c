/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Words in a buffer that may be too small for them: cut, ended, and no byte beyond. */

#include "target.h"

#include "ps-words.h"

static void
add_something (PsWords *words, Feed *feed)
{
  guint8 what = feed_byte (feed) % 8;
  g_autofree char *text = what % 2 == 0 ? feed_text (feed, 512) : NULL;
  gint64 value = what % 2 == 1 ? feed_int64 (feed) : 0;

  switch (what)
    {
    case 0:
      ps_words_add (words, text);
      break;
    case 1:
      ps_words_add_int (words, value);
      break;
    case 2:
      ps_words_add_clean (words, text);
      break;
    case 3:
      ps_words_add_hex (words, (uint64_t) value, feed_byte (feed));
      break;
    case 4:
      ps_words_field (words, "FIELD", text);
      break;
    case 5:
      ps_words_add_duration (words, value);
      break;
    case 6:
      ps_words_add_bytes (words, text, strlen (text));
      break;
    default:
      ps_words_field_int (words, "FIELD", value);
      break;
    }
}

/* In a buffer that is large enough each has the shape it is to have. */
static void
check_shapes (Feed *feed)
{
  char buffer[1024];
  PsWords words;
  gint64 value = feed_int64 (feed);
  g_autofree char *decimal = g_strdup_printf ("%" G_GINT64_FORMAT, value);
  g_autofree char *text = feed_text (feed, 512);

  ps_words_init (&words, buffer, sizeof buffer);
  ps_words_add_int (&words, value);
  g_assert_cmpstr (buffer, ==, decimal);
  ps_words_init (&words, buffer, sizeof buffer);
  ps_words_add_hex (&words, (uint64_t) value, feed_byte (feed));
  g_assert_cmpuint (g_ascii_strtoull (buffer, NULL, 16), ==, (guint64) value);
  ps_words_init (&words, buffer, sizeof buffer);
  ps_words_add_duration (&words, value);
  g_assert_true (looks_like (buffer, "-?[0-9]+ us|[0-9]+ ms|[0-9]+\\.[0-9] s"));
  ps_words_init (&words, buffer, sizeof buffer);
  ps_words_add_clean (&words, text);
  g_assert_cmpuint (words.length, ==, strlen (text));
  for (size_t i = 0; i < words.length; i++)
    g_assert_false (g_ascii_iscntrl (buffer[i]));
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n)
{
  Feed feed = { bytes, n };
  size_t size = 1 + feed_byte (&feed);
  g_autofree char *buffer = g_malloc (size);
  PsWords words;

  ps_words_init (&words, buffer, size);
  while (feed.n > 0)
    {
      if (feed_byte (&feed) == 0x80)
        check_shapes (&feed);
      add_something (&words, &feed);
      g_assert_cmpuint (words.length, <, size);
      g_assert_cmpuint (strlen (buffer), ==, words.length);
    }
  return 0;
}
