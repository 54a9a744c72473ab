/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library loaded twice (O03), and unloaded (F10). */
#include "common.h"

#include <unistd.h>

/* A program that is not linked to the library, and closes it with everything armed. */
static int
dlclose_child (gconstpointer how)
{
  execl (PS_TEST_DLHOST, "dlhost", PS_TEST_LIBRARY, how, NULL);
  return 1;
}

static void
f10 (void)
{
  Proc *child = proc_start (dlclose_child, "exit");

  proc_expect (child, "closed");
  proc_expect_lines (child, "quit: q", "finish: f");
  proc_expect_exit (child, 7);

  child = proc_start (dlclose_child, "signal");
  proc_expect_lines (child, "closed", "ready");
  proc_kill (child, SIGTERM);
  proc_expect_lines (child, "terminate: t", "finish: f");
  proc_expect_exit (child, 143);
}

static void
o03 (void)
{
  Proc *child = proc_start (dlclose_child, "twice");

  proc_expect_lines (child, "same library: 1, same watcher: 1", "quit: q", "finish: f");
  proc_expect_exit (child, 0);
}

/* --- Two files, each with a copy ------------------------------------------------------------- */

static int
copies_child (gconstpointer unused)
{
  execl (PS_TEST_COPYHOST, "copyhost", PS_TEST_LIBRARY, NULL);
  return 1;
}

static void
o03_static (void)
{
  Proc *child = proc_start (copies_child, NULL);

  proc_expect_lines (child, "linked in: one", "loaded, default: none", "loaded: ps-error-quark 2",
                     "loaded, plain: none", "detached", "loaded: one",
                     "linked in: ps-error-quark 2", "quit: loaded");
  proc_expect_exit (child, 4);
  proc_expect_output (child, "WARNING");
  proc_expect_output (child, "CRITICAL");
  /* Which it is. */
  proc_expect_output (child, PS_VERSION " in ");
  proc_expect_output (child, "copyhost; this is " PS_VERSION);
}

static void
remove_file (gpointer path)
{
  unlink (path);
  g_free (path);
}

static void
o03_copied (void)
{
  g_autofree char *contents = NULL;
  char *path = g_strdup_printf ("%s/ps-test-%d.so", g_get_tmp_dir (), (int) getpid ());
  gsize length;
  Proc *child;

  tap_defer (remove_file, path);
  if (!g_file_get_contents (PS_TEST_LIBRARY, &contents, &length, NULL)
      || !g_file_set_contents (path, contents, (gssize) length, NULL))
    tap_fail (G_STRLOC, "the library cannot be copied to %s", path);
  child = proc_start (dlclose_child, path);
  proc_expect_lines (child, "same library: 0, same watcher: 0", "quit: q", "finish: f");
  proc_expect_exit (child, 0);
  proc_expect_output (child, "another copy of libpostscriptum watches this process: " PS_VERSION
                             " in " PS_TEST_LIBRARY);
}

static const TapCase cases[] = {
  { "O03", "the library is loaded twice: one watcher", o03 },
  { "O03b", "linked in, and loaded: the second is told of the first", o03_static },
  { "O03c", "loaded from two files: the same", o03_copied },
  { "F10", "the library is closed with everything armed", f10 },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
