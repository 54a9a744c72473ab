/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The note of which callback is running: what was noted last is read, whole and terminated, by a
 * thread or a handler that comes at any moment. */

#include "ps-current.h"

#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

static void
assert_current (const char *event, const char *name, gint64 begun_us)
{
  PsCurrent current;

  memset (&current, '#', sizeof current);
  g_assert_true (ps_current_get (&current));
  g_assert_cmpstr (current.event, ==, event);
  g_assert_cmpstr (current.name, ==, name);
  g_assert_cmpint (current.begun_us, ==, begun_us);
}

static void
assert_none (void)
{
  PsCurrent current;

  g_assert_false (ps_current_get (&current));
}

/* First: nobody has noted anything in this process yet. */
static void
test_none (void)
{
  assert_none ();
  ps_current_clear ();
  assert_none ();
}

static void
test_last (void)
{
  ps_current_set ("terminate", "flush_queue", 4711);
  assert_current ("terminate", "flush_queue", 4711);
  assert_current ("terminate", "flush_queue", 4711);
  ps_current_set ("finish", "f", 4712);
  assert_current ("finish", "f", 4712);
  ps_current_clear ();
  assert_none ();
  ps_current_clear ();
  assert_none ();
  ps_current_set ("reload", "", 1);
  assert_current ("reload", "", 1);
  ps_current_clear ();
}

/* Nothing of an earlier, longer name is left behind a shorter one; what is too long is cut. */
static void
test_length (void)
{
  g_autofree char *fits = g_strnfill (PS_CURRENT_NAME_SIZE - 1, 'f');
  g_autofree char *longer = g_strnfill (PS_CURRENT_NAME_SIZE, 'f');
  g_autofree char *huge = g_strnfill (100000, 'f');

  ps_current_set ("checkpoint", fits, 1);
  assert_current ("checkpoint", fits, 1);
  ps_current_set ("checkpoint", longer, 2);
  assert_current ("checkpoint", fits, 2);
  ps_current_set ("terminate", huge, 3);
  assert_current ("terminate", fits, 3);
  ps_current_set ("quit", "short", 4);
  assert_current ("quit", "short", 4);
  ps_current_set ("quit", "shorter", 5);
  ps_current_set ("quit", "s", 6);
  assert_current ("quit", "s", 6);
  ps_current_clear ();
}

/* A character of which only a part has room is left out. */
static void
test_characters (void)
{
  g_autofree char *all_but_one = g_strnfill (PS_CURRENT_NAME_SIZE - 2, 'f');
  g_autofree char *three = g_strconcat (all_but_one, "\xe2\x82\xac", NULL);
  g_autofree char *all_but_two = g_strnfill (PS_CURRENT_NAME_SIZE - 3, 'f');
  g_autofree char *two = g_strconcat (all_but_two, "\xc3\xa4", NULL);

  ps_current_set ("terminate", three, 1);
  assert_current ("terminate", all_but_one, 1);
  ps_current_set ("terminate", two, 2);
  assert_current ("terminate", two, 2);
  ps_current_clear ();
}

/* --- In a handler ---------------------------------------------------------------------------- */

static const char *const names[] = { "a", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" };
static volatile sig_atomic_t n_seen, n_torn;

/* A handler interrupts the writer, who does not go on before it is over: what it sees is whole. */
static void
look (int signum)
{
  PsCurrent current;

  if (!ps_current_get (&current))
    return;
  n_seen++;
  if (strcmp (current.name, names[current.begun_us - 1]) != 0
      || strcmp (current.event, "quit") != 0)
    n_torn++;
}

static void
test_handler (void)
{
  const struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };

  n_seen = 0;
  signal (SIGALRM, look);
  g_assert_cmpint (setitimer (ITIMER_REAL, &often, NULL), ==, 0);
  while (n_seen < 500)
    {
      ps_current_set ("quit", names[0], 1);
      ps_current_set ("quit", names[1], 2);
      ps_current_clear ();
    }
  g_assert_cmpint (setitimer (ITIMER_REAL, &never, NULL), ==, 0);
  signal (SIGALRM, SIG_IGN); /* one may be on its way */
  g_assert_cmpint (n_torn, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/current/none", test_none);
  g_test_add_func ("/current/last", test_last);
  g_test_add_func ("/current/length", test_length);
  g_test_add_func ("/current/characters", test_characters);
  g_test_add_func ("/current/handler", test_handler);
  return g_test_run ();
}
