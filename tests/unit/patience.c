/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A reader that does not read costs an exit a tenth of a second in all; one that reads again has
 * all the patience back. The clock is this test's. */

#include "ps-patience.h"
#include "ps-clock.h"

#include "fake-clock.h"

#include <errno.h>

#define MS(ms) ((gint64) (ms) *PS_US_PER_MS)

/* What is tried: it takes that long, and ends with that result. */
typedef struct
{
  gint64 takes_us;
  int result;
  gint64 limit_us; /* that it was given */
} Try;

static int
try (gpointer data, gint64 limit_us)
{
  Try *what = data;

  what->limit_us = limit_us;
  fake_now_us += what->takes_us;
  return what->result;
}

static void
assert_try (PsPatience *patience, gint64 takes_us, int result, gint64 limit_us)
{
  Try what = { takes_us, result, -1 };

  g_assert_cmpint (ps_patience_try (patience, try, &what), ==, result);
  g_assert_cmpint (what.limit_us, ==, limit_us);
}

static void
test_success_costs_nothing (void)
{
  PsPatience *patience = ps_patience_new ();

  assert_try (patience, MS (1), 0, MS (100));
  assert_try (patience, MS (99), 1, MS (100));
  assert_try (patience, 0, 4711, MS (100));
  g_assert_cmpuint (ps_patience_get_lost (patience), ==, 0);
  ps_patience_free (patience);
}

static void
test_failure_costs_what_it_took (void)
{
  PsPatience *patience = ps_patience_new ();

  assert_try (patience, MS (30), -EINTR, MS (100));
  assert_try (patience, MS (30), -EINTR, MS (70));
  assert_try (patience, 0, -ENOENT, MS (40));
  assert_try (patience, MS (39), -EAGAIN, MS (40));
  g_assert_cmpuint (ps_patience_get_lost (patience), ==, 4);
  ps_patience_free (patience);
}

/* It is never nothing: a timer of no time is one that is not set. */
static void
test_a_millisecond_is_left (void)
{
  PsPatience *patience = ps_patience_new ();

  assert_try (patience, MS (100), -EINTR, MS (100));
  assert_try (patience, MS (1), -EINTR, MS (1));
  assert_try (patience, MS (5000), -EINTR, MS (1));
  assert_try (patience, 0, -EINTR, MS (1));
  g_assert_cmpuint (ps_patience_get_lost (patience), ==, 4);
  ps_patience_free (patience);
}

static void
test_who_reads_again_has_it_back (void)
{
  PsPatience *patience = ps_patience_new ();

  assert_try (patience, MS (100), -EINTR, MS (100));
  assert_try (patience, 0, 0, MS (1));
  assert_try (patience, MS (10), -EINTR, MS (100));
  assert_try (patience, 0, 0, MS (90));
  g_assert_cmpuint (ps_patience_get_lost (patience), ==, 2);
  ps_patience_free (patience);
}

/* Each is patient on its own: a journal that hangs does not cost the manager its messages. */
static void
test_two_are_apart (void)
{
  PsPatience *journal = ps_patience_new (), *manager = ps_patience_new ();

  assert_try (journal, MS (100), -EINTR, MS (100));
  assert_try (manager, 0, 1, MS (100));
  g_assert_cmpuint (ps_patience_get_lost (journal), ==, 1);
  g_assert_cmpuint (ps_patience_get_lost (manager), ==, 0);
  ps_patience_free (journal);
  ps_patience_free (manager);
  ps_patience_free (NULL);
}

/* The most that a daemon can spend on a dead reader, however often it tries. */
static void
test_bounded_in_all (void)
{
  PsPatience *patience = ps_patience_new ();
  gint64 begun_us = fake_now_us;
  Try all = { MS (100), -EINTR, 0 };

  for (guint i = 0; i < 100; i++)
    {
      gint64 before_us = fake_now_us;

      ps_patience_try (patience, try, &all);
      all.takes_us = all.limit_us;
      g_assert_cmpint (fake_now_us - before_us, <=, MS (100));
    }
  g_assert_cmpint (fake_now_us - begun_us, <=, MS (100) + MS (100) + 98 * MS (1));
  g_assert_cmpuint (ps_patience_get_lost (patience), ==, 100);
  ps_patience_free (patience);
}

/* --- Threads --------------------------------------------------------------------------------- */

#define N_TRIES 2000

static int trying;

/* Of those who share a patience one tries at a time. */
static int
fail_now (gpointer data, gint64 limit_us)
{
  g_assert_cmpint (g_atomic_int_add (&trying, 1), ==, 0);
  g_atomic_int_add (&trying, -1);
  return -EPIPE;
}

static gpointer
try_many (gpointer patience)
{
  for (guint i = 0; i < N_TRIES; i++)
    ps_patience_try (patience, fail_now, NULL);
  return NULL;
}

static void
test_threads (void)
{
  PsPatience *patience = ps_patience_new ();
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("try", try_many, patience);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (ps_patience_get_lost (patience), ==, 4 * N_TRIES);
  ps_patience_free (patience);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/patience/success-costs-nothing", test_success_costs_nothing);
  g_test_add_func ("/patience/failure-costs-what-it-took", test_failure_costs_what_it_took);
  g_test_add_func ("/patience/a-millisecond-is-left", test_a_millisecond_is_left);
  g_test_add_func ("/patience/who-reads-again-has-it-back", test_who_reads_again_has_it_back);
  g_test_add_func ("/patience/two-are-apart", test_two_are_apart);
  g_test_add_func ("/patience/bounded-in-all", test_bounded_in_all);
  g_test_add_func ("/patience/threads", test_threads);
  return g_test_run ();
}
