/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Group E: other allocators in the place of glibc's (E08). They have fork handlers, threads, exit
 * hooks and thread-local memory of their own, which end together with ours. Other tests of this
 * folder are run in a process that has one of them preloaded.
 */
#include "common.h"

#include <string.h>
#include <unistd.h>

/* What concerns ways out, threads, forks, and memory that comes and goes. */
static const char *const tests[] = { "order", "registration", "exit-paths", "exit-status",
                                     "forks", "threads",      "holds" };

typedef struct
{
  const char *library;
  const char *test; /* NULL: says only whose malloc() it has */
} Run;

static int
preloaded_child (gconstpointer data)
{
  const Run *run = data;
  g_autofree char *path = NULL;

  g_setenv ("LD_PRELOAD", run->library, TRUE);
  if (run->test == NULL)
    execl (PS_TEST_STANDALONE, "standalone", "malloc", NULL);
  path = g_strconcat (PS_TEST_DIRECTORY "/process-", run->test, NULL);
  execl (path, path, NULL);
  return 1;
}

/* ld.so goes on without what it cannot preload. */
static gboolean
is_there (const Run *run)
{
  Proc *child = proc_start (preloaded_child, run);
  g_autofree char *line = g_strdup_printf ("malloc of %s", run->library);
  gboolean there = g_str_equal (proc_next (child), line);

  proc_expect_exit (child, 0);
  return there && !tap_failed ();
}

static void
expect_fine (const char *library)
{
  Run run = { library, NULL };

  if (!is_there (&run))
    {
      tap_skip ("the allocator is not installed");
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (tests) && !tap_failed (); i++)
    {
      Proc *child;

      run.test = tests[i];
      child = proc_start (preloaded_child, &run);
      proc_set_patience (child, 100000);
      proc_expect_exit (child, 0);
      proc_expect_output (child, "\nok 1 - ");
    }
}

static void
jemalloc (void)
{
  expect_fine ("libjemalloc.so.2");
}

static void
tcmalloc (void)
{
  expect_fine ("libtcmalloc_minimal.so.4");
}

static void
mimalloc (void)
{
  const Run old = { "libmimalloc.so.2", NULL };

  expect_fine (is_there (&old) ? "libmimalloc.so.2" : "libmimalloc.so.3");
}

static const TapCase cases[] = {
  { "E08", "with jemalloc", jemalloc },
  { "E08b", "with tcmalloc", tcmalloc },
  { "E08c", "with mimalloc", mimalloc },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
