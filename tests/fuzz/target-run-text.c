/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a run record: read to its end and no further, every text terminated, and a verdict
 * is found. And any lines with checksums that are right: what is kept of it begins with a life. */

#include "target.h"

#include "ps-line.h"
#include "ps-run-lives.h"
#include "ps-run-text.h"
#include "ps-verdict.h"

static void
check_record (const char *bytes, size_t n)
{
  const PsPresent present = { .boot = "00000000000000000000000000000000", .start_there = -1 };
  PsRunLives record, kept;
  PsFinding finding;
  size_t from;

  ps_run_lives_read (&record, bytes, n);
  g_assert_true (!record.is_foreign || record.n_lives == 0);
  if (record.n_lives == 0)
    return;
  ps_verdict_find (&finding, &record.last, &present);
  g_assert_nonnull (ps_verdict_word (finding.verdict));
  from = ps_run_lives_find_last (bytes, n, 1);
  g_assert_cmpuint (from, <, n);
  ps_run_lives_read (&kept, bytes + from, n - from);
  g_assert_true (kept.is_foreign); /* it has no header of its own */
}

/* Each line of the bytes gets the checksum that it should have, after a header. */
static void
check_right_lines (const char *bytes, size_t n)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *whole = g_strndup (bytes, n);
  g_auto (GStrv) lines = g_strsplit (whole, "\n", -1);
  char header[PS_RUN_TEXT_LINE];

  g_string_append_len (text, header, (gssize) ps_run_text_put_header (header, sizeof header));
  for (guint i = 0; lines[i] != NULL; i++)
    g_string_append_printf (text, "%08x %s\n", ps_line_checksum (lines[i], strlen (lines[i])),
                            lines[i]);
  check_record (text->str, text->len);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n)
{
  /* Of the right size, so that reading beyond is noticed; and never NULL, as what was read from a
   * file. */
  g_autofree char *copy = g_malloc (MAX (n, 1));

  if (n > 0)
    memcpy (copy, bytes, n);
  check_record (copy, n);
  check_right_lines (copy, n);
  return 0;
}
