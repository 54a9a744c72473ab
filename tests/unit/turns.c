/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which thread works: one at a time, and after a take-over the one that took over. Threads wait for
 * each other by a queue, or look until the other waits in the lock: no time is measured. */

#include "ps-turns.h"

#include <pthread.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_US (60 * G_USEC_PER_SEC)

static PsTurns turns;

static void
set_up (void)
{
  memset (&turns, 0, sizeof turns);
  ps_turns_init (&turns);
}

/* --- Another thread ------------------------------------------------------------------------- */

/* Does what it is told, one thing after the other, for as long as it is told something. */
typedef struct
{
  GThread *thread;
  GAsyncQueue *tasks, *answers;
} Other;

typedef guint (*Task) (void);

static gpointer
obey (gpointer data)
{
  Other *other = data;
  Task task;

  while ((task = (Task) g_async_queue_pop (other->tasks)) != NULL && (gpointer) task != other)
    g_async_queue_push (other->answers, GUINT_TO_POINTER (task () + 1));
  return NULL;
}

static Other *
other_new (void)
{
  Other *other = g_new0 (Other, 1);

  other->tasks = g_async_queue_new ();
  other->answers = g_async_queue_new ();
  other->thread = g_thread_new ("other", obey, other);
  return other;
}

static void
other_begin (Other *other, Task task)
{
  g_async_queue_push (other->tasks, (gpointer) task);
}

/* What waits for ever is to fail, and not to hang. */
static guint
other_end (Other *other)
{
  gpointer answer = g_async_queue_timeout_pop (other->answers, PATIENCE_US);

  g_assert_nonnull (answer);
  return GPOINTER_TO_UINT (answer) - 1;
}

static guint
other_do (Other *other, Task task)
{
  other_begin (other, task);
  return other_end (other);
}

static void
other_free (Other *other)
{
  g_async_queue_push (other->tasks, other);
  g_thread_join (other->thread);
  g_async_queue_unref (other->tasks);
  g_async_queue_unref (other->answers);
  g_free (other);
}

static guint
enter (void)
{
  return ps_turns_enter (&turns);
}

static guint
leave (void)
{
  ps_turns_leave (&turns);
  return 0;
}

static guint
may_go_on (void)
{
  return ps_turns_may_go_on (&turns);
}

static guint
is_in_one (void)
{
  return ps_turns_is_in_one (&turns);
}

static gboolean
seize (gpointer unused)
{
  return TRUE;
}

static gboolean
do_not_seize (gpointer unused)
{
  return FALSE;
}

static guint
take_over_for_ever (void)
{
  ps_turns_take_over (&turns, G_MAXINT64, seize, NULL);
  return 0;
}

static guint
take_over_at_once (void)
{
  ps_turns_take_over (&turns, 0, seize, NULL);
  return 0;
}

static guint
get_number (void)
{
  return (guint) gettid ();
}

static int is_over; /* atomic */

static gboolean
it_is_over (gpointer data)
{
  g_assert_true (data == &is_over);
  return g_atomic_int_get (&is_over);
}

static guint
wait_for_conductor (void)
{
  return ps_turns_wait_for_conductor (&turns, it_is_over, &is_over);
}

static guint
abandon (void)
{
  return ps_turns_abandon (&turns);
}

static guint
run_loop (void)
{
  ps_turns_set_runs (&turns, TRUE);
  return 0;
}

/* Until somebody has become the conductor, who then waits or is done. */
static void
await_conductor (void)
{
  gboolean is_there;

  do
    {
      g_thread_yield ();
      g_mutex_lock (&turns.lock);
      is_there = turns.conductor != (pthread_t) 0;
      g_mutex_unlock (&turns.lock);
    }
  while (!is_there);
}

/* --- Turns ---------------------------------------------------------------------------------- */

static void
test_nested (void)
{
  set_up ();
  g_assert_false (is_in_one ());
  g_assert_false (may_go_on ());
  for (guint depth = 1; depth <= 3; depth++)
    g_assert_cmpuint (enter (), ==, depth);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (is_in_one ());
      g_assert_true (may_go_on ());
      leave ();
    }
  g_assert_false (is_in_one ());
  g_assert_cmpuint (enter (), ==, 1);
  leave ();
  ps_turns_clear (&turns);
}

/* A turn too many is no turn of anybody's. */
static void
test_leave_without (void)
{
  set_up ();
  leave ();
  g_assert_cmpuint (enter (), ==, 1);
  leave ();
  leave ();
  g_assert_cmpuint (enter (), ==, 1);
  leave ();
  ps_turns_clear (&turns);
}

static void
test_other_refused (void)
{
  Other *other = other_new ();

  set_up ();
  enter ();
  g_assert_cmpuint (other_do (other, enter), ==, 0);
  g_assert_cmpuint (other_do (other, is_in_one), ==, FALSE);
  g_assert_cmpuint (other_do (other, may_go_on), ==, FALSE);
  /* Who is in none leaves none. */
  other_do (other, leave);
  g_assert_true (is_in_one ());
  g_assert_cmpuint (enter (), ==, 2);
  leave ();
  g_assert_cmpuint (other_do (other, enter), ==, 0);
  leave ();
  g_assert_cmpuint (other_do (other, enter), ==, 1);
  g_assert_cmpuint (enter (), ==, 0);
  g_assert_false (is_in_one ());
  other_do (other, leave);
  g_assert_cmpuint (enter (), ==, 1);
  leave ();
  other_free (other);
  ps_turns_clear (&turns);
}

static void
test_last (void)
{
  Other *other = other_new ();

  set_up ();
  g_assert_cmpint (ps_turns_get_last (&turns), ==, 0);
  enter ();
  g_assert_cmpint (ps_turns_get_last (&turns), ==, gettid ());
  other_do (other, enter);
  g_assert_cmpint (ps_turns_get_last (&turns), ==, gettid ());
  leave ();
  g_assert_cmpint (ps_turns_get_last (&turns), ==, gettid ());
  other_do (other, enter);
  g_assert_cmpint (ps_turns_get_last (&turns), ==, (int) other_do (other, get_number));
  g_assert_cmpint (ps_turns_get_last (&turns), !=, gettid ());
  other_do (other, leave);
  other_free (other);
  ps_turns_clear (&turns);
}

/* --- Taking over ---------------------------------------------------------------------------- */

/* Nobody else has turns any more, and the one that took over has, even if it was in one. */
static void
test_take_over (void)
{
  Other *other = other_new ();

  set_up ();
  enter ();
  enter ();
  take_over_for_ever ();
  g_assert_false (is_in_one ());
  g_assert_cmpuint (enter (), ==, 1);
  g_assert_true (may_go_on ());
  leave ();
  /* Of what is left on the stack. */
  leave ();
  leave ();
  g_assert_cmpuint (other_do (other, enter), ==, 0);
  g_assert_cmpuint (enter (), ==, 1);
  g_assert_cmpuint (enter (), ==, 2);
  leave ();
  leave ();
  other_free (other);
  ps_turns_clear (&turns);
}

/* The turn of another is waited for until it is over, down to the first. */
static void
test_take_over_waits (void)
{
  Other *other = other_new ();

  set_up ();
  enter ();
  enter ();
  other_begin (other, take_over_for_ever);
  await_conductor ();
  g_assert_true (is_in_one ());
  g_assert_false (may_go_on ());
  g_assert_cmpuint (enter (), ==, 0);
  leave ();
  g_assert_true (is_in_one ());
  g_assert_null (g_async_queue_try_pop (other->answers));
  leave ();
  other_end (other);
  g_assert_cmpuint (enter (), ==, 0);
  g_assert_cmpuint (other_do (other, enter), ==, 1);
  g_assert_cmpuint (other_do (other, may_go_on), ==, TRUE);
  other_do (other, leave);
  other_free (other);
  ps_turns_clear (&turns);
}

static guint
take_over_in_a_moment (void)
{
  ps_turns_take_over (&turns, 0, do_not_seize, NULL);
  return 0;
}

/* It gets a moment more where it is about to end. */
static void
test_take_over_is_patient (void)
{
  Other *other = other_new ();

  set_up ();
  enter ();
  other_begin (other, take_over_in_a_moment);
  await_conductor ();
  g_usleep (200 * 1000);
  g_assert_true (is_in_one ());
  leave ();
  other_end (other);
  g_assert_cmpuint (other_do (other, enter), ==, 1);
  other_do (other, leave);
  other_free (other);
  ps_turns_clear (&turns);
}

/* But no longer than it is told to; and the turn that goes on after that is none any more. */
static void
test_take_over_gives_up (void)
{
  Other *other = other_new ();

  set_up ();
  enter ();
  other_do (other, take_over_at_once);
  g_assert_false (is_in_one ());
  g_assert_false (may_go_on ());
  g_assert_cmpuint (other_do (other, enter), ==, 1);
  leave ();
  g_assert_cmpuint (other_do (other, is_in_one), ==, TRUE);
  g_assert_cmpuint (enter (), ==, 0);
  other_do (other, leave);
  other_free (other);
  ps_turns_clear (&turns);
}

/* --- Waiting for who took over -------------------------------------------------------------- */

static void
test_wait_for_conductor (void)
{
  Other *other = other_new ();

  set_up ();
  g_atomic_int_set (&is_over, FALSE);
  g_assert_false (wait_for_conductor ());
  take_over_for_ever ();
  /* The one that did does not wait for itself. */
  g_assert_false (wait_for_conductor ());
  other_begin (other, wait_for_conductor);
  /* Each turn that ends has it look again. */
  enter ();
  leave ();
  g_assert_null (g_async_queue_try_pop (other->answers));
  g_atomic_int_set (&is_over, TRUE);
  while (g_async_queue_length (other->answers) <= 0)
    {
      enter ();
      leave ();
      g_thread_yield ();
    }
  other_end (other);
  g_assert_cmpuint (other_do (other, wait_for_conductor), ==, FALSE);
  other_free (other);
  ps_turns_clear (&turns);
}

/* --- A thread that ends --------------------------------------------------------------------- */

static void
test_abandon (void)
{
  Other *other = other_new ();

  set_up ();
  g_assert_false (abandon ());
  enter ();
  enter ();
  g_assert_cmpuint (other_do (other, abandon), ==, FALSE);
  g_assert_true (is_in_one ());
  g_assert_true (abandon ());
  g_assert_false (is_in_one ());
  g_assert_cmpuint (other_do (other, enter), ==, 1);
  g_assert_false (abandon ());
  g_assert_cmpuint (other_do (other, abandon), ==, TRUE);
  g_assert_cmpuint (enter (), ==, 1);
  leave ();

  run_loop ();
  g_assert_cmpuint (other_do (other, abandon), ==, FALSE);
  g_assert_true (abandon ());
  ps_turns_set_runs (&turns, FALSE);
  g_assert_false (abandon ());
  other_free (other);
  ps_turns_clear (&turns);
}

/* Whoever has taken over sees to it, unless it is the one that ends. */
static void
test_abandon_to_conductor (void)
{
  Other *other = other_new ();

  set_up ();
  run_loop ();
  other_do (other, take_over_for_ever);
  g_assert_false (abandon ());
  g_assert_cmpuint (other_do (other, enter), ==, 1);
  g_assert_false (abandon ());
  g_assert_cmpuint (other_do (other, is_in_one), ==, TRUE);
  g_assert_cmpuint (other_do (other, abandon), ==, TRUE);
  g_assert_cmpuint (other_do (other, is_in_one), ==, FALSE);
  other_free (other);
  ps_turns_clear (&turns);
}

/* The turn of a thread that ends is over for one that waits to take over. */
static void
test_abandon_wakes (void)
{
  Other *other = other_new ();

  set_up ();
  enter ();
  enter ();
  other_begin (other, take_over_for_ever);
  await_conductor ();
  g_assert_false (abandon ());
  other_end (other);
  g_assert_cmpuint (other_do (other, enter), ==, 1);
  other_do (other, leave);
  other_free (other);
  ps_turns_clear (&turns);
}

/* --- After a fork --------------------------------------------------------------------------- */

static gboolean
is_at_rest_in_child (void)
{
  int status = 0;
  pid_t pid = fork ();

  g_assert_no_errno (pid);
  /* By a signal, since a checker of memory may have a say in the status. */
  if (pid == 0)
    raise (ps_turns_is_at_rest (&turns) ? SIGUSR1 : SIGUSR2);
  g_assert_no_errno (waitpid (pid, &status, 0));
  g_assert_true (WIFSIGNALED (status)
                 && (WTERMSIG (status) == SIGUSR1 || WTERMSIG (status) == SIGUSR2));
  return WTERMSIG (status) == SIGUSR1;
}

static void
test_at_rest (void)
{
  Other *other = other_new ();

  set_up ();
  g_assert_true (is_at_rest_in_child ());
  enter ();
  g_assert_false (is_at_rest_in_child ());
  leave ();
  g_assert_true (is_at_rest_in_child ());
  other_do (other, enter);
  g_assert_false (is_at_rest_in_child ());
  other_do (other, leave);
  g_assert_true (is_at_rest_in_child ());
  /* Who runs the loop is no turn. */
  run_loop ();
  g_assert_true (is_at_rest_in_child ());
  g_mutex_lock (&turns.lock);
  g_assert_false (is_at_rest_in_child ());
  g_mutex_unlock (&turns.lock);
  take_over_for_ever ();
  g_assert_false (is_at_rest_in_child ());
  other_free (other);
  ps_turns_clear (&turns);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/turns/nested", test_nested);
  g_test_add_func ("/turns/leave-without", test_leave_without);
  g_test_add_func ("/turns/other-refused", test_other_refused);
  g_test_add_func ("/turns/last", test_last);
  g_test_add_func ("/turns/take-over", test_take_over);
  g_test_add_func ("/turns/take-over-waits", test_take_over_waits);
  g_test_add_func ("/turns/take-over-is-patient", test_take_over_is_patient);
  g_test_add_func ("/turns/take-over-gives-up", test_take_over_gives_up);
  g_test_add_func ("/turns/wait-for-conductor", test_wait_for_conductor);
  g_test_add_func ("/turns/abandon", test_abandon);
  g_test_add_func ("/turns/abandon-to-conductor", test_abandon_to_conductor);
  g_test_add_func ("/turns/abandon-wakes", test_abandon_wakes);
  g_test_add_func ("/turns/at-rest", test_at_rest);
  return g_test_run ();
}
