/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-run-lives.h"
#include "ps-run-text.h"

#include <glib.h>
#include <string.h>

#define ID "00112233445566778899aabbccddeeff"
#define OTHER "ffeeddccbbaa99887766554433221100"

/* What is compared byte by byte below is static: so the bytes between the members are 0, as those
 * of what was read are. */

static const PsRunLifeTime noon = { 12000000, 1764331200000000 };
static const PsRunLifeTime later = { 13000000, 1764331190000000 }; /* the clock was set back */

static const PsRunLifeWho who = {
  .id = ID,
  .invocation = "0123456789abcdef0123456789abcdef",
  .boot = "b0010000000000000000000000000000",
  .machine = "3ac41e00000000000000000000000000",
  .inode = 0xfedcba9876543210,
  .born_ns = 1764331200123456789,
  .pid_namespace = 0xf0000001,
  .pid = 4711,
  .start = 123456,
  .program = "food server",
  .version = "0.1.0",
  .unit = "food@a\\x2db.service",
};

typedef struct
{
  char text[16384];
  size_t length;
} Record;

#define PUT(record, what, ...)                                                                     \
  ((record)->length +=                                                                             \
   ps_run_text_put_##what ((record)->text + (record)->length,                                      \
                           sizeof (record)->text - (record)->length, ##__VA_ARGS__))

static void
begin (Record *record)
{
  record->length = 0;
  PUT (record, header);
  PUT (record, begin, &who, &noon);
}

static void
read_back (const Record *record, PsRunLives *found)
{
  ps_run_lives_read (found, record->text, record->length);
  g_assert_false (found->is_foreign);
  g_assert_cmpuint (found->n_bad, ==, 0);
  g_assert_cmpuint (found->n_unknown, ==, 0);
}

static void
test_begin (void)
{
  PsRunLives found;
  Record record;

  begin (&record);
  read_back (&record, &found);
  g_assert_cmpuint (found.n_lives, ==, 1);
  g_assert_cmpmem (&found.last.who, sizeof who, &who, sizeof who);
  g_assert_cmpint (found.last.begun.boot_us, ==, noon.boot_us);
  g_assert_cmpint (found.last.last.real_us, ==, noon.real_us);
  g_assert_cmpstr (found.last.state, ==, "running");
  g_assert_false (found.last.has_end || found.last.has_cause || found.last.crash.is_set);
}

static void
test_whole_life (void)
{
  static const PsRunLifeCause cause = { "signal",     15,           0, 1, 0, "systemd",
                                        "init.scope", "a b.service" };
  static const PsRunLifeSettled settled = { 1, "success", "exited", "143", "stop-post", { 5, 6 } };
  PsRunLives found;
  Record record;

  begin (&record);
  PUT (&record, state, ID, &noon, "terminating");
  PUT (&record, cause, ID, &noon, &cause);
  PUT (&record, end, ID, &later, 143);
  PUT (&record, settled, ID, &settled);
  PUT (&record, verdict, ID, &noon, "terminated");
  read_back (&record, &found);
  g_assert_cmpstr (found.last.state, ==, "terminating");
  g_assert_cmpmem (&found.last.cause, sizeof cause, &cause, sizeof cause);
  g_assert_cmpmem (&found.last.settled, sizeof settled, &settled, sizeof settled);
  g_assert_true (found.last.has_cause && found.last.has_end);
  g_assert_cmpint (found.last.end_status, ==, 143);
  g_assert_cmpint (found.last.last.real_us, ==, later.real_us);
  g_assert_cmpstr (found.last.verdict, ==, "terminated");
}

static void
test_breaks (void)
{
  static const PsRunLifeBreak crash = { 1, 11, 0, 1, "terminate", "flush queue\n\x1b", "" };
  static const PsRunLifeBreak forced = { 1, 0, 143, 0, "finish", "x", "the exit's time was over" };
  PsRunLives found;
  Record record;

  begin (&record);
  PUT (&record, crash, ID, &noon, &crash);
  read_back (&record, &found);
  g_assert_cmpmem (&found.last.crash, sizeof crash, &crash, sizeof crash);
  /* It recovered. */
  PUT (&record, state, ID, &noon, "terminating");
  read_back (&record, &found);
  g_assert_false (found.last.crash.is_set);
  PUT (&record, end, ID, &noon, 0);
  PUT (&record, forced, ID, &noon, &forced);
  read_back (&record, &found);
  g_assert_cmpmem (&found.last.forced, sizeof forced, &forced, sizeof forced);
  g_assert_true (found.last.has_end);
}

static void
test_carried_and_detached (void)
{
  PsRunLifeWho child;
  PsRunLives found;
  Record record;

  memcpy (&child, &who, sizeof child);
  child.pid = 4712;
  child.start = 123999;
  child.pid_namespace = 7;
  begin (&record);
  PUT (&record, carried, &child, &later);
  PUT (&record, detached, ID, &later);
  read_back (&record, &found);
  g_assert_cmpmem (&found.last.who, sizeof child, &child, sizeof child);
  g_assert_true (found.last.is_detached);
}

/* What an earlier process writes on its way out is no word of the life that is there now. */
static void
test_other_life (void)
{
  PsRunLifeWho next = who;
  PsRunLives found;
  Record record;

  begin (&record);
  g_strlcpy (next.id, OTHER, sizeof next.id);
  PUT (&record, begin, &next, &later);
  PUT (&record, end, ID, &noon, 0);
  PUT (&record, settled, ID, &(PsRunLifeSettled){ .is_set = 1, .result = "oom-kill" });
  read_back (&record, &found);
  g_assert_cmpuint (found.n_lives, ==, 2);
  g_assert_cmpstr (found.last.who.id, ==, OTHER);
  g_assert_false (found.last.has_end || found.last.settled.is_set);
}

static void
test_foreign (void)
{
  static const char *const texts[] = { "8e2f4a64 postscriptum-run 2\n", "" };
  PsRunLives found;
  Record record = { .length = 0 };

  PUT (&record, state, ID, &noon, "running"); /* no header */
  ps_run_lives_read (&found, record.text, record.length);
  g_assert_true (found.is_foreign);
  ps_run_lives_read (&found, texts[1], 0);
  g_assert_false (found.is_foreign);
  g_assert_cmpuint (found.n_lives, ==, 0);
}

/* Cut anywhere, it is a record whose last line is torn, or one that ends before. */
static void
test_cuts (void)
{
  Record record;
  PsRunLives found;
  size_t header;

  record.length = 0;
  header = PUT (&record, header);
  PUT (&record, begin, &who, &noon);
  PUT (&record, end, ID, &later, 3);
  for (size_t length = 0; length < record.length; length++)
    {
      ps_run_lives_read (&found, record.text, length);
      g_assert_false (found.is_foreign);
      g_assert_false (found.last.has_end);
      g_assert_cmpint (found.is_torn, ==, length > 0 && record.text[length - 1] != '\n');
      g_assert_cmpint (found.last.is_damaged, ==, 0);
      g_assert_true (length > header || found.n_lives == 0);
    }
}

/* Every bit that flips is noticed, and what is in other lines is still read. */
static void
test_flips (void)
{
  Record record;
  PsRunLives found;
  size_t from;

  begin (&record);
  from = record.length;
  PUT (&record, end, ID, &later, 3);
  for (size_t bit = from * 8; bit < (record.length - 1) * 8; bit++)
    {
      Record flipped = record;

      flipped.text[bit / 8] ^= (char) (1 << bit % 8);
      PUT (&flipped, state, ID, &later, "exited");
      ps_run_lives_read (&found, flipped.text, flipped.length);
      g_assert_cmpuint (found.n_lives, ==, 1);
      g_assert_cmpuint (found.n_bad, >=, 1);
      g_assert_true (found.last.is_damaged);
      g_assert_false (found.last.has_end);
      g_assert_cmpstr (found.last.state, ==, "exited");
    }
}

static void
test_find_last (void)
{
  Record record = { .length = 0 };
  size_t begins[10];
  PsRunLives found;

  PUT (&record, header);
  for (int i = 0; i < 10; i++)
    {
      begins[i] = record.length;
      PUT (&record, begin, &who, &noon);
      PUT (&record, end, ID, &noon, i);
    }
  for (unsigned n = 1; n <= 10; n++)
    g_assert_cmpuint (ps_run_lives_find_last (record.text, record.length, n), ==, begins[10 - n]);
  g_assert_cmpuint (ps_run_lives_find_last (record.text, record.length, 99), ==, begins[0]);
  ps_run_lives_read (&found, record.text, record.length);
  g_assert_cmpint (found.last.end_status, ==, 9);
}

/* The longest that can come, every byte of it escaped, fits; and a small buffer gets nothing. */
static void
test_room (void)
{
  PsRunLifeCause cause = { "signal", 64, 0, G_MAXINT, G_MAXUINT32, "", "", "" };
  char buffer[PS_RUN_TEXT_LINE];
  PsRunLifeWho long_who = who;

  memset (cause.sender_comm, '\\', sizeof cause.sender_comm - 1);
  memset (cause.sender_unit, '\x01', sizeof cause.sender_unit - 1);
  memset (cause.sender_user_unit, '\xff', sizeof cause.sender_user_unit - 1);
  memset (long_who.unit, ' ', sizeof long_who.unit - 1);
  memset (long_who.program, ' ', sizeof long_who.program - 1);
  g_assert_cmpuint (ps_run_text_put_cause (buffer, sizeof buffer, ID, &noon, &cause), >, 1000);
  g_assert_cmpuint (ps_run_text_put_begin (buffer, sizeof buffer, &long_who, &noon), >, 1000);
  g_assert_cmpuint (ps_run_text_put_begin (buffer, 100, &who, &noon), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run-text/begin", test_begin);
  g_test_add_func ("/run-text/whole-life", test_whole_life);
  g_test_add_func ("/run-text/breaks", test_breaks);
  g_test_add_func ("/run-text/carried-and-detached", test_carried_and_detached);
  g_test_add_func ("/run-text/other-life", test_other_life);
  g_test_add_func ("/run-text/foreign", test_foreign);
  g_test_add_func ("/run-text/cuts", test_cuts);
  g_test_add_func ("/run-text/flips", test_flips);
  g_test_add_func ("/run-text/find-last", test_find_last);
  g_test_add_func ("/run-text/room", test_room);
  return g_test_run ();
}
