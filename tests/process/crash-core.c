/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Group C: the core is the one that there would have been without us. */
#include "crash-common.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  int signum;
  void (*crash) (int signum);
  gboolean in_thread;
  gboolean twice; /* the crash callback crashes, too */
} Way;

typedef struct
{
  Way way;
  const char *directory;
  gboolean reported;
} Setup;

static gpointer
crash_in_thread (gpointer way)
{
  ((const Way *) way)->crash (((const Way *) way)->signum);
  return NULL;
}

static void
crash_again (const PsCrash *crash, void *unused)
{
  crash_by_fault (SIGILL);
}

static int
core_child (gconstpointer data)
{
  struct rlimit limit;
  const Setup *setup = data;
  PsWatcher *watcher = watch_aloud ();

  child_need (getrlimit (RLIMIT_CORE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  child_need (setrlimit (RLIMIT_CORE, &limit) == 0);
  child_need (chdir (setup->directory) == 0);
  if (setup->reported)
    ps_watcher_report_crashes (watcher);
  if (setup->reported && setup->way.twice)
    ps_watcher_on_crash (watcher, crash_again, NULL);
  if (setup->way.in_thread)
    in_culprit (crash_in_thread, (gpointer) &setup->way);
  setup->way.crash (setup->way.signum);
  return 0;
}

static char *
find_core (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, "core"))
      return g_build_filename (directory, name, NULL);
  return NULL;
}

static void
keep_function (GString *account, const char *line)
{
  static GRegex *frame;
  g_autoptr (GMatchInfo) match = NULL;

  if (frame == NULL)
    frame = g_regex_new ("^#\\d+ +(?:0x[0-9a-f]+ in )?(\\S+)", 0, 0, NULL);
  if (g_regex_match (frame, line, 0, &match))
    {
      g_autofree char *function = g_match_info_fetch (match, 1);

      g_string_append_printf (account, "%s\n", function);
    }
  else if (g_str_has_prefix (line, "$"))
    g_string_append_printf (account, "%s\n", line);
}

/* What the debugger says of the core: signal, code, functions of the thread that crashed. */
static char *
account_of (const char *core)
{
  const char *argv[] = {
    "gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off",
    /* What others were built from takes most of the time, and tells nothing. */
    "-iex", "set debug-file-directory /nowhere", "-iex", "set auto-load off", "-ex",
    "p $_siginfo.si_signo", "-ex", "p $_siginfo.si_code", "-ex", "bt", "-c", core, "/proc/self/exe",
    NULL
  };
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *output = NULL;
  g_autoptr (GString) account = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;

  argv[G_N_ELEMENTS (argv) - 2] = program;
  if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                     NULL, NULL, &output, NULL, NULL, NULL))
    return NULL;
  lines = g_strsplit (output, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    keep_function (account, lines[i]);
  return g_string_free (g_steal_pointer (&account), FALSE);
}

/* NULL: there is no core, which is said. */
static char *
crash_and_look (const Way *way, gboolean reported)
{
  g_autofree char *directory = g_dir_make_tmp ("ps-core-XXXXXX", NULL);
  const Setup setup = { *way, directory, reported };
  Proc *child = proc_start (core_child, &setup);
  g_autofree char *core = NULL;
  char *account = NULL;
  int status = proc_wait (child);

  core = find_core (directory);
  tap_check (WIFSIGNALED (status) && WTERMSIG (status) == way->signum);
  tap_check (core == NULL || WCOREDUMP (status));
  if (core != NULL)
    {
      account = account_of (core);
      g_unlink (core);
    }
  g_rmdir (directory);
  return account;
}

static gboolean
can_have_cores (void)
{
  g_autofree char *pattern = NULL;
  g_autofree char *gdb = g_find_program_in_path ("gdb");
  struct rlimit limit;

  if (getrlimit (RLIMIT_CORE, &limit) < 0 || limit.rlim_max != RLIM_INFINITY)
    tap_skip ("cores are limited here");
  else if (gdb == NULL)
    tap_skip ("gdb is not installed");
  else if (!g_file_get_contents ("/proc/sys/kernel/core_pattern", &pattern, NULL, NULL)
           || !g_str_has_prefix (pattern, "core"))
    tap_skip ("the kernel writes no cores into the working directory here");
  else
    return TRUE;
  return FALSE;
}

static void
expect_same_core (const Way *way, const char *function)
{
  g_autofree char *without = crash_and_look (way, FALSE);
  g_autofree char *with = crash_and_look (way, TRUE);

  if (tap_failed ())
    return;
  if (without == NULL || strstr (without, function) == NULL)
    tap_fail (G_STRLOC, "there is no core that names %s, even without us", function);
  else if (g_strcmp0 (with, without) != 0)
    {
      tap_note ("the core without us", without);
      tap_note ("the core with us", with != NULL ? with : "there is none");
      tap_fail (G_STRLOC, "the cores of signal %d are not the same", way->signum);
    }
}

static void
c01_core (void)
{
  static const Way ways[] = {
    { SIGSEGV, crash_by_fault, FALSE, FALSE }, { SIGSEGV, crash_by_fault, TRUE, FALSE },
    { SIGFPE, crash_by_fault, FALSE, TRUE },   { SIGABRT, crash_by_fault, FALSE, FALSE },
    { SIGTRAP, crash_by_fault, FALSE, FALSE }, { SIGSYS, crash_by_fault, FALSE, FALSE },
    { SIGBUS, crash_by_raise, FALSE, FALSE },
  };

  if (left_out_for_cores () || !can_have_cores ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (ways) && !tap_failed (); i++)
    expect_same_core (&ways[i],
                      ways[i].crash == crash_by_fault ? "crash_by_fault" : "crash_by_raise");
}

static const TapCase cases[] = {
  { "C01g", "the same core: signal, code, and the function at fault on top", c01_core },
};

int
main (int argc, char **argv)
{
  return tap_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
