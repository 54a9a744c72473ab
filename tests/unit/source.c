/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The source by which a watcher is woken, in a context of its own that the test turns by hand.
 * Threads meet by what the source itself offers: a wake-up that got lost shows as a time-out. */

#include "ps-source.h"

#include <sys/eventfd.h>
#include <unistd.h>

#define LONG_US (60 * G_USEC_PER_SEC)

typedef struct
{
  GMainContext *context;
  int fd;
  GSource *source;
  guint dispatched;
} Fixture;

static void
count (gpointer data)
{
  ((Fixture *) data)->dispatched++;
}

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->context = g_main_context_new ();
  f->fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  g_assert_cmpint (f->fd, >=, 0);
  f->source = ps_source_new (&(PsSourceWaker){ .fd = f->fd }, count, f);
  g_source_attach (f->source, f->context);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  g_source_destroy (f->source);
  g_source_unref (f->source);
  g_main_context_unref (f->context);
  close (f->fd);
}

static void
poke (int fd, guint64 by)
{
  g_assert_cmpint (write (fd, &by, sizeof by), ==, sizeof by);
}

static void
assert_drained (int fd)
{
  guint64 count;

  g_assert_cmpint (read (fd, &count, sizeof count), ==, -1);
}

static void
test_new (Fixture *f, gconstpointer unused)
{
  g_assert_cmpint (g_source_get_priority (f->source), ==, G_PRIORITY_HIGH);
  g_assert_true (g_source_get_can_recurse (f->source));
  g_assert_nonnull (g_source_get_name (f->source));
  g_assert_cmpint (g_source_get_ready_time (f->source), ==, -1);
  g_assert_false (g_main_context_iteration (f->context, FALSE));
  g_assert_cmpuint (f->dispatched, ==, 0);
}

static void
test_descriptor (Fixture *f, gconstpointer unused)
{
  poke (f->fd, 1);
  poke (f->fd, 3);
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_cmpuint (f->dispatched, ==, 1);
  assert_drained (f->fd);
  g_assert_false (g_main_context_iteration (f->context, FALSE));
  poke (f->fd, 1);
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_cmpuint (f->dispatched, ==, 2);
}

static void
test_wake_until_rest (Fixture *f, gconstpointer unused)
{
  ps_source_wake (f->source);
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  /* Who does not rest stays awake. */
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_cmpuint (f->dispatched, ==, 2);

  g_assert_false (ps_source_rest (f->source, G_MAXINT64)); /* the wake-up has to be looked at */
  g_assert_true (ps_source_rest (f->source, G_MAXINT64));
  g_assert_false (g_main_context_iteration (f->context, FALSE));
}

/* Between the last look and the rest. */
static void
test_wake_is_not_lost (Fixture *f, gconstpointer unused)
{
  g_assert_true (ps_source_rest (f->source, G_MAXINT64));
  ps_source_wake (f->source);
  ps_source_wake (f->source);
  g_assert_false (ps_source_rest (f->source, G_MAXINT64));
  g_assert_true (ps_source_rest (f->source, G_MAXINT64));
}

static void
test_rest_until (Fixture *f, gconstpointer unused)
{
  gint64 far_us = g_get_monotonic_time () + LONG_US;

  g_assert_true (ps_source_rest (f->source, far_us));
  g_assert_cmpint (g_source_get_ready_time (f->source), ==, far_us);
  g_assert_false (g_main_context_iteration (f->context, FALSE));

  g_assert_true (ps_source_rest (f->source, g_get_monotonic_time ()));
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_cmpuint (f->dispatched, ==, 1);

  g_assert_true (ps_source_rest (f->source, G_MAXINT64));
  g_assert_cmpint (g_source_get_ready_time (f->source), ==, -1);
}

/* The mark is enough, and goes with what is in the descriptor. */
static void
test_mark (Fixture *f, gconstpointer unused)
{
  atomic_int mark = 0;
  GSource *source = ps_source_new (&(PsSourceWaker){ f->fd, &mark, NULL }, count, f);

  g_source_destroy (f->source);
  g_source_attach (source, f->context);
  g_assert_false (g_main_context_iteration (f->context, FALSE));
  atomic_store (&mark, 1);
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_cmpuint (f->dispatched, ==, 1);
  atomic_store (&mark, 1);
  poke (f->fd, 1);
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_cmpuint (f->dispatched, ==, 2);
  assert_drained (f->fd);
  g_assert_cmpint (atomic_load (&mark), ==, 0);
  g_assert_false (g_main_context_iteration (f->context, FALSE));
  g_source_destroy (source);
  g_source_unref (source);
}

static int another;

static int
open_another (void)
{
  another = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  return another;
}

/* The program closes the descriptor, or gives its number to something of its own: there is another
 * one, which wakes as well. */
static void
test_lost (Fixture *f, gconstpointer is_taken)
{
  int lost = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK), ends[2];
  GSource *source =
      ps_source_new (&(PsSourceWaker){ .fd = lost, .reopen = open_another }, count, f);
  char word[8];

  g_source_destroy (f->source);
  g_source_attach (source, f->context);
  g_assert_cmpint (pipe (ends), ==, 0);
  g_assert_cmpint (write (ends[1], "theirs", 7), ==, 7);
  if (is_taken != NULL)
    g_assert_cmpint (dup2 (ends[0], lost), ==, lost);
  else
    close (lost);
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_cmpuint (f->dispatched, ==, 1);
  g_assert_false (g_main_context_iteration (f->context, FALSE));
  g_assert_cmpint (read (ends[0], word, sizeof word), ==, 7);
  poke (another, 1);
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_cmpuint (f->dispatched, ==, 2);
  assert_drained (another);
  g_source_destroy (source);
  g_source_unref (source);
  close (another);
  close (ends[0]);
  close (ends[1]);
  if (is_taken != NULL)
    close (lost);
}

/* It was the last one: nobody looks at the number any more. */
static void
test_lost_for_good (Fixture *f, gconstpointer unused)
{
  close (f->fd);
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_false (g_main_context_iteration (f->context, FALSE));
  g_assert_true (ps_source_rest (f->source, G_MAXINT64));
  ps_source_wake (f->source);
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_cmpuint (f->dispatched, ==, 2);
  f->fd = eventfd (0, EFD_CLOEXEC);
}

static void
test_descriptor_while_resting (Fixture *f, gconstpointer unused)
{
  g_assert_true (ps_source_rest (f->source, G_MAXINT64));
  poke (f->fd, 1);
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_cmpuint (f->dispatched, ==, 1);
}

/* The loop's thread passes a wake-up on: the loop itself rests, the other does not. */
static void
test_hand_over (Fixture *f, gconstpointer unused)
{
  ps_source_wake (f->source);
  ps_source_hand_over (f->source);
  g_assert_false (g_main_context_iteration (f->context, FALSE));
  g_assert_cmpuint (f->dispatched, ==, 0);
  ps_source_wait (f->source, g_get_monotonic_time () + LONG_US);
  g_assert_false (ps_source_rest (f->source, G_MAXINT64));
}

static void
test_wait_is_bounded (Fixture *f, gconstpointer unused)
{
  ps_source_wait (f->source, g_get_monotonic_time ());
  ps_source_wait (f->source, 0);
  g_assert_true (ps_source_rest (f->source, G_MAXINT64));
}

static gpointer
wake_in_thread (gpointer source)
{
  ps_source_wake (source);
  return NULL;
}

static gpointer
hand_over_in_thread (gpointer source)
{
  ps_source_hand_over (source);
  return NULL;
}

static void
assert_wait_ends (Fixture *f, GThreadFunc func)
{
  gint64 until_us = g_get_monotonic_time () + LONG_US;
  GThread *thread = g_thread_new ("wake", func, f->source);

  ps_source_wait (f->source, until_us);
  g_assert_cmpint (g_get_monotonic_time (), <, until_us);
  g_assert_false (ps_source_rest (f->source, G_MAXINT64));
  g_thread_join (thread);
}

static void
test_wait_for_a_thread (Fixture *f, gconstpointer unused)
{
  for (guint i = 0; i < 200; i++)
    {
      assert_wait_ends (f, wake_in_thread);
      assert_wait_ends (f, hand_over_in_thread);
    }
}

static void
test_loop_is_woken_by_a_thread (Fixture *f, gconstpointer unused)
{
  for (guint i = 0; i < 200; i++)
    {
      GThread *thread;
      guint dispatched = f->dispatched;

      while (!ps_source_rest (f->source, g_get_monotonic_time () + LONG_US))
        ;
      thread = g_thread_new ("wake", wake_in_thread, f->source);
      /* Setting the ready time interrupts one poll, too; that one finds nothing to do. */
      while (!g_main_context_iteration (f->context, TRUE))
        ;
      g_assert_cmpuint (f->dispatched, ==, dispatched + 1);
      g_thread_join (thread);
      g_assert_false (ps_source_rest (f->source, G_MAXINT64));
    }
}

static void
turn_again (gpointer data)
{
  Fixture *f = data;

  if (f->dispatched++ == 0)
    {
      ps_source_wake (f->source);
      g_assert_true (g_main_context_iteration (f->context, TRUE));
      g_assert_cmpuint (f->dispatched, ==, 2);
    }
}

/* A callback that runs a loop of its own still sees what comes. */
static void
test_recurses (Fixture *f, gconstpointer unused)
{
  g_source_set_callback (f->source, (GSourceFunc) (void (*) (void)) turn_again, f, NULL);
  poke (f->fd, 1);
  g_assert_true (g_main_context_iteration (f->context, TRUE));
  g_assert_cmpuint (f->dispatched, ==, 2);
}

#define add(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/source/new", test_new);
  add ("/source/descriptor", test_descriptor);
  add ("/source/wake-until-rest", test_wake_until_rest);
  add ("/source/wake-is-not-lost", test_wake_is_not_lost);
  add ("/source/rest-until", test_rest_until);
  add ("/source/mark", test_mark);
  g_test_add ("/source/closed", Fixture, NULL, set_up, test_lost, tear_down);
  g_test_add ("/source/number-is-somebody-elses", Fixture, GINT_TO_POINTER (1), set_up, test_lost,
              tear_down);
  add ("/source/lost-for-good", test_lost_for_good);
  add ("/source/descriptor-while-resting", test_descriptor_while_resting);
  add ("/source/hand-over", test_hand_over);
  add ("/source/wait-is-bounded", test_wait_is_bounded);
  add ("/source/wait-for-a-thread", test_wait_for_a_thread);
  add ("/source/loop-is-woken-by-a-thread", test_loop_is_woken_by_a_thread);
  add ("/source/recurses", test_recurses);
  return g_test_run ();
}
