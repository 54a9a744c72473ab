/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a handler hands to the conductor: in order, by number, and what is known when there is no
 * room. Handlers are not needed for it; those of tests/process are real. */

#include "ps-caught.h"

#include <unistd.h>

static void
add (int signum, int code, int value)
{
  siginfo_t info = { .si_signo = signum, .si_code = code };

  info.si_pid = getpid ();
  info.si_uid = getuid ();
  info.si_value.sival_int = value;
  ps_caught_add (&info, PS_INPUT_HURRY, 77);
}

static void
assert_taken (PsSignums of, int signum, int value)
{
  PsSignal signal;

  g_assert_true (ps_caught_take (of, &signal));
  g_assert_cmpint (signal.signum, ==, signum);
  g_assert_true (signal.has_value);
  g_assert_cmpint (signal.value, ==, value);
  g_assert_cmpuint (signal.lost, ==, 0);
}

static void
assert_empty (void)
{
  PsSignal signal;

  g_assert_false (ps_caught_take (PS_SIGNUMS_ALL, &signal));
}

static void
test_order (void)
{
  for (int i = 0; i < 3 * PS_CAUGHT_MAX; i++)
    {
      add (SIGTERM, SI_QUEUE, i);
      add (SIGRTMIN, SI_QUEUE, -i);
      assert_taken (PS_SIGNUMS_ALL, SIGTERM, i);
      assert_taken (PS_SIGNUMS_ALL, SIGRTMIN, -i);
    }
  for (int i = 0; i < PS_CAUGHT_MAX; i++)
    add (SIGRTMIN, SI_QUEUE, i);
  for (int i = 0; i < PS_CAUGHT_MAX; i++)
    assert_taken (PS_SIGNUMS_ALL, SIGRTMIN, i);
  assert_empty ();
}

static void
test_some (void)
{
  PsSignums of = ps_signums_of (SIGRTMAX) | ps_signums_of (SIGHUP);

  add (SIGTERM, SI_QUEUE, 1);
  add (SIGRTMAX, SI_QUEUE, 2);
  add (SIGHUP, SI_QUEUE, 3);
  assert_taken (of, SIGRTMAX, 2);
  assert_taken (of, SIGHUP, 3);
  g_assert_false (ps_caught_take (of, &(PsSignal){ .signum = 0 }));
  assert_taken (PS_SIGNUMS_ALL, SIGTERM, 1);
}

static void
assert_lost (PsSignums of, int signum, guint count)
{
  PsSignal signal;

  g_assert_true (ps_caught_take (of, &signal));
  g_assert_cmpint (signal.signum, ==, signum);
  g_assert_cmpuint (signal.lost, ==, count);
  g_assert_false (signal.has_value);
  g_assert_cmpint (signal.pid, ==, 0);
  g_assert_cmpint (signal.code, ==, G_MININT);
}

static void
test_no_room (void)
{
  for (int i = 0; i < PS_CAUGHT_MAX; i++)
    add (SIGRTMIN, SI_QUEUE, i);
  for (int i = 0; i < 5; i++)
    add (SIGRTMIN + 1, SI_QUEUE, i);
  add (SIGTERM, SI_USER, 0);

  assert_lost (ps_signums_of (SIGTERM), SIGTERM, 1);
  for (int i = 0; i < PS_CAUGHT_MAX; i++)
    assert_taken (PS_SIGNUMS_ALL, SIGRTMIN, i);
  assert_lost (PS_SIGNUMS_ALL, SIGRTMIN + 1, 5);
  assert_empty ();
}

static void
test_forget (void)
{
  for (int i = 0; i < PS_CAUGHT_MAX + 1; i++)
    add (SIGTERM, SI_QUEUE, i);
  ps_caught_forget ();
  assert_empty ();
}

/* Fields of siginfo that mean something else, or nothing, are not read. */
static void
test_what_is_known (void)
{
  static const struct
  {
    int code;
    gboolean has_sender, has_value;
  } rows[] = {
    { SI_USER, TRUE, FALSE },    { SI_TKILL, TRUE, FALSE }, { SI_QUEUE, TRUE, TRUE },
    { SI_KERNEL, FALSE, FALSE }, { SI_TIMER, FALSE, TRUE }, { SI_MESGQ, FALSE, TRUE },
    { SI_ASYNCIO, FALSE, TRUE }, { POLL_IN, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      PsSignal signal;

      add (SIGTERM, rows[i].code, 7);
      g_assert_true (ps_caught_take (PS_SIGNUMS_ALL, &signal));
      g_assert_cmpint (signal.code, ==, rows[i].code);
      g_assert_cmpint (signal.input, ==, PS_INPUT_HURRY);
      g_assert_cmpint (signal.at_us, ==, 77);
      g_assert_cmpint (signal.pid, ==, rows[i].has_sender ? getpid () : 0);
      g_assert_cmpint (signal.comm[0] != '\0', ==, rows[i].has_sender);
      g_assert_cmpint (signal.has_value, ==, rows[i].has_value);
      g_assert_cmpint (signal.value, ==, rows[i].has_value ? 7 : 0);
    }
}

/* The kernel shows nobody where its queue was full, too: that is no process outside our
 * namespace. */
static void
test_nobody (void)
{
  siginfo_t info = { .si_signo = SIGRTMIN, .si_code = SI_USER };
  PsSignal signal;

  ps_caught_add (&info, PS_INPUT_REQUEST, 1);
  g_assert_true (ps_caught_take (PS_SIGNUMS_ALL, &signal));
  g_assert_cmpint (signal.code, ==, G_MININT);
  info.si_signo = SIGTERM;
  ps_caught_add (&info, PS_INPUT_REQUEST, 1);
  g_assert_true (ps_caught_take (PS_SIGNUMS_ALL, &signal));
  g_assert_cmpint (signal.code, ==, SI_USER);
}

/* --- From several threads --------------------------------------------------------------------- */

#define N_THREADS 4
#define N_EACH 20000

static gint running;

static gpointer
add_many (gpointer signum)
{
  for (int i = 0; i < N_EACH; i++)
    add (GPOINTER_TO_INT (signum), SI_QUEUE, i);
  g_atomic_int_add (&running, -1);
  return NULL;
}

/* Each is taken once or counted as lost, and those of one thread come in its order. */
static void
test_threads (void)
{
  GThread *threads[N_THREADS];
  int last[N_THREADS] = { -1, -1, -1, -1 };
  guint count[N_THREADS] = { 0 };
  PsSignal signal;

  g_atomic_int_set (&running, N_THREADS);
  for (int i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("adds", add_many, GINT_TO_POINTER (SIGRTMIN + i));
  while (g_atomic_int_get (&running) > 0)
    while (ps_caught_take (PS_SIGNUMS_ALL, &signal))
      {
        int i = signal.signum - SIGRTMIN;

        count[i] += signal.lost > 0 ? signal.lost : 1;
        if (signal.lost > 0)
          continue;
        g_assert_cmpint (signal.value, >, last[i]);
        last[i] = signal.value;
      }
  for (int i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  while (ps_caught_take (PS_SIGNUMS_ALL, &signal))
    count[signal.signum - SIGRTMIN] += signal.lost > 0 ? signal.lost : 1;
  for (int i = 0; i < N_THREADS; i++)
    g_assert_cmpuint (count[i], ==, N_EACH);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/caught/in-order", test_order);
  g_test_add_func ("/caught/some-of-them", test_some);
  g_test_add_func ("/caught/no-room", test_no_room);
  g_test_add_func ("/caught/forget", test_forget);
  g_test_add_func ("/caught/what-is-known", test_what_is_known);
  g_test_add_func ("/caught/nobody", test_nobody);
  g_test_add_func ("/caught/threads", test_threads);
  return g_test_run ();
}
