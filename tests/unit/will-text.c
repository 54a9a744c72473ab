/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The grammar of wills: what is printed is read, and what is not understood is not acted upon. */

#include "ps-will-text.h"

#include <glib.h>
#include <string.h>
#include <sys/stat.h>

static const PsOwner owner = { .run = "0123456789abcdef0123456789abcdef",
                               .boot = "fedcba9876543210fedcba9876543210",
                               .pid = 42,
                               .start = 4711 };
static const PsBeneathId id = { 0xfe00, 12345, 1795870552282259472, S_IFSOCK };

typedef struct
{
  char bytes[16384];
  gsize n;
  PsWillEntry entries[16];
  PsWillText text;
} Will;

#define ADD(will, function, ...)                                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    gsize n_ =                                                                                     \
        function ((will)->bytes + (will)->n, sizeof (will)->bytes - (will)->n, __VA_ARGS__);       \
    g_assert_cmpuint (n_, >, 0);                                                                   \
    (will)->n += n_;                                                                               \
  }                                                                                                \
  G_STMT_END

static void
begin (Will *will)
{
  const char *const argv[] = { "/bin/echo", "", "two words", "a=b\\c\n", NULL };

  will->n = 0;
  will->n = ps_will_text_header (will->bytes, sizeof will->bytes);
  ADD (will, ps_will_text_owner, &owner);
  ADD (will, ps_will_text_place, 1, "/run/food", &id);
  ADD (will, ps_will_text_file, PS_WILL_UNLINK, 1, 1, "a/socket of mine", &id);
  ADD (will, ps_will_text_file, PS_WILL_RMDIR, 2, 1, "later", NULL);
  ADD (will, ps_will_text_command, 4, argv);
}

static void
add_raw (Will *will, const char *text)
{
  will->n += (gsize) g_snprintf (will->bytes + will->n, sizeof will->bytes - will->n, "%08x %s\n",
                                 ps_line_checksum (text, strlen (text)), text);
}

static PsWillKind
read_will (Will *will)
{
  will->text.entries = will->entries;
  will->text.room = G_N_ELEMENTS (will->entries);
  ps_will_text_read (&will->text, will->bytes, will->n);
  return will->text.kind;
}

static void
test_clauses (void)
{
  static PsWillClause clause;
  static PsWillPlace place;
  Will will;

  begin (&will);
  g_assert_cmpint (read_will (&will), ==, PS_WILL_READABLE);
  g_assert_cmpuint (will.text.n, ==, 3);
  g_assert_cmpuint (will.text.whole, ==, will.n);
  g_assert_cmpstr (will.text.owner.run, ==, owner.run);
  g_assert_cmpstr (will.text.owner.boot, ==, owner.boot);
  g_assert_cmpint (will.text.owner.pid, ==, 42);
  g_assert_cmpint (will.text.owner.start, ==, 4711);

  g_assert_cmpint (ps_will_text_find_place (will.bytes, will.n, 1, &place), ==, 0);
  g_assert_cmpstr (place.path, ==, "/run/food");
  g_assert_true (ps_beneath_is_same (&place.id, &id, TRUE));
  g_assert_cmpint (ps_will_text_find_place (will.bytes, will.n, 2, &place), ==, -1);

  g_assert_cmpint (ps_will_text_read_clause (will.bytes, &will.entries[0], &clause), ==, 0);
  g_assert_cmpint (clause.verb, ==, PS_WILL_UNLINK);
  g_assert_cmpstr (clause.path, ==, "a/socket of mine");
  g_assert_true (clause.has_id && ps_beneath_is_same (&clause.id, &id, TRUE));
  g_assert_cmpint (ps_will_text_read_clause (will.bytes, &will.entries[1], &clause), ==, 0);
  g_assert_false (clause.has_id);
  g_assert_cmpint (ps_will_text_read_clause (will.bytes, &will.entries[2], &clause), ==, 0);
  g_assert_cmpuint (clause.number, ==, 4);
  g_assert_cmpstr (clause.argv[0], ==, "/bin/echo");
  g_assert_cmpstr (clause.argv[1], ==, "");
  g_assert_cmpstr (clause.argv[2], ==, "two words");
  g_assert_cmpstr (clause.argv[3], ==, "a=b\\c\n");
  g_assert_null (clause.argv[4]);
}

static void
test_marks (void)
{
  Will will;

  begin (&will);
  ADD (&will, ps_will_text_mark, "revoke", 1, NULL);
  ADD (&will, ps_will_text_mark, "skipped", 2, "it is not empty");
  ADD (&will, ps_will_text_mark, "begun", 4, NULL);
  ADD (&will, ps_will_text_mark, "begun", 4, NULL);
  ADD (&will, ps_will_text_mark, "done", 77, NULL);
  g_assert_cmpint (read_will (&will), ==, PS_WILL_READABLE);
  g_assert_cmpint (will.entries[0].state, ==, PS_WILL_REVOKED);
  g_assert_cmpint (will.entries[1].state, ==, PS_WILL_OVER);
  g_assert_cmpint (will.entries[2].state, ==, PS_WILL_OPEN);
  g_assert_cmpint (will.entries[2].tries, ==, 2);
}

/* W19 */
static void
test_foreign (void)
{
  static const char *const lines[] = {
    "chmod clause=9 in=1 path=x",   "unlink clause=1 in=1 path=x",           "unlink in=1 path=x",
    "unlink clause=-1 in=1 path=x", "unlink clause=99999999999 in=1 path=x", "owner run=x"
  };
  Will will;

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      begin (&will);
      add_raw (&will, lines[i]);
      g_assert_cmpint (read_will (&will), ==, PS_WILL_FOREIGN);
      g_assert_cmpuint (will.text.line, ==, 7);
    }
  will.n = 0;
  add_raw (&will, "postscriptum-will 2");
  g_assert_cmpint (read_will (&will), ==, PS_WILL_FOREIGN);
  will.n = 0;
  add_raw (&will, "postscriptum-run 1");
  g_assert_cmpint (read_will (&will), ==, PS_WILL_FOREIGN);
}

/* Their checksums are right, and they lead elsewhere: none can be carried out. */
static void
test_hostile (void)
{
  static const char *const lines[] = {
    "unlink clause=9 in=1 path=../x",
    "unlink clause=9 in=1 path=/etc/passwd",
    "unlink clause=9 in=1 path=a/../../x",
    "unlink clause=9 in=1 path=",
    "unlink clause=9 in=1",
    "unlink clause=9 in=0 path=x",
    "unlink clause=9 in=33 path=x",
    "unlink clause=9 path=x",
    "unlink clause=9 in=1 path=x\\x00y",
    "unlink clause=9 in=1 path=x inode=1",
    "run clause=9",
    "run clause=9 word=sh",
    "run clause=9 word=",
    "rmdir clause=9 in=1 path=.",
  };
  static PsWillClause clause;
  Will will;

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      begin (&will);
      add_raw (&will, lines[i]);
      g_assert_cmpint (read_will (&will), ==, PS_WILL_READABLE);
      g_assert_cmpint (ps_will_text_read_clause (will.bytes, &will.entries[3], &clause), ==, -1);
    }
}

static void
test_empty (void)
{
  Will will = { .n = 0 };

  g_assert_cmpint (read_will (&will), ==, PS_WILL_EMPTY);
  will.n = ps_will_text_header (will.bytes, sizeof will.bytes);
  g_assert_cmpint (read_will (&will), ==, PS_WILL_EMPTY);
  will.n -= 3;
  g_assert_cmpint (read_will (&will), ==, PS_WILL_EMPTY);
  g_assert_true (will.text.is_torn);
}

/* W03 */
static void
test_damaged (void)
{
  Will will;
  gsize whole;

  begin (&will);
  whole = will.n;
  will.n -= 4;
  g_assert_cmpint (read_will (&will), ==, PS_WILL_READABLE);
  g_assert_true (will.text.is_torn);
  g_assert_cmpuint (will.text.n, ==, 2);
  g_assert_cmpuint (will.text.whole, <, will.n);
  /* Each byte flipped, those of the last line, too: it may have revoked a clause. */
  for (gsize i = 0; i < whole - 1; i++)
    {
      begin (&will);
      will.bytes[i] ^= 4;
      g_assert_cmpint (read_will (&will), ==, PS_WILL_DAMAGED);
    }
}

static void
test_no_room (void)
{
  Will will;

  begin (&will);
  for (guint i = 5; i < 30; i++)
    ADD (&will, ps_will_text_file, PS_WILL_UNLINK, i, 1, "x", NULL);
  g_assert_cmpint (read_will (&will), ==, PS_WILL_TOO_LONG);
  g_assert_cmpuint (ps_will_text_header (will.bytes, 12), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/will-text/clauses", test_clauses);
  g_test_add_func ("/will-text/marks", test_marks);
  g_test_add_func ("/will-text/W19/foreign", test_foreign);
  g_test_add_func ("/will-text/W06/hostile", test_hostile);
  g_test_add_func ("/will-text/empty", test_empty);
  g_test_add_func ("/will-text/W03/damaged", test_damaged);
  g_test_add_func ("/will-text/no-room", test_no_room);
  return g_test_run ();
}
