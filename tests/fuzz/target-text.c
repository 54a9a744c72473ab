/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Texts for people. The locale is the user's: it must not matter. */

#include "target.h"

#include "ps-text.h"

#include <locale.h>

static void
check_numbers (gint64 value)
{
  char duration[PS_TEXT_SHORT], signal[PS_TEXT_SHORT];

  ps_text_put_duration (duration, sizeof duration, value);
  ps_text_put_signal (signal, sizeof signal, (int) value);
  g_assert_true (
      looks_like (duration, "-?[0-9]+ us|[0-9]+ ms|[0-9]+\\.[0-9] s|[0-9]+ min [0-9]+ s"));
  g_assert_true (looks_like (signal, "SIG[A-Z0-9]+|SIGRTMIN\\+[0-9]+|signal -?[0-9]+"));
  g_assert_nonnull (ps_text_event ((PsEvent) value));
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n)
{
  Feed feed = { bytes, n };
  gsize max = feed_byte (&feed);
  g_autofree char *text = NULL;
  g_autofree char *valid = NULL;
  g_autofree char *line = NULL;
  g_autofree char *again = NULL;

  setlocale (LC_ALL, "");
  max *= 1u + feed_byte (&feed);
  check_numbers (feed_int64 (&feed));
  text = feed_text (&feed, 65536);

  /* Memory of its own, of which a sanitizer knows the end. */
  valid = g_malloc (max + 1);
  g_assert_true (ps_text_put_valid (valid, max + 1, text) == valid);
  g_assert_true (g_utf8_validate (valid, -1, NULL));
  if (g_utf8_validate (text, -1, NULL))
    g_assert_true (g_str_has_prefix (text, valid));
  line = g_malloc (max + 1);
  g_assert_true (ps_text_put_line (line, max + 1, text) == line);
  g_assert_true (is_harmless_line (line));
  g_assert_cmpuint (strlen (line), <=, max);
  again = g_malloc (max + 1);
  g_assert_cmpstr (ps_text_put_line (again, max + 1, line), ==, line);
  return 0;
}
