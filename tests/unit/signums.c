/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ps-signums.h"

#include <signal.h>

static void
test_sets (void)
{
  for (int signum = 1; signum < NSIG; signum++)
    {
      PsSignums set = ps_signums_of (signum);

      g_assert_true (ps_signums_have (set, signum));
      g_assert_false (ps_signums_have (~set, signum));
      g_assert_true (ps_signums_have (PS_SIGNUMS_ALL, signum));
      g_assert_cmpint (ps_signums_last (set), ==, signum);
      g_assert_cmpint (ps_signums_last (set | ps_signums_of (SIGHUP)), ==, signum);
    }
  g_assert_cmpint (ps_signums_last (PS_SIGNUMS_NONE), ==, 0);
}

static void
test_queued (void)
{
  g_assert_false (ps_signums_is_queued (SIGTERM));
  g_assert_false (ps_signums_is_queued (SIGSYS));
  g_assert_true (ps_signums_is_queued (SIGRTMIN));
  g_assert_true (ps_signums_is_queued (SIGRTMAX));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signums/sets", test_sets);
  g_test_add_func ("/signums/queued", test_queued);
  return g_test_run ();
}
