/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Any bytes as a will, and as lines whose checksums are right: entries lie within the file and
 * ascend, and no clause comes of it that names anything outside of its directory, or a command
 * without an absolute path.
 */

#include "target.h"

#include "ps-will-text.h"

#define N_ENTRIES 64

static void
check_clause (const char *bytes, const PsWillEntry *entry)
{
  static PsWillClause clause;

  if (ps_will_text_read_clause (bytes, entry, &clause) < 0)
    return;
  g_assert_cmpuint (clause.number, ==, entry->number);
  if (clause.verb == PS_WILL_RUN)
    {
      g_assert_cmpint (clause.argv[0][0], ==, '/');
      return;
    }
  g_assert_cmpint (clause.path[0], !=, '/');
  g_assert_cmpint (clause.path[0], !=, '\0');
  g_assert_false (g_str_has_prefix (clause.path, "../"));
  g_assert_null (strstr (clause.path, "/../"));
  g_assert_false (g_str_has_suffix (clause.path, "/.."));
  g_assert_cmpstr (clause.path, !=, "..");
}

static void
check_text (const char *bytes, size_t n)
{
  PsWillEntry entries[N_ENTRIES];
  PsWillText text = { .entries = entries, .room = N_ENTRIES };
  static PsWillPlace place;

  ps_will_text_read (&text, bytes, n);
  g_assert_cmpuint (text.n, <=, N_ENTRIES);
  g_assert_cmpuint (text.whole, <=, n);
  for (unsigned i = 0; i < text.n; i++)
    {
      g_assert_cmpuint (entries[i].offset + entries[i].length, <=, n);
      g_assert_true (i == 0 || entries[i - 1].number < entries[i].number);
      check_clause (bytes, &entries[i]);
    }
  if (ps_will_text_find_place (bytes, n, 1, &place) == 0)
    g_assert_cmpint (place.path[0], ==, '/');
}

/* Each line gets the checksum that it should have. */
static char *
make_right (const char *bytes, size_t n, size_t *length)
{
  GString *right = g_string_new (NULL);
  const char *end = bytes + n;

  while (bytes < end)
    {
      const char *stop = memchr (bytes, '\n', (size_t) (end - bytes));
      size_t line = (size_t) ((stop != NULL ? stop : end) - bytes);

      g_string_append_printf (right, "%08x ", ps_line_checksum (bytes, line));
      g_string_append_len (right, bytes, (gssize) line);
      g_string_append_c (right, '\n');
      bytes += line + (stop != NULL);
    }
  *length = right->len;
  return g_string_free (right, FALSE);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t n)
{
  size_t length;
  g_autofree char *right = make_right ((const char *) bytes, n, &length);

  check_text ((const char *) bytes, n);
  check_text (right, length);
  return 0;
}
